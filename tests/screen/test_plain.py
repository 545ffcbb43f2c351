"""Logs: lines, quiet ones, and those that GitHub folds."""

from __future__ import annotations

import io
import re
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from screen.screens import Clock, plain_pen, result, run, shape, unknown

from bootmatrix import screen
from bootmatrix.model import VERDICTS
from bootmatrix.screen.github import GitHubScreen
from bootmatrix.screen.live import LiveScreen
from bootmatrix.screen.pen import Pen
from bootmatrix.screen.plain import PlainScreen, QuietScreen

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_a_log_has_a_line_for_each_thing_that_happened() -> None:
    pen, file = plain_pen()
    shown = PlainScreen(pen)
    with shown.showing(TWO, unknown):
        some_events(shown)
    assert file.getvalue().splitlines() == [
        "image debian-12 …",
        "image debian-12 made in 1 min 10 s",
        "build unikernels-clang failed: make: Error 2",
        "waiting for the container engine",
        "gcc/a: starved; tried again at the end of the run",
        "[ 1/12] passed           gcc/a  0.15 s (tcg)",
        "[ 2/12] failed           gcc/b  exited(3) instead of exited(0)",
        "[ 3/12] passed           gcc/c  (reused from run 2025-07-01)",
    ]


def test_a_verbose_log_has_the_consoles_and_the_attempts() -> None:
    pen, file = plain_pen()
    shown = PlainScreen(pen, verbose=True)
    with shown.showing(TWO, unknown):
        some_events(shown)
        shown.console("gcc/d", b"cut off")
    lines = file.getvalue().splitlines()
    assert lines[4:9] == [
        "gcc/a | Hello",
        "gcc/a | no end",
        "gcc/a: attempt 1: hung",
        "gcc/a: starved; tried again at the end of the run",
        "[ 1/12] passed           gcc/a  0.15 s (tcg)",
    ]
    assert lines[-1] == "gcc/d | cut off"


def test_a_quiet_log_has_each_failure_once() -> None:
    pen, file = plain_pen()
    shown = QuietScreen(pen)
    failed = result("gcc/b", "failed", "why")
    with shown.showing(TWO, unknown):
        some_events(shown)
        shown.result(failed)
    shown.summary(run(result(), failed, result("gcc/c", "skipped", "not here")), Path("out"), ())
    assert file.getvalue().count("gcc/b: failed: why") == file.getvalue().count("why") == 1
    assert file.getvalue().splitlines()[1] == "gcc/b: failed: why"
    assert "not here" not in file.getvalue()


def test_a_quiet_log_of_a_good_run_is_empty() -> None:
    pen, file = plain_pen()
    shown = QuietScreen(pen)
    results = [result(verdict=verdict) for verdict in ("passed", "flaky", "skipped", "expected failure")]
    with shown.showing(TWO, unknown):
        for one in results:
            shown.result(one)
    shown.summary(run(*results), Path("out"), (Path("out/junit.xml"),))
    assert file.getvalue() == ""


def test_a_quiet_log_tells_of_an_interruption_and_of_flaky_tests_that_fail() -> None:
    pen, file = plain_pen()
    QuietScreen(pen).summary(run(result(), interrupted=True), Path("out"), ())
    assert "interrupted; 1 passed in 25 s" in file.getvalue()
    QuietScreen(pen, flaky_fails=True).summary(run(result("gcc/a", "flaky", "at attempt 2")), Path("out"), ())
    assert "gcc/a: flaky: at attempt 2" in file.getvalue()


def test_on_github_what_is_good_is_folded() -> None:
    pen, file = plain_pen(github=True)
    shown = GitHubScreen(pen)
    with shown.showing(TWO, unknown):
        some_events(shown)
        shown.made("build", "unikernels-gcc", 2.0)
        for number in range(3):
            shown.result(result(f"clang/{number}"))
    assert file.getvalue().splitlines() == [
        "::group::images and builds",
        "image debian-12 …",
        "image debian-12 made in 1 min 10 s",
        "::endgroup::",
        "build unikernels-clang failed: make: Error 2",
        "waiting for the container engine",
        "::group::test 1 of 12",
        "gcc/a: starved; tried again at the end of the run",
        "[ 1/12] passed           gcc/a  0.15 s (tcg)",
        "::endgroup::",
        "[ 2/12] failed           gcc/b  exited(3) instead of exited(0)",
        "::group::images and builds",
        "build unikernels-gcc made in 2.00 s",
        "::endgroup::",
        "::group::tests 3 to 6 of 12",
        "[ 3/12] passed           gcc/c  (reused from run 2025-07-01)",
        "[ 4/12] passed           clang/0  0.15 s (tcg)",
        "[ 5/12] passed           clang/1  0.15 s (tcg)",
        "[ 6/12] passed           clang/2  0.15 s (tcg)",
        "::endgroup::",
    ]


