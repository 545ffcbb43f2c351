"""Firecracker: what it is given, and what its ends mean. Our fake checks all of it; the real one does, where it is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from ipaddress import IPv4Interface
from pathlib import Path

import microvms
import pytest
from hypothesis import given, strategies as st
from microvms import outcome
from support import bootmatrix, write_matrix

from bootmatrix import plugins
from bootmatrix.boots import given as given_to
from bootmatrix.model import MIB, Block, Boot, Ending, Interface, Network, Rejected, Runner
from bootmatrix.places import own

ROOT = Path(__file__).parents[2]
LAN = Network("lan", IPv4Interface("10.0.0.1/24"))
LINE = "2026-11-30T02:46:47.22 [anonymous-instance:main] "
STARTED = f"{LINE}Successfully started microvm that was configured from one single json\n"
STOPPING = f"{LINE}Vmm is stopping.\n"
SUCCESSFUL = f"{LINE}Firecracker exiting successfully. exit_code=0\n"
both = pytest.mark.parametrize("which", ["fake", "real"])


def make(**options: object) -> Runner:
    return plugins.make_runner("firecracker", options, ROOT / "docs")


def boot(tmp_path: Path, which: str, unikernel: Path, **more: object) -> Boot:
    return microvms.boot("firecracker", which, tmp_path, unikernel, **more)


def disk(tmp_path: Path, name: str = "data", **more: object) -> Block:
    file = tmp_path / f"{name}.img"
    file.write_bytes(bytes(MIB))
    return Block(name, str(file), MIB, **more)  # type: ignore[arg-type]


@both
@pytest.mark.parametrize(
    ("end", "options", "wanted"),
    [
        ("reset", {}, "exited(unknown)"),
        ("reset", {"on_reset": "exited"}, "exited(0)"),
        ("reset", {"on_reset": "crashed"}, "crashed(reset)"),
        ("triple", {}, "crashed(triple fault)"),
        ("triple", {"on_reset": "exited"}, "crashed(triple fault)"),
        ("internal", {"on_reset": "exited"}, "broken(KVM could not run the guest)"),
    ],
)
def test_what_a_guest_says_of_itself_does_not_make_its_end(
    tmp_path: Path, which: str, end: str, options: dict[str, object], wanted: str
) -> None:
    """The status of each of these boots is 0."""
    guest = microvms.guest(tmp_path, f"SUCCESS\r\n{STARTED}{STOPPING}{SUCCESSFUL}", end)
    told, seen = outcome(tmp_path, make(**options), boot(tmp_path, which, guest))
    assert told == wanted
    assert seen.console.startswith("SUCCESS\n")
    assert seen.console.endswith(SUCCESSFUL)


@pytest.mark.parametrize(
    ("end", "wanted"),
    [
        ("triple-1.16", "crashed(triple fault)"),
        ("off", "exited(0)"),
        ("psci-reset", "exited(unknown)"),
        ("segv", "crashed(Firecracker's SIGSEGV)"),
        ("abort", "crashed(Firecracker's SIGABRT)"),
        ("bus", "broken(Firecracker was ended by SIGBUS)"),
        ("bad-call", "broken(Firecracker made a system call that it forbids itself (425))"),
    ],
)
def test_ends_that_take_another_version_or_machine(tmp_path: Path, end: str, wanted: str) -> None:
    guest = microvms.guest(tmp_path, "SUCCESS\n", end)
    assert outcome(tmp_path, make(), boot(tmp_path, "fake", guest))[0] == wanted


@both
@pytest.mark.parametrize("args", [("one", "two  blanks", "--x", 'a"b\\c', "comma,", "{}", "$HOME", "é"), ()])
def test_arguments_arrive_as_they_are(tmp_path: Path, which: str, args: tuple[str, ...]) -> None:
    guest = microvms.guest(tmp_path, "args: ", shows=True)
    told, seen = outcome(tmp_path, make(), boot(tmp_path, which, guest, args=args))
    assert told == "exited(unknown)"
    assert seen.console == f"args: {' '.join(args)}"


@both
def test_a_guest_has_its_memory_processors_and_disks(tmp_path: Path, which: str) -> None:
    blocks = (disk(tmp_path), disk(tmp_path, "more", read_only=True))
    guest = microvms.guest(tmp_path, "args: ", shows=True)
    wanted = boot(tmp_path, which, guest, memory=65 * MIB + 1, cpus=2, blocks=blocks)
    launch = make(initrd=str(guest)).launch(wanted)
    config = json.loads(launch.files["firecracker.json"])
    assert config["machine-config"] == {"vcpu_count": 2, "mem_size_mib": 66, "smt": False}
    assert config["boot-source"]["initrd_path"] == str(guest)
    assert [(each["path_on_host"], each["is_read_only"]) for each in config["drives"]] == [
        (str(tmp_path / "data.img"), False),
        (str(tmp_path / "more.img"), True),
    ]
    assert str(make().outcome(microvms.run(launch, tmp_path / "own", tmp_path))) == "exited(unknown)"


def test_an_interface_is_a_tap_with_its_address(tmp_path: Path) -> None:
    nets = tuple(
        Interface(name, LAN, f"tap10{number}", IPv4Interface("10.0.0.2/24"), f"02:00:00:00:00:0{number}")
        for number, name in enumerate(("service", "a-b"))
    )
    wanted = boot(tmp_path, "fake", microvms.guest(tmp_path), interfaces=nets)
    assert json.loads(make().launch(wanted).files["firecracker.json"])["network-interfaces"] == [
        {"iface_id": "net0", "guest_mac": "02:00:00:00:00:00", "host_dev_name": "tap100"},
        {"iface_id": "net1", "guest_mac": "02:00:00:00:00:01", "host_dev_name": "tap101"},
    ]
    assert outcome(tmp_path, make(), wanted)[0] == "exited(unknown)"


@both
@pytest.mark.parametrize(
    ("change", "options", "wanted"),
    [
        ({"unikernel": "/none"}, {}, "rejected(Boot source error: The kernel file cannot be opened: No such file"),
        ({"unikernel": __file__}, {}, "rejected(System configuration error: "),
        ({}, {"initrd": "/none"}, "rejected(Boot source error: The initrd file cannot be opened"),
        ({"cpus": 33}, {}, "rejected(VM config error: The number of vCPUs must be greater than 0, less than 32"),
        ({"memory": 0}, {}, "rejected(VM config error: The memory size (MiB) is either 0"),
        ({"args": ("x" * 2049,)}, {}, "rejected(Boot source error: The kernel command line is invalid: "),
        ({}, {"options": ["--nope"]}, "rejected(Arguments parsing error: Found argument 'nope' which wasn't expected"),
        ({}, {"options": ["--level", "Info"]}, "rejected(Arguments parsing error: The argument 'level' was provided"),
        ({"program": "/none"}, {}, "broken(Firecracker ended with status 127)"),
        ({"blocks": (Block("data", "/none", MIB),)}, {}, "rejected(Block device error: "),
    ],
)
def test_a_refusal_is_told_in_its_own_words(
    tmp_path: Path, which: str, change: dict[str, object], options: dict[str, object], wanted: str
) -> None:
    fields = {**vars(boot(tmp_path, which, microvms.guest(tmp_path))), **change}
    assert outcome(tmp_path, make(**options), Boot(**fields))[0].startswith(wanted)


@pytest.mark.parametrize(
    "message",
    [
        "Internal error while starting microVM: Kvm error: Error creating KVM object: Permission denied (os error 13)",
        "Network device error: Could not create the network device: Open tap device failed: No such device",
        "Block device error: Error manipulating the backing file: Too many open files (os error 24) /disks/data",
        "Memory: Cannot create guest memory: Cannot allocate memory (os error 12)",
    ],
)
def test_what_this_host_lacks_is_no_refusal(message: str) -> None:
    error = f"{LINE}RunWithoutApiError error: Failed to build MicroVM from Json: "
    log = f"{error}Could not Start MicroVM from one single json: {message}\n{LINE}Firecracker exiting with error.\n"
    assert str(make().outcome(Ending(status=1, tender=log))) == f"broken({message})"


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (
            Ending(status=0, console="SUCCESS\n"),
            "broken(Firecracker ended with status 0, and its log does not say why)",
        ),
        (Ending(status=137, tender=STARTED), "broken(Firecracker was ended by SIGKILL)"),
        (Ending(status=143, tender=STARTED), "broken(Firecracker was ended by SIGTERM)"),
        (Ending(signal="SIGKILL", tender=STARTED), "broken(Firecracker was ended by SIGKILL)"),
        (Ending(status=156, tender=STARTED), "broken(Firecracker was ended by SIGHUP)"),
        (Ending(status=151, tender=STARTED), "broken(Firecracker was ended by SIGXFSZ)"),
        (
            Ending(status=1, tender=f"{STARTED}{LINE}RunWithoutApiError error: No seccomp filter\n"),
            "broken(No seccomp filt",
        ),
        # until 1.5
        (
            Ending(status=152, tender=f"{LINE}Configuration failed: BootSource(x)\n"),
            "rejected(Configuration failed: Boo",
        ),
        (
            Ending(status=152, tender=f"{LINE}Building failed: Internal(Vm(Os {{ code: 13, kind: P }}))\n"),
            "broken(Buildi",
        ),
        (Ending(status=2, tender=STARTED), "broken(Firecracker ended with status 2)"),
        (Ending(status=1, tender=STARTED + STOPPING), "exited(unknown)"),
        (
            Ending(status=0, tender=STARTED + STOPPING, out_of_memory=True),
            "broken(Firecracker was killed for lack of memory)",
        ),
        # the guest goes on until Firecracker has ended: what came first counts
        (Ending(status=0, tender=f"{STARTED}{STOPPING}{LINE}Received KVM_EXIT_SHUTDOWN signal\n"), "exited(unknown)"),
        (Ending(status=0, tender=f"{LINE}Received KVM_EXIT_SHUTDOWN signal\n{STARTED}"), "crashed(triple fault)"),
        (
            Ending(status=0, tender=f"{LINE}Received a VcpuEvent::Resume message with x\n{STARTED}{STOPPING}"),
            "exited(unknown)",
        ),
        (
            Ending(status=1, tender=f"{LINE}Failure during vcpu run: Bad address\n"),
            "broken(KVM could not run the guest)",
        ),
        (
            Ending(status=0, console="[    1.0] Kernel panic - not syncing: x\n", tender=STARTED + STOPPING),
            "panicked(Kernel panic - not syncing: x)",
        ),
        (Ending(stopped="panic", console="Kernel panic - not syncing: x\n"), "panicked(Kernel panic - not syncing: x)"),
        (
            Ending(status=134, tender=f"{LINE}Firecracker panicked at src/main.rs:291:48:\nInvalid instance ID: x\n"),
            "broken(Firecracker panicked at src/main.rs:291:48: Invalid instance ID: x)",
        ),
    ],
)
def test_what_its_status_and_its_log_mean(seen: Ending, wanted: str) -> None:
    assert str(make().outcome(seen)).startswith(wanted)


@both
def test_its_log_is_shown_although_a_signal_ends_it(tmp_path: Path, which: str) -> None:
    guest = microvms.guest(tmp_path, "ready\n", "hang")
    launch = make().launch(boot(tmp_path, which, guest))
    own.lay(tmp_path / "own", launch.files)
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        launch.argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, env=env
    ) as started:
        assert started.stdout
        assert started.stdout.readline().startswith(b"ready")
        os.killpg(started.pid, signal.SIGTERM)
        _, tender = started.communicate(timeout=30)
    assert b"Running Firecracker v" in tender
    assert started.returncode == 128 + signal.SIGTERM


@given(st.text(st.characters(exclude_categories=("C", "Z"))), st.text(st.sampled_from("ab\"\\'{}$`/, ")))
def test_every_printable_text_is_in_the_configuration(word: str, path: str) -> None:
    unikernel = f"/u/{path}.elf"
    files = make().launch(Boot("x86_64", "/bin/firecracker", unikernel, (word, "x"), folder="/own")).files
    source = json.loads(files["firecracker.json"])["boot-source"]
    assert source == {"kernel_image_path": unikernel, "boot_args": f"{word} x"}


@pytest.mark.parametrize("arg", ["a\nb", "a\0b", "\x1b[1m", "\udcff"])
def test_what_no_command_line_can_carry_is_refused(arg: str) -> None:
    with pytest.raises(Rejected, match="cannot be in a kernel's command line"):
        make().launch(Boot("x86_64", "/bin/firecracker", "/u/a.elf", (arg,)))


def test_sectors_that_it_does_not_have_are_refused() -> None:
    block = Block("data", "/d", MIB, 4096)
    with pytest.raises(Rejected, match="'data' has sectors of 4096 bytes, and Firecracker's have 512"):
        make().launch(Boot("x86_64", "/bin/firecracker", "/u/a.elf", blocks=(block,)))


def test_an_option_that_is_one_text_is_filled_in() -> None:
    boot = Boot("x86_64", "/bin/firecracker", "/u/a.elf", folder="/own")
    filled = given_to.runner(make(initrd="{files.disk}.gz"), boot, {"files.disk": "/files/d"})
    config = json.loads(filled.launch(boot).files["firecracker.json"])
    assert config["boot-source"]["initrd_path"] == "/files/d.gz"


def test_a_placeholder_in_it_that_means_nothing_is_told_where_it_stands(tmp_path: Path) -> None:
    runner = {"initrd": "{files.dsk}"}
    tests = {"it": {"unikernel": "a.elf", "files": {"disk": "d"}, "runner": runner}}
    write_matrix(tmp_path, {"axes": {"os": ["debian-12"], "backend": ["firecracker"]}, "tests": tests})
    done = bootmatrix("list", cwd=tmp_path)
    assert done.returncode == 2
    assert "the placeholder {files.dsk} names none of the test's `files`" in done.stderr
    assert "did you mean 'files.disk'?" in done.stderr
