"""Logs: lines, quiet ones, and those that GitHub folds."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from rich.console import Console
from screen.said import HOSTILE, TOLD, TWO, some_events
from screen.screens import plain_pen, result, run, unknown

from bootmatrix import screen
from bootmatrix.model import VERDICTS, Verdict
from bootmatrix.screen.github import GitHubScreen
from bootmatrix.screen.live import LiveScreen
from bootmatrix.screen.pen import Pen
from bootmatrix.screen.plain import PlainScreen, QuietScreen


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


def test_a_remark_and_its_remedy_are_one_line() -> None:
    pen, file = plain_pen()
    PlainScreen(pen).note("the history cannot be used\n    --history keeps it elsewhere")
    assert file.getvalue() == "the history cannot be used; --history keeps it elsewhere\n"


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
    QuietScreen(pen, failing={Verdict.FLAKY}).summary(run(result("gcc/a", "flaky", "at attempt 2")), Path("out"), ())
    assert "gcc/a: flaky: at attempt 2" in file.getvalue()


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