def test_a_group_is_written_when_it_is_full_or_old() -> None:
    pen, file = plain_pen(github=True)
    clock = Clock()
    shown = GitHubScreen(pen, clock=clock)
    with shown.showing(shape(), unknown):
        for number in range(120):
            shown.result(result(f"a/{number}"))
        assert re.findall("::group::(.*)", file.getvalue()) == ["tests 1 to 50 of 288", "tests 51 to 100 of 288"]
        clock.now += 60
        with shown.working("boot b/1"):
            assert "::group::tests 101 to 120 of 288\n" in file.getvalue()


def test_on_github_a_signal_is_told_at_once_and_outside_of_a_group() -> None:
    pen, file = plain_pen(github=True)
    shown = GitHubScreen(pen)
    with shown.showing(TWO, unknown), shown.working("image debian-12"):
        shown.note(f"{signal.Signals.SIGINT.name}: stopping")
        assert file.getvalue().splitlines()[-2:] == ["::endgroup::", "SIGINT: stopping"]


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
WORKING = st.sampled_from(["boot a/b", "image ::x", f"build {HOSTILE}"])


def groups(text: str) -> list[str]:
    """The titles of the groups, if they are balanced, do not nest, and nothing else is a command."""
    titles, inside = [], False
    for line in text.split("\n"):
        assert "##[" not in line
        if command := re.match(r"\s*::(\S*?)::(.*)", line):
            assert command[1] == ("endgroup" if inside else "group"), line
            inside = not inside
            titles += [command[2]] if inside else []
        assert not line or line.isprintable()
    assert not inside
    return titles


@given(st.lists(st.sampled_from(TOLD) | WORKING | st.floats(0, 50), max_size=150), st.booleans(), st.booleans())
def test_on_github_groups_are_balanced_whatever_comes_and_only_they_are_commands(
    events: list[Callable[[screen.Screen], None] | str | float], verbose: bool, fails: bool
) -> None:
    pen, file = plain_pen(github=True)
    clock = Clock()
    shown = GitHubScreen(pen, verbose=verbose, clock=clock)
    with ExitStack() as stack:
        if fails:
            stack.enter_context(pytest.raises(ZeroDivisionError))
        stack.enter_context(shown.showing(TWO, unknown))
        for event in events:
            if isinstance(event, str):
                stack.enter_context(shown.working(event))
            elif isinstance(event, float):
                clock.now += event
            else:
                event(shown)
        if fails:
            _ = 1 / 0
    shown.summary(run(result(HOSTILE, "failed", f"{HOSTILE}\n::error::{HOSTILE}\n  ::x")), Path("::out"), ())
    titles = groups(file.getvalue())
    assert set(titles) <= {"images and builds", "tests in flight"} | {
        title for title in titles if re.fullmatch(r"test \d+ of 12|tests \d+ to \d+ of 12", title)
    }
    told = [int(number) for number in re.findall(r"^\[ *(\d+)/12\]", file.getvalue(), re.MULTILINE)]
    assert told == sorted(set(told))  # skips are counted, and not told


@pytest.mark.parametrize("kind", [PlainScreen, GitHubScreen, QuietScreen])
def test_no_control_character_and_no_markup_gets_through(kind: type[PlainScreen]) -> None:
    pen, file = plain_pen()
    shown = kind(pen, verbose=True)
    with shown.showing(TWO, unknown):
        for tell in TOLD:
            tell(shown)
    shown.summary(run(result(HOSTILE, "failed", HOSTILE)), Path("out"), ())
    text = file.getvalue()
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "[bold]" in text


@given(st.lists(st.binary(max_size=6000), max_size=8))
def test_consoles_come_as_whole_lines_of_bounded_length(chunks: list[bytes]) -> None:
    pen, file = plain_pen()
    shown = PlainScreen(pen, verbose=True)
    with shown.showing(TWO, unknown):
        for chunk in chunks:
            shown.console("gcc/a", chunk)
        shown.result(result("gcc/a"))
    *lines, last = file.getvalue().splitlines()
    assert last.startswith("[ 1/12] passed")
    assert all(line.startswith("gcc/a | ") and len(line) <= 4096 for line in lines)


def test_a_line_may_come_in_pieces_and_a_very_long_one_is_told_in_pieces() -> None:
    pen, file = plain_pen()
    shown = PlainScreen(pen, verbose=True)
    with shown.showing(TWO, unknown):
        for byte in "né\r\n".encode():
            shown.console("gcc/a", bytes([byte]))
        shown.console("gcc/b", b"x" * 5000)
        shown.console("gcc/b", b"y\n")
    lines = file.getvalue().splitlines()
    assert lines[0] == "gcc/a | né"
    assert lines[1].startswith("gcc/b | xxx")
    assert lines[2] == "gcc/b | y"


