"""A curve of a boot's usage: bounded, however long the boot; and no file of one that was too short for a sample."""

from __future__ import annotations

import itertools
from collections import deque
from typing import TYPE_CHECKING

from bootmatrix.places.usage import Sample
from bootmatrix.texts import Record
from bootmatrix.watching.witness import Ending, Moment
from bootmatrix.watching.witnesses.usage import FILE, HEADER, MOST, Usage

if TYPE_CHECKING:
    from bootmatrix.places.place import Process


class Sampled:
    """A process that has these samples to tell, one at a time."""

    def __init__(self, *given: Sample) -> None:
        self.given = deque(given)

    def samples(self) -> list[Sample]:
        return [self.given.popleft()] if self.given else []


def told(*given: Sample) -> list[str]:
    """The file's lines."""
    witness, process = Usage(), Sampled(*given)
    fake: Process = process  # type: ignore[assignment]
    witness.began(fake, 0.0)
    for _ in given:
        witness.tick(Moment(0.0, 0.0, Record(0)))
    found = witness.ended(Ending(None, None)).files
    return found[FILE].decode().splitlines() if found else []


def test_a_boot_without_samples_has_no_file() -> None:
    assert told() == []


def test_a_line_for_each_sample() -> None:
    assert told(Sample(1.0, 0.5, 4096, guest=1024), Sample(2.001, 0.75, 8192, proportional=False)) == [
        HEADER.strip(),
        "1.000,0.500,4096,pss,1024",
        "2.001,0.750,8192,rss,",
    ]


def test_a_week_is_told_in_few_lines_that_span_all_of_it() -> None:
    week = 7 * 24 * 3600
    lines = told(*(Sample(float(second), second / 2, second) for second in range(1, week + 1)))[1:]
    times = [float(line.split(",")[0]) for line in lines]
    assert MOST / 4 < len(times) < MOST
    assert times[0] == 1
    assert week - times[-1] < week / 100
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert max(gaps) < 4 * min(gaps)
