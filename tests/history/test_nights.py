"""What is said of a run against those before it: histories by hand, and what holds of any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from histories import CELL, SIGNS, night, point, points
from hypothesis import given, strategies as st

from bootmatrix.history.findings import KINDS, Changes, Night
from bootmatrix.history.nights import compare
from bootmatrix.statistics.rates import interval

if TYPE_CHECKING:
    import random


def compared(signs: str, partial: str = "") -> Changes:
    """One test, a sign for each night, the last of which is tonight; `partial` has `p` where a run was."""
    nights = [night(number, partial=partial[number : number + 1] == "p") for number in range(len(signs))]
    return compare(nights[-1], nights[:-1], points(nights, hello=signs), "main")


def kinds(signs: str, partial: str = "") -> list[str]:
    return [change.kind for change in compared(signs, partial).changes]


@pytest.mark.parametrize(
    ("signs", "wanted"),
    [
        ("PPP", []),
        ("PPF", ["new failure"]),
        ("PPT", ["new failure"]),
        ("PPC", ["new failure"]),
        ("PPB", ["new failure"]),
        ("PxU", ["new failure"]),
        ("yyF", ["new failure"]),
        ("PFF", ["still failing"]),
        ("FFF", ["still failing"]),
        ("PFT", ["still failing"]),
        ("FFP", ["fixed"]),
        ("FPP", []),
        ("FPF", ["new failure"]),
        ("PPy", ["flaky"]),
        ("PFy", ["flaky", "fixed"]),
        ("yyy", ["flaky"]),
        ("PyP", []),
        ("xxx", []),
        ("Fx", ["fixed"]),
        ("PP?", ["undecided"]),
        ("???", ["undecided"]),
        ("FF?", ["undecided"]),
        ("F?P", []),
        ("P?F", ["new failure"]),
        ("??P", []),
    ],
)
def test_good_and_bad(signs: str, wanted: list[str]) -> None:
    assert kinds(signs) == wanted


@pytest.mark.parametrize("gap", [".", "I", "..", "II", ".I"])
@pytest.mark.parametrize(
    ("before", "tonight", "wanted"),
    [("P", "F", ["new failure"]), ("F", "F", ["still failing"]), ("F", "P", ["fixed"]), ("P", "P", [])],
)
def test_a_night_that_says_nothing_neither_breaks_nor_makes_a_streak(
    before: str, gap: str, tonight: str, wanted: list[str]
) -> None:
    assert kinds(before + gap + tonight) == wanted


def test_an_error_of_the_infrastructure_is_no_news_of_the_test_but_noted() -> None:
    changes = compared("PPI")
    assert changes.changes == ()
    assert changes.notes == ("1 test without a result, because the infrastructure failed: why error",)


@pytest.mark.parametrize(
    ("signs", "wanted"),
    [
        ("PPs", ["gone"]),
        ("FFs", ["gone"]),
        ("PIs", ["gone"]),
        ("P.s", ["gone"]),
        ("Pss", []),
        ("PsIs", []),
        ("sss", []),
        ("ssP", []),
        ("PsF", ["new failure"]),
        ("FsF", ["still failing"]),
        ("sF", ["new failure"]),
    ],
)
def test_skips(signs: str, wanted: list[str]) -> None:
    assert kinds(signs) == wanted


def test_what_an_interrupted_run_skipped_is_not_gone() -> None:
    assert kinds("PPs", "..p") == []
    assert kinds("PsF", ".p.") == ["new failure"]
    assert kinds("PsP", ".p.") == []
    assert kinds("Pss", ".p.") == ["gone"]


@pytest.mark.parametrize(
    ("signs", "partial", "wanted"),
    [
        ("PP.", "...", ["gone"]),
        ("FF.", "...", ["gone"]),
        ("PP.", "..p", []),
        ("P..", "...", []),
        ("P..", ".p.", ["gone"]),
        ("...", "...", []),
        ("..P", "...", ["new"]),
        ("..y", "...", ["flaky", "new"]),
        ("..s", "...", ["new"]),
        ("..I", "...", ["new"]),
        ("..P", "pp.", []),
        ("..P", "p..", ["new"]),
        ("..F", "...", ["new failure"]),
        ("..F", "pp.", ["new failure"]),
        ("P.P", "...", []),
    ],
)
def test_what_came_and_went(signs: str, partial: str, wanted: list[str]) -> None:
    assert kinds(signs, partial) == wanted


@pytest.mark.parametrize(
    ("signs", "wanted"),
    [
        ("PPq", []),
        ("FFq", []),
        ("qqq", []),
        ("qqP", ["fixed"]),
        ("FqP", ["fixed"]),
        ("qqF", ["new failure"]),
        ("PqFF", ["still failing"]),
    ],
)
def test_quarantine(signs: str, wanted: list[str]) -> None:
    assert kinds(signs) == wanted


def test_a_quarantine_is_noted_and_its_end_is_said() -> None:
    assert compared("PPq").notes == ("1 test in quarantine did not pass",)
    (change,) = compared("PqqF").changes
    assert "its quarantine has ended" in change.detail


def test_with_no_earlier_run_nothing_has_changed() -> None:
    for sign in SIGNS:
        assert compared(sign).changes == ()
    assert compared("F").notes == ("there is no earlier run to compare with",)


def test_failures_say_since_when() -> None:
    (new,) = compared("PPPF").changes
    assert (new.since, new.test) == (night(3), f"{CELL}/hello")
    assert new.detail == "failed: why failed [passed in r0002 (0000000000)]"
    (still,) = compared("FPF.IFqT").changes
    assert still.kind == "new failure"
    (still,) = compared("FPF.IFTF").changes
    assert (still.kind, still.since) == ("still failing", night(2))
    assert still.detail == "failed: why failed [4 runs in a row]"
    (fixed,) = compared("PFF.P").changes
    assert fixed.since == night(4)
    assert fixed.detail == "passed [failed since r0001 (0000000000)]"


def test_undecided_says_since_when_and_what_it_was() -> None:
    (change,) = compared("PPFI?.?").changes
    assert (change.detail, change.since) == ("undecided: why undecided [failed in r0002 (0000000000)]", night(4))
    assert compared("??").changes[0].detail == "undecided: why undecided"


def test_flaky_has_a_rate_of_the_nights_that_say_something() -> None:
    (flaky,) = compared("PyPIPsP.Fy").changes[:1]
    assert flaky.kind == "flaky"
    assert flaky.rate == interval(3, 7)
    assert flaky.since == night(1)


def test_a_new_failure_of_a_test_that_has_failed_before_has_a_rate() -> None:
    assert [change.rate for change in compared("PPPF").changes] == [None]
    assert [change.rate for change in compared("PFPyPF").changes] == [interval(3, 6)]


def test_a_reason_of_several_lines_is_told_by_its_first() -> None:
    nights = [night(0), night(1)]
    (change,) = compare(nights[1], nights[:1], [point("r0000", "P"), point("r0001", "F", reason="a\n  b\t")]).changes
    assert change.detail.startswith("failed: a [")


HISTORIES = st.integers(1, 8).flatmap(
    lambda nights: st.tuples(
        st.lists(st.text("." + "".join(SIGNS), min_size=nights, max_size=nights), min_size=1, max_size=6),
        st.lists(st.booleans(), min_size=nights, max_size=nights),
    )
)


def of(tests: list[tuple[str, str]], partial: list[bool]) -> tuple[list[Night], Changes]:
    nights = [night(number, partial=some) for number, some in enumerate(partial)]
    return nights, compare(nights[-1], nights[:-1], points(nights, **dict(tests)), "main")


@given(HISTORIES, st.randoms(use_true_random=False))
def test_what_holds_of_any_history(history: tuple[list[str], list[bool]], chance: random.Random) -> None:
    tests = [(f"t{number}", signs) for number, signs in enumerate(history[0])]
    nights, changes = of(tests, history[1])
    order = [(KINDS.index(change.kind), change.test) for change in changes.changes]
    assert order == sorted(set(order)), "in order, and each once"
    assert sum(changes.counts().values()) == len(order)
    shuffled = chance.sample(tests, len(tests))
    assert of(shuffled, history[1])[1] == changes
    last = {f"{CELL}/{name}": signs[-1] for name, signs in tests}
    for change in changes.changes:
        assert change.since in nights
        bad = last[change.test] in "FTCBU"
        assert (change.kind in {"new failure", "still failing"}) == bad
        assert (change.kind == "flaky") <= (last[change.test] == "y")
        assert change.kind != "gone" or (last[change.test] in ".s" and not nights[-1].partial)
    told = {change.test for change in changes.changes if change.kind in {"new failure", "still failing"}}
    assert len(nights) == 1 or told == {name for name, sign in last.items() if sign in "FTCBU"}


@given(HISTORIES, st.integers(0, 8), st.sampled_from([".", "I"]))
def test_a_night_without_the_test_changes_no_failure(
    history: tuple[list[str], list[bool]], at: int, nothing: str
) -> None:
    for signs in history[0]:
        where = min(at, len(signs) - 1)
        longer = signs[:where] + nothing + signs[where:]
        failures = [
            [change.kind for change in compared(text).changes if change.kind not in {"new", "gone"}]
            for text in (signs, longer)
        ]
        assert failures[0] == failures[1] or len(signs) == 1
