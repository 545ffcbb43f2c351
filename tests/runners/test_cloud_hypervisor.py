"""Cloud Hypervisor: what it is given, and what its ends mean, as our fake of it checks and tells that."""

from __future__ import annotations

import os
import signal
import subprocess
from ipaddress import IPv4Interface
from pathlib import Path

import microvms
import pytest
from fake_cloud_hypervisor import options as read_options, split
from hypothesis import given, strategies as st
from microvms import outcome

from bootmatrix import plugins
from bootmatrix.model import MIB, Block, Boot, Ending, Interface, Network, Rejected, Runner
from bootmatrix.places import own

ROOT = Path(__file__).parents[2]
LAN = Network("lan", IPv4Interface("10.0.0.1/24"))
both = pytest.mark.parametrize("which", ["fake", "real"])


def log(*words: str) -> str:
    return "".join(f"cloud-hypervisor: 10.123456ms: <vmm> INFO:vmm/src/lib.rs:1 -- {each}\n" for each in words)


BOOTED = log("Event: source = vm event = booted ")
RESET = log("VM reset event")
EXIT = log("VM exit event")


def make(**options: object) -> Runner:
    return plugins.make_runner("cloud-hypervisor", options, ROOT / "docs")


def boot(tmp_path: Path, unikernel: Path, which: str = "fake", **more: object) -> Boot:
    return microvms.boot("cloud-hypervisor", which, tmp_path, unikernel, **more)


@both
@pytest.mark.parametrize(
    ("end", "options", "wanted"),
    [
        ("reset", {}, "crashed(reset)"),
        ("reset", {"on_reset": "exited"}, "exited(0)"),
        ("triple", {"on_reset": "exited"}, "crashed(triple fault)"),
        ("internal", {"on_reset": "exited"}, "broken(KVM could not run the guest)"),
    ],
)
def test_what_a_guest_says_of_itself_does_not_make_its_end(
    tmp_path: Path, which: str, end: str, options: dict[str, object], wanted: str
) -> None:
    """A machine that was reset would boot again, and again."""
    said = f"SUCCESS\r\n{log('ACPI Shutdown signalled')}"
    told, seen = outcome(tmp_path, make(**options), boot(tmp_path, microvms.guest(tmp_path, said, end), which))
    assert told == wanted
    assert seen.console == said.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("end", "wanted"),
    [
        ("off", "exited(0)"),
        ("off-44", "exited(0)"),
        ("psci-off", "exited(0)"),
        ("acpi-reset", "crashed(reset)"),
        ("triple-44", "crashed(triple fault)"),
        ("panic", "panicked(the guest's panic device)"),
        ("abort", "crashed(Cloud Hypervisor's SIGABRT)"),
        ("segv", "crashed(Cloud Hypervisor's SIGSEGV)"),
    ],
)
def test_ends_that_take_another_version_or_machine(tmp_path: Path, end: str, wanted: str) -> None:
    guest = microvms.guest(tmp_path, "SUCCESS\n", end)
    assert outcome(tmp_path, make(), boot(tmp_path, guest))[0] == wanted


@pytest.mark.parametrize("args", [("one", "two  blanks", 'a"b\\c', "comma,", "$HOME"), ("--x", "-- y"), ()])
def test_arguments_arrive_as_they_are(tmp_path: Path, args: tuple[str, ...]) -> None:
    guest = microvms.guest(tmp_path, "args: ", "off", shows=True)
    told, seen = outcome(tmp_path, make(), boot(tmp_path, guest, args=args))
    assert told == "exited(0)"
    assert seen.console == f"args: {' '.join(args)}"


