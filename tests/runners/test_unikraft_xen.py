"""Ends of Unikraft's guests on Xen 4.17, as their consoles and xl told them, shortened; Unikraft 0.17."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootmatrix import plugins
from bootmatrix.model import Boot, Ending, Rejected, Runner

ROOT = Path(__file__).parents[2]
EARLY = """\
[  115.529797] Info: [libukconsole] <console.c @  176> Registered con0: Xen, flags: IO
[  115.675453] Info: [libukboot] <boot.c @  373> Init Table @ 0x26018 - 0x26038
"""
BANNER = "Powered by\n                         Calypso 0.17.0\n"
MAIN = (
    EARLY + BANNER + "[  145.620356] Info: [libukboot] <boot.c @  493> Calling main(2, ['ends', 'x'])\nHello world!\n"
)
RETURNED = """\
[  145.620854] Info: [libukboot] <boot.c @  503> main returned 3
[  145.620969] Info: [libukboot] <boot.c @  421> Halting system (0)
"""
EXITED = "[  200.383345] Info: [libnolibc] <stdlib.c @  492> exit called with status {0}, halting system\n"
CRASH = "[  273.105477] CRIT: [appends] <main.c @   51> on purpose\n"
ABORT = "[  339.585944] CRIT: [libnolibc] <stdlib.c @  485> Abnormal termination!\n"
FAULT = """\
[  410.537251] CRIT: [libxenplat] <trace.c @   66>\x20
[  410.537299] CRIT: [libxenplat] <trace.c @   66> 1e1a0: 00 8b 05 01 81 04 00 83 c0 01 89 05 f8 80 04 00
[  410.763399] CRIT: [libxenplat] <traps.c @  113> Crashing
"""


def make(**options: object) -> Runner:
    return plugins.make_runner("unikraft-xen", options, ROOT / "docs")


def told(reason: int) -> str:
    return (
        f"Parsing config from /boot/domain.cfg\nWaiting for domain a (domid 1) to die [pid 126]\n"
        f"Domain 1 has shut down, reason code {reason} 0x{reason:x}\n"
        f"Action for shutdown reason code {reason} is destroy\n"
        "Domain 1 needs to be cleaned up: destroying the domain\nDone. Exiting now\n"
    )


@pytest.mark.parametrize(
    ("console", "reason", "wanted"),
    [
        (MAIN + RETURNED, 0, "exited(3)"),
        (MAIN + EXITED.format(0), 0, "exited(0)"),
        (MAIN + EXITED.format(1), 1, "exited(1)"),
        (MAIN + EXITED.format(2), 3, "exited(2)"),
        (MAIN + EXITED.format(3), 3, "exited(3)"),
        (MAIN + EXITED.format(63), 3, "exited(63)"),
        (MAIN + EXITED.format(255), 3, "exited(255)"),
        (MAIN + EXITED.format(-1), 3, "exited(255)"),
        (MAIN + EXITED.format(0), 3, "crashed"),
        (MAIN + EXITED.format(1), 3, "crashed"),
        (MAIN + CRASH, 3, "crashed(on purpose)"),
        (MAIN + ABORT, 3, "aborted"),
        (MAIN + FAULT, 3, "crashed(page fault)"),
        (MAIN, 3, "crashed"),
        (MAIN, 1, "crashed(reset)"),
        (MAIN + RETURNED, 3, "crashed"),
        (EARLY + CRASH, 3, "panicked(before main: on purpose)"),
        (BANNER + "Hello world!\n", 0, "exited(unknown)"),
        (BANNER + "Hello world!\n" + CRASH, 3, "crashed(on purpose)"),
        (MAIN, 4, "crashed(watchdog)"),
    ],
)
def test_xen_tells_a_crash_and_the_console_what_main_returned(console: str, reason: int, wanted: str) -> None:
    found = make().outcome(Ending(status=0, console=console, tender=told(reason), arch="x86_64"))
    assert (str(found), found.disputed) == (wanted, "")


@pytest.mark.parametrize("console", [MAIN, MAIN + CRASH, MAIN + RETURNED + "more\n"])
def test_a_power_off_that_the_console_does_not_explain_never_passes(console: str) -> None:
    found = make().outcome(Ending(status=0, console=console, tender=told(0), arch="x86_64"))
    assert str(found) == "exited(unknown)"
    assert found.disputed


def test_the_program_has_its_name_before_parameters_and_arguments() -> None:
    boot = Boot("x86_64", "xl", "/build/hello.xen", ("a b",), folder="/boot")
    config = make(params=["x.y=z"]).launch(boot).files["domain.cfg"].decode()
    assert 'type = "pv"\n' in config
    assert 'cmdline = "/build/hello.xen x.y=z -- \\"a b\\""\n' in config


@pytest.mark.parametrize("args", [("",), ("x" * 1100,)])
def test_what_does_not_arrive_is_refused_before_the_boot(args: tuple[str, ...]) -> None:
    with pytest.raises(Rejected):
        make().check(Path("/build/hello.xen"), Boot("x86_64", "xl", "/build/hello.xen", args, folder="/boot"), "")
