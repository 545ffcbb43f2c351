"""What two sides come to: known answers."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from histories import SIGNS, point
from hypothesis import given, strategies as st

from bootmatrix.compare import judge, pairs, words
from bootmatrix.compare.shift import APART, LONE
from bootmatrix.model import Measure, PairFinding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.compare.judge import Comparison, Measured
    from bootmatrix.history.point import Point

BOTH = ("4.14", "5.3")
NO_VALUE = {"one side has no value of it": 1}


def times(seconds: float, size: float = 0) -> tuple[Measure, ...]:
    exact = (Measure("unikernel_size", size, "B", "lower"),) if size else ()
    return (Measure("requests", 1 / seconds, "1/s", "higher"), Measure("boot_time", seconds, "s", "lower"), *exact)


def at(ocaml: str, test: str, seconds: float = 1, sign: str = "P", **more: Any) -> Point:
    more = {"measures": times(seconds), "digest": f"sha256:{ocaml}", "span": (0.0, 1.0), **more}
    return point(
        more.pop("run", "r1"), sign, test, cell=f"gcc-{ocaml}", values={"compiler": "gcc", "ocaml": ocaml}, **more
    )


def nights(ratio: float, count: int, tests: int, spread: float = 0.02) -> Iterator[Point]:
    """So many boots of each test with both values, at one time in each of as many runs."""
    rng = random.Random(1)  # noqa: S311
    for test in range(tests):
        for ocaml, level in zip(BOTH, (1, ratio), strict=True):
            for run in range(count):
                yield at(ocaml, f"t{test}", (1 + test) * level * rng.lognormvariate(0, spread), run=f"r{run}")


def axis(points: Sequence[Point]) -> Comparison:
    return judge.compare(pairs.of_axis(points, "ocaml", *BOTH), "", *BOTH, "ocaml")


def runs(before: Sequence[Point], after: Sequence[Point], *, one_host: bool = True) -> Comparison:
    return judge.compare(pairs.of_runs(before, after, one_host=one_host), "", "r1", "r2")


def measure(told: Comparison, name: str = "boot_time") -> Measured:
    return next(one for one in told.measures if one.name == name)


def test_a_tenth_more_over_ten_nights_is_real_for_each_test_and_for_all() -> None:
    told = axis(list(nights(1.1, 10, 12)))
    found = measure(told)
    assert [one.name for one in told.measures] == ["boot_time", "requests"]
    assert (found.all.pairs, found.all.real, found.all.up, found.all.down) == (12, True, 12, 0)
    assert found.all.low is not None
    assert found.all.high is not None
    assert 0.08 < found.all.low < 0.1 < found.all.high < 0.12
    assert found.all.after / found.all.before == pytest.approx(1.1, abs=0.01)
    assert all(row.shift.real and row.shift.change == pytest.approx(0.1, abs=0.03) for row in found.rows)
    assert (measure(told, "requests").all.down, told.results) == (12, 10)


def test_a_tenth_more_in_one_run_is_real_for_all_tests_and_for_none() -> None:
    found = measure(axis(list(nights(1.1, 1, 20))))
    assert (found.all.real, found.all.up) == (True, 0)
    assert {row.shift.why for row in found.rows if abs(row.shift.change) > 0.02} == {
        "only one boot on each side: run it again for more"
    }


def test_runs_side_by_side_are_compared_for_good_and_others_are_not() -> None:
    before, after = ([at("5.3", f"t{n}", level + n / 100) for n in range(20)] for level in (1.0, 2.0))
    later = [replace(each, span=(900.0 + n, 901.0 + n)) for n, each in enumerate(after)]
    assert measure(runs(before, after)).all.real
    for told in (runs(before, later), runs(before, after, one_host=False)):
        assert (measure(told).all.real, measure(told).all.why) == (False, APART)
        assert {row.shift.why for row in measure(told).rows} == {APART}
        assert measure(told).all.low is None


def test_noise_is_not_real_however_many_tests_there_are() -> None:
    found = measure(axis(list(nights(1, 8, 300, spread=0.08))))
    assert any(abs(row.shift.change) > 0.1 for row in found.rows)
    assert (found.all.real, found.all.up, found.all.down) == (False, 0, 0)


def test_few_pairs_are_no_answer_for_all() -> None:
    assert measure(axis(list(nights(1.5, 1, 7)))).all.why == "only 7 pairs, at least 8 are needed"
    assert measure(axis(list(nights(1.5, 1, 1)))).all.why == "only 1 pair, at least 8 are needed"
    assert measure(axis(list(nights(1.5, 1, 8)))).all.real
    assert measure(axis(list(nights(1.01, 1, 8, spread=0.001)))).all.why == "less than 2%"


def test_sizes_need_no_second_run() -> None:
    told = axis([at(ocaml, "t", measures=times(1, size)) for ocaml, size in zip(BOTH, (100, 150), strict=True)])
    (row,) = measure(told, "unikernel_size").rows
    assert (row.name, row.shift.real, row.shift.change, row.shift.p) == ("gcc-*/t", True, 0.5, None)


def test_only_like_is_compared_with_like() -> None:
    before = [at("5.3", test) for test in ("same", "host", "accelerator", "image", "two", "failed", "reused")]
    after = [
        at("5.3", "same"),
        at("5.3", "host", host="another"),
        at("5.3", "accelerator", accelerator="kvm"),
        at("5.3", "image", digest="sha256:2"),
        at("5.3", "two", digest="sha256:2", host="another"),
        at("5.3", "failed", sign="F"),
        at("5.3", "reused", measures=()),
    ]
    found = measure(runs(before, after))
    assert [row.name for row in found.rows] == ["gcc-5.3/same"]
    assert found.unlike == {"host": 1, "accelerator": 1, "image": 1, "host and image": 1}
    assert found.missing == {
        "one side never passed at the first attempt": 1,
        "one side was only reused from earlier runs": 1,
    }


def test_an_axis_may_change_the_image_but_not_the_host() -> None:
    found = measure(axis([at("4.14", "a"), at("5.3", "a"), at("4.14", "b"), at("5.3", "b", host="another")]))
    assert ([row.name for row in found.rows], found.unlike) == (["gcc-*/a"], {"host": 1})


def test_nights_of_several_hosts_are_compared_on_the_one_that_has_most() -> None:
    mixed = [at(ocaml, "t", 9, host="b", run="r3") for ocaml in BOTH]
    mixed += [at(ocaml, "t", 1, run=run) for ocaml in BOTH for run in ("r1", "r2")]
    (row,) = measure(axis(mixed)).rows
    assert (row.shift.before, row.shift.after) == (1, 1)


def test_another_unit_is_another_measure() -> None:
    units = [(at("4.14", "t", measures=(Measure("m", 1, "s"),))), at("5.3", "t", measures=(Measure("m", 1, "ms"),))]
    found = axis(units).measures
    assert [(one.unit, one.rows, one.missing) for one in found] == [("s", (), NO_VALUE), ("ms", (), NO_VALUE)]


def test_a_count_that_no_run_has_on_both_sides_is_not_said_to_be_apart_in_time() -> None:
    """Its boots were side by side, but a guest does not always print it."""
    points = [
        at(ocaml, "t", 1, run=run, measures=(*times(1), *(Measure("live", value, "objects") for value in told)))
        for ocaml, run, told in (("4.14", "r1", [5]), ("5.3", "r1", []), ("4.14", "r2", []), ("5.3", "r2", [9]))
    ]
    told = axis(points)
    (row,) = measure(told, "live").rows
    assert (row.shift.why, row.shift.real, measure(told, "live").all.why) == (LONE, False, LONE)
    assert not [note for note in words.notes(told) if "side by side" in note]


@pytest.mark.parametrize(("first", "second"), [((5.0,), ()), ((), (5.0,))])
def test_a_metric_that_only_one_side_prints_is_told_so(first: Sequence[float], second: Sequence[float]) -> None:
    points = [
        at(ocaml, "t", measures=(*times(1), *(Measure("live", value, "objects") for value in told)))
        for ocaml, told in zip(BOTH, (first, second), strict=True)
    ]
    told = axis(points)
    assert measure(told, "live").missing == NO_VALUE
    assert [*words.notes(told)] == ["1 test not compared (one side has no value of it): live"]


def test_nothing_is_no_share_of_anything() -> None:
    none = [at(ocaml, "t", measures=(Measure("errors", value),)) for ocaml, value in zip(BOTH, (0, 7), strict=True)]
    found = measure(axis(none), "errors")
    assert (found.all.pairs, found.all.why) == (0, "no two tests can be compared (see docs/compare.md)")


def test_verdicts_that_differ_are_told_the_worst_first() -> None:
    before = [at("5.3", test, sign=sign) for test, sign in zip("abcdefg", "PPFPyPs", strict=True)]
    after = [at("5.3", test, sign=sign) for test, sign in zip("abcdefg", "PTPCPss", strict=True)]
    told = runs(before, after).verdicts
    assert [(one.name[-1], one.before, one.after) for one in told] == [
        ("d", "passed", "contradicted"),
        ("c", "failed", "passed"),
        ("b", "passed", "timed out"),
        ("e", "flaky", "passed"),
        ("f", "passed", "skipped"),
    ]
    assert [one.reason for one in told][:2] == ["why contradicted", "why failed"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("P" * 10, "P" * 9 + "F", None),
        ("P" * 20, "P" * 12 + "y" * 8, "passed → passed (12 of 20)"),
        ("P" * 10, "F" * 7 + "P" * 3, "passed → failed (7 of 10)"),
        ("P" * 10, "s" * 9 + "P", None),
        ("F" * 5 + "P" * 5, "F" * 10, None),
    ],
)
def test_over_several_nights_the_usual_verdict_counts_and_how_often(before: str, after: str, words: str | None) -> None:
    told = runs([at("5.3", "t", sign=sign) for sign in before], [at("5.3", "t", sign=sign) for sign in after])
    assert [one.words for one in told.verdicts] == ([words] if words else [])


RESULTS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(sorted(SIGNS)), st.floats(0.01, 100), st.sampled_from("xy")),
    max_size=40,
)


def made(results: Sequence[tuple[str, str, float, str]]) -> list[Point]:
    return [at("5.3", test, seconds, sign, host=host) for test, sign, seconds, host in results]


@given(RESULTS)
def test_a_run_differs_in_nothing_from_itself(results: Sequence[tuple[str, str, float, str]]) -> None:
    told = runs(made(results), made(results))
    assert (told.verdicts, told.only_before, told.only_after) == ((), (), ())
    assert all(not one.unlike and not one.missing and not one.all.real for one in told.measures)
    assert all(row.shift.change == 0 and not row.shift.real for one in told.measures for row in one.rows)


@given(RESULTS, RESULTS)
def test_sides_that_are_swapped_mirror(
    first: Sequence[tuple[str, str, float, str]], second: Sequence[tuple[str, str, float, str]]
) -> None:
    there, back = runs(made(first), made(second)), runs(made(second), made(first))
    assert (set(there.only_before), set(there.only_after)) == (set(back.only_after), set(back.only_before))
    assert {(v.name, v.before, v.after) for v in there.verdicts} == {(v.name, v.after, v.before) for v in back.verdicts}
    for one in there.measures:
        other = measure(back, one.name)
        assert (one.unlike, one.missing, len(one.rows)) == (other.unlike, other.missing, len(other.rows))
        assert {(row.name, row.shift.before, row.shift.after) for row in one.rows} == {
            (row.name, row.shift.after, row.shift.before) for row in other.rows
        }


def test_boots_that_were_not_side_by_side_are_said_not_to_be_comparable() -> None:
    """All boots of one value before the first of the other, as a run makes them that nobody asked to alternate."""
    points = [
        at(ocaml, f"t{test}", 1 + (ocaml == "5.3"), span=(60 * side + test, 60 * side + test + 1.0))
        for side, ocaml in enumerate(BOTH)
        for test in range(20)
    ]
    told = axis(points)
    assert {row.shift.real for row in measure(told).rows} == {False}
    (said,) = [note for note in words.notes(told) if "side by side" in note]
    assert said.startswith("boots that were not side by side are not comparable")
    assert "`bootmatrix run --compare ocaml`" in said
    assert "`--pair ocaml`" in said


@pytest.mark.parametrize(("before", "after", "change"), [("4.14", "5.3", 0.25), ("5.3", "4.14", -0.2)])
def test_what_booted_in_turn_is_taken_as_it_was_found(before: str, after: str, change: float) -> None:
    """Whichever of both the other was held against; the last boots alone would say something else."""
    found = PairFinding(
        "ocaml", "4.14", "5.3", "more", "", "boot_time", "s", "lower", 1, 1.25, 0.25, 0.24, 0.26, 0.02, 28
    )
    points = [at("4.14", "t", 3), at("5.3", "t", 1, pairs=(found, replace(found, axis="os", change=9.0)))]
    told = judge.compare(pairs.of_axis(points, "ocaml", before, after), "", before, after, "ocaml")
    (row,) = measure(told).rows
    assert (row.shift.real, row.shift.beside) == (True, 28)
    assert row.shift.change == pytest.approx(change)
    assert row.shift.low is not None
    assert row.shift.high is not None
    assert row.shift.low < row.shift.change < row.shift.high
    assert measure(told, "requests").rows[0].shift.beside == 1


def test_what_is_undecided_is_not_real_and_says_why() -> None:
    why = "28 boots of each were not enough for ±2%"
    found = PairFinding("ocaml", "4.14", "5.3", "undecided", why, "boot_time", "s", "lower", 1, 1.1, 0.1, -0.1, 0.3)
    told = axis([at("4.14", "t"), at("5.3", "t", pairs=(found,))])
    (row,) = measure(told).rows
    assert (row.shift.real, row.shift.why) == (False, why)


@pytest.mark.parametrize(
    ("change", "told"), [(0.05, "+5.0%"), (24.0, "x25.0"), (4.6e299, "x4.6e+299"), (math.inf, "far more")]
)
def test_a_change_is_told_in_few_words_however_large(change: float, told: str) -> None:
    assert words.percent(change) == told
