"""Unikraft on Firecracker: its command line, and ends as Firecracker 1.12 and Unikraft 0.17 told them."""

from __future__ import annotations

import json
from ipaddress import IPv4Interface
from pathlib import Path

import microvms
import pytest

from bootmatrix import plugins
from bootmatrix.model import MIB, Block, Boot, Ending, Interface, Network, Rejected, Runner

ROOT = Path(__file__).parents[2]
LAN = Network("lan", IPv4Interface("10.0.0.1/24"))
NIC = Interface("eth", LAN, "tap100", IPv4Interface("10.0.0.2/24"), "02:00:00:00:00:02")
DISK = Block("data", "/d", MIB)
HEAD = "[    0.000000] Info: [libukboot] <boot.c @  285> Initialize memory allocator...\nPowered by\n"
MAIN = f"{HEAD}[    0.564352] Info: [libukboot] <boot.c @  493> Calling main(1, ['x'])\nHello world!\n"
HALT = (
    "[    0.643530] Info: [libukboot] <boot.c @  421> Halting system (0)\n"
    "[    0.662314] Info: [libkvmplat] <shutdown.c @   59> Unikraft halted\n"
)
HALTED = HALT.partition("\n")[2]
LINE = "2026-11-30T03:16:39.862373447 [anonymous-instance:main] "
STARTED = f"{LINE}Successfully started microvm that was configured from one single json\n"
STOPPED = f"{STARTED}{LINE}Vmm is stopping.\n{LINE}Firecracker exiting successfully. exit_code=0\n"
FAULT = f"{LINE}Received KVM_EXIT_SHUTDOWN signal\n{STOPPED}"
INTERNAL = f"{LINE}Received KVM_EXIT_INTERNAL_ERROR signal\n{STOPPED}"


def returned(status: int) -> str:
    return f"{MAIN}[    0.627191] Info: [libukboot] <boot.c @  503> main returned {status}\n{HALT}"


def make(**options: object) -> Runner:
    return plugins.make_runner("unikraft-firecracker", options, ROOT / "docs")


@pytest.mark.parametrize(
    ("params", "args", "devices", "wanted"),
    [
        ((), (), {}, "/u/hello"),
        ((), ("one", "two words"), {}, '/u/hello one "two words"'),
        (("a.b=c",), ("x",), {}, "/u/hello a.b=c -- x"),
        (("a.b=c",), (), {}, '/u/hello a.b=c -- ""'),
        # its devices are parameters that Firecracker puts before the ` -- `, if there is a word behind it
        ((), ("x",), {"interfaces": (NIC,)}, "/u/hello -- x"),
        ((), (), {"blocks": (DISK,)}, '/u/hello -- ""'),
        (("a.b=c",), ("x",), {"blocks": (DISK,)}, "/u/hello a.b=c -- x"),
    ],
)
def test_the_programs_name_comes_first_and_devices_have_a_place(
    params: tuple[str, ...], args: tuple[str, ...], devices: dict[str, object], wanted: str
) -> None:
    boot = Boot("x86_64", "/bin/firecracker", "/u/hello", args, **devices)  # type: ignore[arg-type]
    made = make(params=list(params), initrd="/i")
    made.check(Path("/u/hello"), boot, "")
    source = json.loads(made.launch(boot).files["firecracker.json"])["boot-source"]
    assert source == {"kernel_image_path": "/u/hello", "boot_args": wanted, "initrd_path": "/i"}


@pytest.mark.parametrize(("options", "args"), [({"params": ["x"]}, ()), ({}, ("",)), ({}, ("x" * 4096,))])
def test_a_line_that_does_not_arrive_is_refused_before_the_boot(
    options: dict[str, object], args: tuple[str, ...]
) -> None:
    with pytest.raises(Rejected):
        make(**options).check(Path("/u/hello"), Boot("x86_64", "/bin/firecracker", "/u/hello", args), "")


@pytest.mark.parametrize(
    ("console", "tender", "wanted"),
    [
        (returned(0), STOPPED, "exited(0)"),
        (returned(3), STOPPED, "exited(3)"),
        (f"{MAIN}[    1.2] CRIT: [appends] <main.c @   51> on purpose\n{HALTED}", STOPPED, "crashed(on purpose)"),
        (f"{HEAD}{HALTED}", STOPPED, "panicked(before main: it ended without a word)"),
        (returned(0), FAULT, "crashed"),
        (MAIN, FAULT, "crashed"),
        (HEAD, FAULT, "panicked(before main: crashed)"),
        (returned(0), INTERNAL, "broken(KVM could not run the guest)"),
        (returned(0), "", "broken(Firecracker ended with status 0, and its log does not say why)"),
        ("SUCCESS\n", STOPPED, "exited(unknown)"),
    ],
)
def test_its_messages_tell_the_end_but_for_a_crash_that_the_vmm_saw(console: str, tender: str, wanted: str) -> None:
    assert str(make().outcome(Ending(status=0, console=console, tender=tender, arch="x86_64"))) == wanted


def test_a_guest_that_told_another_end_before_is_disputed() -> None:
    lie = MAIN + returned(0).replace(HEAD, "").replace("returned 0", "returned 3") + returned(0)
    assert make().outcome(Ending(status=0, console=lie, tender=STOPPED, arch="x86_64")).disputed


def test_firecracker_takes_what_it_is_given(tmp_path: Path) -> None:
    guest = microvms.guest(tmp_path, "args: ", shows=True)
    program = microvms.program("firecracker", "fake")
    boot = Boot("x86_64", program, str(guest), ("x",), accel="kvm", folder=str(tmp_path / "own"))
    made = make(params=["a.b=c"])
    seen = microvms.run(made.launch(boot), tmp_path / "own", tmp_path)
    assert seen.console == f"args: {guest} a.b=c -- x"
    assert str(made.outcome(seen)) == "exited(unknown)"
