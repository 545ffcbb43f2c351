from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, overload

from screen.screens import plain_pen, result, run

from bootmatrix.grouping import KEPT
from bootmatrix.model import Result, Run
from bootmatrix.screen.plain import PlainScreen
from bootmatrix.screen.summary import MOST

if TYPE_CHECKING:
    from collections.abc import Iterator


def told(what: Run, **options: bool) -> list[str]:
    pen, file = plain_pen()
    PlainScreen(pen, **options).summary(what, Path("out"), (Path("out/index.html"), Path("out/junit.xml")))
    return file.getvalue().splitlines()


def test_failures_with_one_reason_are_told_once_with_how_to_repeat_one() -> None:
    results = [result(f"gcc/{n}", "error", "make: Error 2\n  install it") for n in range(7)]
    results += [result("clang/a", "failed", "why"), result("clang/b"), result("clang/c", reused="earlier")]
    assert told(run(*results)) == [
        "",
        "gcc/0, gcc/1, gcc/2, gcc/3, gcc/4 … (7 tests): error: make: Error 2",
        "    install it",
        "    repeat it: bootmatrix repro gcc/0",
        "clang/a: failed: why",
        "    repeat it: bootmatrix repro clang/a",
        "2 passed, 1 failed, 7 error, 1 of them as in earlier runs, in 25 s",
        "  out/index.html",
        "  out/{junit.xml,results.json}",
    ]


def test_what_was_never_booted_cannot_be_repeated() -> None:
    lines = told(run(replace(result("gcc/a", "error", "no engine"), attempts=())))
    assert lines[1:3] == ["gcc/a: error: no engine", "1 error in 25 s"]


def test_a_good_run_is_two_lines_and_the_files() -> None:
    assert told(run(result(), result(verdict="flaky")))[:2] == ["", "1 passed, 1 flaky in 25 s"]
    assert told(run())[1] == "no test in 25 s"
    assert told(run(interrupted=True))[1] == "interrupted; no test in 25 s"


def test_a_flaky_test_is_told_where_it_fails() -> None:
    assert "gcc/a: flaky: at attempt 2" in told(run(result("gcc/a", "flaky", "at attempt 2")), flaky_fails=True)


def test_a_long_reason_is_cut() -> None:
    lines = told(run(result("gcc/a", "failed", "\n".join(["x" * 10_000] * 100))))
    assert len(lines) < 20
    assert max(map(len, lines)) < 5000


class Lazy(Sequence[Result]):
    """Results that are made as they are asked for; counts how often they are gone over."""

    def __init__(self, length: int) -> None:
        self.length, self.passes = length, 0

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Result]: ...
    def __getitem__(self, index: int | slice) -> Result | Sequence[Result]:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Result]:
        self.passes += 1
        for number in range(self.length):
            rare = number % 3 == 0
            yield result(f"gcc/{number}", "failed", f"at 0x{number:x}" if rare else "no end")


def test_it_is_bounded_and_the_reason_of_most_tests_is_among_those_told() -> None:
    results = Lazy(10_000)
    lines = told(replace(run(), results=results))
    assert results.passes == 1
    assert len(lines) < 4 * MOST
    assert sum(": failed: " in line for line in lines) == MOST
    assert "gcc/1, gcc/2, gcc/4, gcc/5, gcc/7 … (6666 tests): failed: no end" in lines
    assert f"… and {10_000 - 6666 - (MOST - 1)} tests with other reasons: they are in out/results.json" in lines
    assert KEPT < 3334