def test_a_signals_handler_may_tell_something_while_a_line_is_being_written() -> None:
    pen, file = plain_pen()
    shown = PlainScreen(pen)
    write = file.write

    def interrupted(text: str) -> int:
        if "gcc/a" in text:
            shown.note("SIGINT: stopping")
        return write(text)

    file.write = interrupted  # type: ignore[method-assign]
    with shown.showing(TWO, unknown):
        shown.result(result("gcc/a"))
    assert [line.split()[0] for line in file.getvalue().splitlines()] == ["[", "SIGINT:"]


def test_a_reader_that_leaves_does_not_end_the_run() -> None:
    pen, file = plain_pen()
    shown = PlainScreen(pen)
    file.close()
    with shown.showing(TWO, unknown):
        some_events(shown)


def test_an_encoding_that_lacks_a_character_gets_another() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="latin-1")
    PlainScreen(Pen(Console(file=file))).note("né 日本 …")
    assert raw.getvalue() == "né ?? ...\n".encode("latin-1")


class Tty:
    """A file that says whether it is a terminal."""

    encoding = "utf-8"

    def __init__(self, file: io.StringIO, *, tty: bool) -> None:
        self.write, self.flush, self.isatty = file.write, file.flush, lambda: tty


@pytest.mark.parametrize(
    ("environ", "tty", "asked", "kind"),
    [
        ({}, True, {}, LiveScreen),
        ({}, False, {}, PlainScreen),
        ({}, True, {"live": False}, PlainScreen),
        ({}, True, {"verbosity": 1}, LiveScreen),
        ({}, True, {"verbosity": -1}, QuietScreen),
        ({"TERM": "dumb"}, True, {}, PlainScreen),
        ({"GITHUB_ACTIONS": "true"}, False, {}, GitHubScreen),
        ({"GITHUB_ACTIONS": "true"}, False, {"verbosity": -1}, QuietScreen),
        ({"GITHUB_ACTIONS": "true", "FORCE_COLOR": "1"}, False, {}, GitHubScreen),
        ({"FORCE_COLOR": "1"}, False, {}, PlainScreen),
    ],
)
def test_the_output_decides_which_screen_it_is(
    environ: dict[str, str], tty: bool, asked: dict[str, int], kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "GITHUB_ACTIONS", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    _, file = plain_pen()
    made = screen.make(**asked, console=Console(file=Tty(file, tty=tty)))  # type: ignore[arg-type]
    assert type(made) is kind
    assert made.wants_consoles == (asked.get("verbosity", 0) > 0)


def test_colours_are_the_verdicts_and_none_if_they_are_not_wanted() -> None:
    _, file = plain_pen()
    for no_color in (False, True):
        console = Console(file=file, force_terminal=True, no_color=no_color, _environ={"TERM": "xterm"})
        PlainScreen(Pen(console)).result(result("gcc/a", "failed", "why"))
    assert file.getvalue().splitlines() == [
        "\x1b[1;31m[1/0] failed           gcc/a  why\x1b[0m",
        "\x1b[1m[1/0] failed           gcc/a  why\x1b[0m",
    ]


def test_every_verdict_can_be_told() -> None:
    pen, file = plain_pen()
    shown = PlainScreen(pen, verbose=True)
    with shown.showing(TWO, unknown):
        for verdict in VERDICTS:
            shown.result(result("gcc/a", verdict, "why"))
    assert len(file.getvalue().splitlines()) == len(VERDICTS)


def test_many_skips_of_one_reason_are_one_line_of_a_log_with_what_would_make_them_run() -> None:
    pen, file = plain_pen()
    shown = PlainScreen(pen)
    skips = [result(f"gcc/{n}", "skipped", "solo5-hvt is not in debian-12\n    install it there") for n in range(10)]
    with shown.showing(TWO, unknown):
        for one in (*skips, result("gcc/a")):
            shown.result(one)
    shown.summary(run(*skips, result("gcc/a"), result("gcc/b", "skipped", "not today")), Path("out"), ())
    assert file.getvalue().splitlines()[:5] == [
        "[11/12] passed           gcc/a  0.15 s (tcg)",
        "",
        "10 tests skipped: solo5-hvt is not in debian-12; install it there",
        "gcc/b skipped: not today",
        "1 passed, 11 skipped in 25 s",
    ]


def test_on_github_skips_are_counted_in_the_titles_of_groups() -> None:
    pen, file = plain_pen(github=True)
    shown = GitHubScreen(pen)
    with shown.showing(TWO, unknown):
        for verdict in ("skipped", "skipped", "passed", "failed", "skipped", "failed", "passed", "skipped"):
            shown.result(result("gcc/a", verdict, "why"))
    assert re.findall("::group::(.*)", file.getvalue()) == ["tests 1 to 3 of 12", "tests 7 to 8 of 12"]
