"""Logs of a GitHub job: what is good is folded, and only our own words are commands."""

from __future__ import annotations

import re
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st
from screen.said import HOSTILE, TOLD, TWO, some_events
from screen.screens import Clock, plain_pen, result, run, shape, unknown

from bootmatrix.screen.github import GitHubScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix import screen


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


def test_on_github_skips_are_counted_in_the_titles_of_groups() -> None:
    pen, file = plain_pen(github=True)
    shown = GitHubScreen(pen)
    with shown.showing(TWO, unknown):
        for verdict in ("skipped", "skipped", "passed", "failed", "skipped", "failed", "passed", "skipped"):
            shown.result(result("gcc/a", verdict, "why"))
    assert re.findall("::group::(.*)", file.getvalue()) == ["tests 1 to 3 of 12", "tests 7 to 8 of 12"]