def test_a_guest_has_its_memory_processors_disks_and_interfaces(tmp_path: Path) -> None:
    odd = tmp_path / "a, b[1]"
    odd.mkdir()
    blocks = tuple(Block(name, str(odd / name), MIB, read_only=name == "more") for name in ("data", "more"))
    for each in blocks:
        Path(each.path).write_bytes(bytes(MIB))
    nets = (Interface("service", LAN, "tap100", IPv4Interface("10.0.0.2/24"), "02:00:00:00:00:02"),)
    guest = microvms.guest(tmp_path, end="off")
    wanted = boot(tmp_path, guest, memory=65 * MIB + 1, cpus=2, blocks=blocks, interfaces=nets)
    words = make(initrd=str(guest), options=["--pvpanic"]).launch(wanted).argv
    assert " ".join(words[4:]) == " ".join(
        (
            f"{wanted.program} -v --cpus boot=2 --memory size=66M --serial tty --console off",
            f'--disk path="{odd}/data",image_type=raw --disk path="{odd}/more",readonly=on,image_type=raw',
            "--net tap=tap100,mac=02:00:00:00:00:02",
            f"--pvpanic --initramfs {guest} --kernel {guest} --cmdline=",
        )
    )
    assert outcome(tmp_path, make(initrd=str(guest), options=["--pvpanic"]), wanted)[0] == "exited(0)"


@pytest.mark.parametrize(
    ("change", "options", "wanted"),
    [
        ({"unikernel": "/none"}, {}, "rejected(Error booting VM: Cannot open kernel file: No such file or directory"),
        ({"unikernel": __file__}, {}, "rejected(Error booting VM: Cannot load the kernel into memory: Invalid bzImage"),
        ({}, {"initrd": "/none"}, "rejected(Error booting VM: Cannot open initramfs file: "),
        ({"cpus": 256}, {}, "rejected(Error creating VM: Failed to validate config: Number of CPUs"),
        ({"args": ("é",)}, {}, "rejected(Error booting VM: Cannot modify the kernel command line: "),
        ({}, {"options": ["--nope"]}, "rejected(unexpected argument '--nope' found)"),
        ({}, {"options": ["--serial", "off"]}, "rejected(the argument '--serial' cannot be used multiple times)"),
        ({"blocks": (Block("data", "/none", MIB),)}, {}, "rejected(Error booting VM: Error from device manager: "),
        ({"blocks": (Block("data", __file__, MIB),)}, {"disk": "x=1"}, "rejected(Error parsing config: Error parsing"),
        ({"program": "/none"}, {}, "broken(Cloud Hypervisor ended with status 127)"),
    ],
)
def test_a_refusal_is_told_in_its_own_words(
    tmp_path: Path, change: dict[str, object], options: dict[str, object], wanted: str
) -> None:
    fields = {**vars(boot(tmp_path, microvms.guest(tmp_path, end="off"))), **change}
    assert outcome(tmp_path, make(**options), Boot(**fields))[0].startswith(wanted)


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        # as older versions tell it
        (Ending(status=1, tender="Error booting VM: VmBoot(KernelLoad(Pvh))\n"), "rejected(Error booting VM: VmBoot("),
        (
            Ending(status=1, tender="Failed to open hypervisor interface (is it available?): x\n"),
            "broken(Failed to open",
        ),
        (Ending(status=1, tender="Error booting VM: TapOpen(Os { code: 16 }) os error 16)\n"), "broken(Error booting"),
        (Ending(status=0, console=log("ACPI Shutdown signalled")), "broken(Cloud Hypervisor ended with status 0, and"),
        (Ending(status=0, tender=BOOTED + EXIT), "broken(Cloud Hypervisor was ended from outside)"),
        (Ending(status=137, tender=BOOTED), "broken(Cloud Hypervisor was ended by SIGKILL)"),
        (Ending(status=137, tender=BOOTED + log("i8042 reset signalled") + RESET), "crashed(reset)"),
        (Ending(status=159, tender="Probable seccomp violation: 9\n"), "broken(Cloud Hypervisor was ended by SIGSYS)"),
        (Ending(signal="SIGTERM", tender=BOOTED), "broken(Cloud Hypervisor was ended by SIGTERM)"),
        (
            Ending(status=0, tender=BOOTED + log("ACPI Shutdown signalled"), out_of_memory=True),
            "broken(Cloud Hypervisor",
        ),
        (
            Ending(status=1, tender=BOOTED + log("ACPI Shutdown signalled") + "Error: Cloud Hypervisor exited\n"),
            "exited(0)",
        ),
        (Ending(status=0, tender=BOOTED + log("vCPU thread panicked") + EXIT), "broken(KVM could not run the guest)"),
        # what came first counts
        (Ending(status=0, tender=BOOTED + log("ACPI Shutdown signalled", "Guest likely triple-faulted")), "exited(0)"),
        (
            Ending(status=0, console="[ 1.0] Kernel panic - not syncing: x\n", tender=log("ACPI Shutdown signalled")),
            "panicked(Kernel panic - not syncing: x)",
        ),
        (Ending(stopped="panic", console="Kernel panic - not syncing: x\n"), "panicked(Kernel panic - not syncing: x)"),
    ],
)
def test_what_its_status_and_its_log_mean(seen: Ending, wanted: str) -> None:
    assert str(make().outcome(seen)).startswith(wanted)


