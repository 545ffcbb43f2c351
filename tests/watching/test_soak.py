"""How long a guest is soaked, and what it prints meanwhile: on a fake clock."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from watching.fakes import FakeProcess

from bootmatrix import patterns
from bootmatrix.places.place import CONSOLE, TENDER, Exit
from bootmatrix.texts import Record
from bootmatrix.watching.stop import StopKind
from bootmatrix.watching.thinning import Thinned
from bootmatrix.watching.witness import Ending, Findings, Moment, Witness
from bootmatrix.watching.witnesses.series import FILE, LINES, LONGEST, Numbers
from bootmatrix.watching.witnesses.soak import Soak

if TYPE_CHECKING:
    from collections.abc import Iterator

ALIVE, ENDED = Ending(None, None), Ending(Exit(0), None)


def at(now: float) -> Moment:
    return Moment(now, 0.0, Record(0))


def begun(witness: Witness) -> None:
    witness.began(FakeProcess(), 100.0)


def test_a_guest_is_ended_when_its_time_is_over() -> None:
    soak = Soak(60.0, None)
    begun(soak)
    assert soak.due(at(100.0)) == 160.0
    assert (soak.tick(at(159.9)), soak.goes_on) == (None, True)
    stop = soak.tick(at(160.0))
    assert stop
    assert (stop.kind, stop.text, soak.goes_on) == (StopKind.CHECKED, "it was soaked for 1 min 0 s", False)
    assert soak.ended(ALIVE) == Findings(soaked=0.0)


def test_its_time_begins_when_the_guest_is_ready() -> None:
    soak = Soak(60.0, None, at_once=False)
    begun(soak)
    assert soak.tick(at(1000.0)) is None
    assert soak.due(at(1000.0)) == math.inf
    assert soak.ended(ENDED) == Findings()
    soak.begin()
    assert soak.tick(at(1001.0)) is None
    assert soak.tick(at(1060.9)) is None
    assert soak.tick(at(1061.0))
    assert soak.ended(ALIVE).soaked == 901.0


def test_whoever_wants_to_know_is_told_once() -> None:
    told: list[str] = []
    soak = Soak(60.0, lambda: told.append("over"))
    begun(soak)
    assert [soak.tick(at(now)) for now in (100.0, 160.0, 161.0)] == [None] * 3
    assert told == ["over"]


@pytest.mark.parametrize(("ending", "complains"), [(ENDED, True), (ALIVE, False)])
def test_a_guest_that_ends_before_is_told(ending: Ending, *, complains: bool) -> None:
    soak = Soak(60.0, None)
    begun(soak)
    soak.tick(at(130.0))
    undone = soak.ended(ending).undone
    said = "the guest ended by itself 30 s before its soak of 1 min 0 s was over, after 30 s of it"
    assert undone == ((said,) if complains else ())


@pytest.mark.parametrize(
    ("looked", "measured", "said"),
    [
        (159.9, 59.7, ("0.30 s", "59 s")),
        (160.1, 59.7, ("0.30 s", "59 s")),  # over by the time that we look
        (160.1, 60.02, None),
        (160.1, None, None),
        (159.5, None, ("0.50 s", "59 s")),
        (104.0, 64.0, ("56 s", "4.00 s")),  # we stood still for a minute
        (104.0, 4.2, ("56 s", "4.20 s")),
    ],
)
def test_a_guest_that_ends_just_before_is_told_with_how_long_it_lived(
    looked: float, measured: float | None, said: tuple[str, str] | None
) -> None:
    soak = Soak(60.0, None)
    begun(soak)
    soak.tick(at(100.0))
    soak.tick(at(looked))
    undone = soak.ended(Ending(Exit(0, seconds=measured), None)).undone
    words = "the guest ended by itself {} before its soak of 1 min 0 s was over, after {} of it"
    assert undone == ((words.format(*said),) if said else ())


def numbers(*chunks: bytes, stream: str = CONSOLE, **wanted: str) -> Findings:
    """A chunk a second."""
    witness = Numbers(wanted or {"heap": r"heap=(\S+)"})
    begun(witness)
    for second, chunk in enumerate(chunks, 1):
        witness.saw(stream, chunk)
        witness.tick(at(100.0 + second))
    return witness.ended(ENDED)


def test_each_number_has_the_time_of_its_line() -> None:
    found = numbers(b"heap=1\nheap=2\r\nhe", b"ap=", b"3\nheap=nan\nheap=x\n", b"heap=4.5e1")
    assert list(found.series["heap"].points) == [(1, 1), (1, 2), (3, 3), (4, 45)]
    assert found.files[FILE].decode() == "seconds,name,value\n1.000,heap,1\n1.000,heap,2\n3.000,heap,3\n4.000,heap,45\n"


def test_a_guest_that_prints_none_has_no_file() -> None:
    assert numbers(b"hello\n") == Findings()
    assert numbers(b"heap=1\n", stream=TENDER) == Findings()


def test_a_name_may_hold_what_csv_quotes() -> None:
    found = numbers(b"1\n", **{'a,"b': r"(\d)"})
    assert list(csv.reader(io.StringIO(found.files[FILE].decode())))[1] == ["1.000", 'a,"b', "1"]


def test_of_a_line_without_end_only_so_much_is_kept() -> None:
    witness = Numbers({"heap": r"heap=(\d+)"})
    begun(witness)
    for _ in range(64):
        witness.saw(CONSOLE, b"x" * LONGEST)
        witness.tick(at(101.0))
    witness.saw(CONSOLE, b"heap=6\nheap=7\n")
    witness.tick(at(102.0))
    assert list(witness.ended(ENDED).series["heap"].points) == [(2, 7)]


def test_of_a_million_lines_a_second_few_are_looked_at_and_their_first_numbers_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = Counter[str]()
    numbers = patterns.numbers

    def counted(wanted: str, text: str) -> Iterator[float]:
        looked[wanted] += 1
        return numbers(wanted, text)

    monkeypatch.setattr(patterns, "numbers", counted)
    witness = Numbers({"heap": r"heap=(\d+)", "other": r"other=(\d+)"})
    begun(witness)
    flood = b"heap=7\n" * 100_000
    for tick in range(1, 21):
        witness.saw(CONSOLE, flood)
        witness.tick(at(100.0 + tick / 10))
    witness.saw(CONSOLE, b"other=1\n")
    points = witness.ended(ENDED).series["heap"].points
    assert looked[r"heap=(\d+)"] <= 21 * LINES  # of two million
    assert points[0][0] == pytest.approx(0.1)
    assert points[0][1] == 7
    assert points[-1][0] > 1.5


def test_values_that_come_all_at_once_are_no_more_than_others() -> None:
    thinned: Thinned[int] = Thinned(128)
    for number in range(1000):
        thinned.add(1.0, number)
    assert len(thinned.kept) < 128
    assert not thinned.takes(1.0)
    assert thinned.takes(1.1)


@pytest.mark.parametrize("apart", [0.1, 1.0, 60.0])
def test_however_long_it_takes_some_hundreds_are_kept_that_span_all_of_it(apart: float) -> None:
    thinned: Thinned[int] = Thinned(128)
    for number in range(10_000):
        thinned.add(number * apart, number)
    times = [when for when, _ in thinned.kept]
    assert 32 < len(times) < 128
    assert times[0] == 0
    assert times[-1] > 0.96 * 9_999 * apart
