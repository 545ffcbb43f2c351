"""What a screen is told: some events of a good and a bad run, and hostile ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screen.screens import result, shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix import screen

TWO = shape({"compiler": ["gcc", "clang"]}, 6)
HOSTILE = "\x1b[31m[bold]::error::x\r##[error]y\x9b2J"


def some_events(shown: screen.Screen) -> None:
    with shown.working("image debian-12") as say:
        say("Get:1")
    shown.made("image", "debian-12", 70.0)
    shown.failed("build", "unikernels-clang", "make: Error 2\n  hello.c:3: no such header")
    shown.note("waiting for the container engine")
    with shown.working("boot gcc/a"):
        shown.console("gcc/a", b"Hello\nno end")
        shown.attempt("gcc/a", 1, "hung\nmore")
        shown.postponed("gcc/a", "starved; tried again at the end of the run\nmore")
    shown.result(result("gcc/a"))
    shown.result(result("gcc/b", "failed", "exited(3) instead of exited(0)\n  more"))
    shown.result(result("gcc/c", reused="2025-07-01"))


TOLD: list[Callable[[screen.Screen], None]] = [
    lambda shown: shown.note(HOSTILE),
    lambda shown: shown.made(HOSTILE, HOSTILE, 1.0),
    lambda shown: shown.failed(f"\u00a0{HOSTILE}", HOSTILE, f"\n{HOSTILE}"),
    lambda shown: shown.attempt("::a", 1, HOSTILE),
    lambda shown: shown.postponed("::a", HOSTILE),
    lambda shown: shown.console("::a", b"::set-output\n ##[command]\r\x1b[2J::x\nno end"),
    lambda shown: shown.console("b", b"\n\n"),
    lambda shown: shown.result(result("\t::a/b", "passed")),
    lambda shown: shown.result(result(HOSTILE, "failed", HOSTILE)),
    lambda shown: shown.result(result("a/b", "skipped", HOSTILE)),
]