def test_elsewhere_a_reset_has_the_words_of_a_triple_fault() -> None:
    seen = Ending(status=137, tender=BOOTED + log("VmExit::Reset") + RESET, arch="aarch64")
    assert str(make().outcome(seen)) == "crashed(reset)"


@both
def test_it_is_ended_with_its_watcher(tmp_path: Path, which: str) -> None:
    launch = make().launch(boot(tmp_path, microvms.guest(tmp_path, "ready\n", "hang"), which))
    own.lay(tmp_path / "own", launch.files)
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        launch.argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, env=env
    ) as started:
        assert started.stdout
        assert started.stderr
        assert started.stdout.readline().startswith(b"ready")
        assert any(line.endswith(b" starting\n") for line in iter(started.stderr.readline, b""))
        os.killpg(started.pid, signal.SIGTERM)
        started.communicate(timeout=30)  # both ends are closed: nothing of it is left


@given(st.text(st.sampled_from("ab,[]= '/.é;\\"), min_size=1).map(str.strip).filter(bool))
def test_every_path_but_one_with_a_quote_can_be_told(path: str) -> None:
    words = make().launch(Boot("x86_64", "/bin/ch", "/u", blocks=(Block("data", f"/{path}", MIB),))).argv
    told = words[words.index("--disk") + 1]
    assert len(split(told)) == 2
    assert read_options("--disk", told) == {"path": f"/{path}", "image_type": "raw"}


def test_what_it_cannot_have_is_refused() -> None:
    with pytest.raises(Rejected, match="takes no path with a quote"):
        make().launch(Boot("x86_64", "/bin/ch", "/u", blocks=(Block("data", '/a"b', MIB),)))
    with pytest.raises(Rejected, match="sectors of 4096 bytes, and Cloud Hypervisor's have 512"):
        make().launch(Boot("x86_64", "/bin/ch", "/u", blocks=(Block("data", "/d", MIB, 4096),)))


@pytest.mark.parametrize(
    ("version", "options", "refused"),
    [
        ("cloud-hypervisor v50.0.0\n", {}, True),
        ("cloud-hypervisor v50.0.0\n", {"disk": ""}, False),
        ("cloud-hypervisor v51.1.0\n", {}, False),
        ("cloud-hypervisor v53.0-12-gabc\n", {}, False),
        ("", {}, False),
    ],
)
def test_an_older_one_than_its_disks_need_is_refused(
    version: str, options: dict[str, object], *, refused: bool
) -> None:
    wanted = Boot("x86_64", "/bin/ch", "/u", blocks=(Block("data", "/d", MIB),))
    if refused:
        with pytest.raises(Rejected, match="Cloud Hypervisor 50 knows no image_type"):
            make(**options).check(Path("/u"), wanted, version)
    else:
        make(**options).check(Path("/u"), wanted, version)
