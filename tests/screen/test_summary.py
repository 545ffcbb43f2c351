from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, overload

import pytest
from screen.screens import plain_pen, result, run

from bootmatrix.grouping import KEPT
from bootmatrix.model import GOOD_VERDICTS, PairFinding, Result, Run, Verdict
from bootmatrix.screen import summary as summary_module
from bootmatrix.screen.plain import PlainScreen, QuietScreen
from bootmatrix.screen.summary import MOST, PAIRS, REASONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def told(what: Run, failing: Collection[Verdict] = (), **options: bool) -> list[str]:
    pen, file = plain_pen()
    PlainScreen(pen, failing=failing, **options).summary(
        what, Path("out"), (Path("out/index.html"), Path("out/junit.xml"))
    )
    return file.getvalue().splitlines()


def test_failures_with_one_reason_are_told_once_with_how_to_repeat_one() -> None:
    results = [result(f"gcc/{n}", "error", "make: Error 2\n  install it") for n in range(7)]
    results += [result("clang/a", "failed", "why"), result("clang/b"), result("clang/c", reused="earlier")]
    assert told(run(*results)) == [
        "",
        "gcc/0, gcc/1, gcc/2, gcc/3, gcc/4 … (7 tests): error: make: Error 2",
        "      install it",
        "    it printed nothing",
        "    repeat it: bootmatrix repro gcc/0",
        "clang/a: failed: why",
        "    it printed nothing",
        "    repeat it: bootmatrix repro clang/a",
        "2 passed, 1 failed, 7 error (1 reused from earlier runs) in 25 s",
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
    assert "gcc/a: flaky: at attempt 2" in told(run(result("gcc/a", "flaky", "at attempt 2")), failing={Verdict.FLAKY})


@pytest.mark.parametrize("failing", [(), (Verdict.UNDECIDED,)])
def test_an_undecided_test_is_told_with_its_reason_and_fails_where_it_is_asked_for(failing: Sequence[Verdict]) -> None:
    said = "\n".join(told(run(result("gcc/a", "undecided", "it may grow")), failing=failing))
    expected = "gcc/a: undecided: it may grow" if failing else "gcc/a undecided: it may grow"
    assert expected in said
    assert ("repeat it" in said) is bool(failing)


@pytest.mark.parametrize("verdict", ["undecided", "unknown"])
def test_a_quiet_run_tells_of_undecided_pairs_where_these_fail_it(verdict: str) -> None:
    found = PairFinding("ocaml", "4.14", "5.3", verdict, "too few", "boot_time", low=-0.1, high=0.1)
    paired = run(replace(result("gcc/a"), pairs=(found,)))
    pen, file = plain_pen()
    QuietScreen(pen).summary(paired, Path("out"), ())
    assert file.getvalue() == ""
    QuietScreen(pen, failing={Verdict.UNDECIDED}).summary(paired, Path("out"), ())
    assert "gcc/a: against 4.14, 5.3 boot_time is " in file.getvalue()
    assert "too few" in file.getvalue()


def test_a_quiet_run_tells_of_no_pair_that_is_known() -> None:
    open_one = PairFinding("ocaml", "4.14", "5.3", "undecided", "too few", "boot_time", low=-0.1, high=0.1)
    known = replace(open_one, verdict="more", change=0.3, low=0.2, high=0.4)
    pen, file = plain_pen()
    both = run(replace(result("gcc/known"), pairs=(known,)), replace(result("gcc/open"), pairs=(open_one,)))
    QuietScreen(pen, failing={Verdict.UNDECIDED}).summary(both, Path("out"), ())
    assert "gcc/open: " in file.getvalue()
    assert "gcc/known: " not in file.getvalue()
    assert "gcc/known: " in "\n".join(told(both, failing={Verdict.UNDECIDED}))


def test_a_difference_stands_out_and_what_names_hold_obeys_no_terminal() -> None:
    more = PairFinding("ocaml", "4.14", "5.3\x1b[2J\u202e", "more", name="boot_time", change=0.2, low=0.19, high=0.21)
    same = replace(more, verdict="same", change=0.0, low=-0.01, high=0.01)
    made = run(replace(result("gcc/a"), pairs=(more,)), replace(result("gcc/b"), pairs=(same,)))
    spans = [*summary_module.told(made, Path("out"), (), good=GOOD_VERDICTS, quiet=False)]
    assert [style for text, style in spans if text.startswith("gcc/")] == ["bold", ""]
    assert all(text.isprintable() for text, _ in spans)


@pytest.mark.parametrize("verdict", ["skipped", "undecided"])
def test_of_many_reasons_of_what_fails_no_run_so_many_are_told(verdict: str) -> None:
    lines = told(run(*(result(f"gcc/{number}", verdict, f"for {number}") for number in range(REASONS + 3))))
    assert f"gcc/0 {verdict}: for 0" in lines
    assert f"… and 3 tests {verdict} for other reasons" in lines
    assert sum(f" {verdict}: for " in line for line in lines) == REASONS


def test_boots_in_turn_are_told_in_sentences_and_of_many_the_largest_differences() -> None:
    same = PairFinding("ocaml", "4.14", "5.3", "same", name="boot_time", low=-0.01, high=0.01, until=0.02)
    more = replace(same, verdict="more", change=0.2, low=0.19, high=0.21)
    results = [replace(result(f"gcc/{n}"), pairs=(same,)) for n in range(PAIRS + 2)]
    lines = told(run(*results, replace(result("gcc/last"), pairs=(more,))))
    assert lines[1:3] == [
        "gcc/last: against 4.14, 5.3 is 20% slower (19 to 21%)",
        "gcc/0: against 4.14, 5.3 is as fast (-1.0 to +1.0%)",
    ]
    assert lines[PAIRS + 1] == "… and 3 tests in turn: they are in summary.md"


def printed(text: bytes, name: str, folder: Path, verdict: str = "failed") -> Result:
    """A result whose console has this text."""
    told_of = result(name, verdict, "why")
    (folder / name).mkdir(parents=True)
    (folder / name / "1").write_bytes(text)
    return replace(told_of, attempts=(replace(told_of.attempts[0], console=f"{name}/1"),))


def summary(folder: Path, *results: Result, width: int = 80) -> list[str]:
    return [
        text for text, _ in summary_module.told(run(*results), folder, (), good=GOOD_VERDICTS, quiet=False, width=width)
    ]


def test_a_failed_boot_shows_the_end_of_its_console_and_the_file_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = (
        b"".join(b"line %d\r\n" % n for n in range(1000)) + b"\x1b[31m\tSUCC\x07ESS\x1b[0m\n\n" + b"x" * 5000 + b"\n"
    )
    shown = summary(
        tmp_path / "out", printed(lines, "gcc/a", tmp_path / "out"), printed(b"same", "gcc/b", tmp_path / "out")
    )
    assert shown[1:4] == ["gcc/a, gcc/b (2 tests): failed: why", "    out/gcc/a/1 ends:", "    | line 993"]
    assert shown[10:12] == ["    |         SUCCESS", "    | "]
    assert len(shown[12]) == 80
    assert shown[12].endswith("x…")
    assert shown[13] == "    repeat it: bootmatrix repro gcc/a"


@pytest.mark.parametrize("name", ["../victim", "link", "absent", "a\0b", "gcc"])
def test_no_file_of_others_is_shown_for_a_console(name: str, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("secret")
    told_of = printed(b"", "gcc/a", tmp_path / "out")
    (tmp_path / "out" / "link").symlink_to("../victim")
    bad = replace(told_of, attempts=(replace(told_of.attempts[0], console=name),))
    shown = summary(tmp_path / "out", bad)
    assert shown[1] == "gcc/a: failed: why"
    assert "secret" not in "".join(shown)


def test_a_flaky_test_that_fails_shows_the_console_of_its_failure(tmp_path: Path) -> None:
    one = printed(b"the panic", "gcc/a", tmp_path, "flaky")
    second = replace(one.attempts[0], number=2, verdict=Verdict.PASSED, console="gcc/b/1")
    (tmp_path / "gcc/b").mkdir()
    (tmp_path / "gcc/b/1").write_text("all well")
    told_of = replace(one, attempts=(replace(one.attempts[0], verdict=Verdict.FAILED), second))
    shown = [
        text
        for text, _ in summary_module.told(run(told_of), tmp_path, (), good=frozenset({Verdict.PASSED}), quiet=False)
    ]
    assert "    | the panic" in shown


def test_tests_of_one_failed_build_are_told_once_with_the_whole_reason() -> None:
    first = "build b ended with status 2: x.c:1: error: no"
    reasons = [f"{first}\n    more of it is told at gcc/1"] * 3 + [
        f"{first}\n    logs/b.log, line 7:\n    x.c:1: error: no"
    ]
    results = [replace(result(f"gcc/{n}", "error", reason), attempts=()) for n, reason in enumerate(reasons)]
    assert told(run(*results))[1:5] == [
        f"gcc/0, gcc/1, gcc/2, gcc/3 (4 tests): error: {first}",
        "    logs/b.log, line 7:",
        "    x.c:1: error: no",
        "4 error in 25 s",
    ]


def test_a_run_that_was_cut_short_names_what_goes_on_with_it() -> None:
    pen, file = plain_pen()
    PlainScreen(pen).summary(run(interrupted=True), Path("out"), (), "bootmatrix run --resume -C x")
    assert file.getvalue().splitlines()[1:3] == [
        "interrupted; no test in 25 s",
        "    resume it: bootmatrix run --resume -C x",
    ]


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
    assert len(lines) < 5 * MOST
    assert sum(": failed: " in line for line in lines) == MOST
    assert "gcc/1, gcc/2, gcc/4, gcc/5, gcc/7 … (6,666 tests): failed: no end" in lines
    assert f"… and {10_000 - 6666 - (MOST - 1):,} tests with other reasons: they are in out/results.json" in lines
    assert KEPT < 3334
