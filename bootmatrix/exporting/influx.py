"""Line protocol to a server that takes it: InfluxDB 1, 2 and 3, and others that have the same path for writing.

A line that is there already is written over, so that a run can be sent again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.exporting.sending import Sender
    from bootmatrix.model import Run

LINES, SIZE = 5000, 1 << 20  # of a batch: what InfluxData recommends, and far less than any server refuses
HEADERS = {"Content-Type": "text/plain; charset=utf-8"}
REMEDY = "InfluxDB 1: http://HOST:8086/write?db=NAME; InfluxDB 2: http://HOST:8086/api/v2/write?org=NAME&bucket=NAME"


def send(file: Path, run: Run, sender: Sender) -> str:
    """All lines of a file; what was sent, for people. Raises InfrastructureError, with how many were taken before."""
    del run
    if sender.target.url.path in {"", "/"}:
        raise UserError(Problem(f"--to {sender.target} names no path to write to", remedy=REMEDY))
    done = 0
    for batch in batches(file):
        try:
            sender.send("POST", sender.target.url.geturl(), b"".join(batch))
        except InfrastructureError as error:
            raise InfrastructureError(_with_progress(error.problems[0], done)) from None
        done += len(batch)
    return how_many(done, "line")


def _with_progress(problem: Problem, done: int) -> Problem:
    what = (
        f"{problem.what}; {how_many(done, 'line')} had been taken before, and some of the next ones may be there, too"
    )
    return replace(problem, what=what, remedy=f"{problem.remedy}; then send all again: what is there is written over")


def batches(file: Path) -> Iterator[list[bytes]]:
    """The lines, so many that one request may have them."""
    batch: list[bytes] = []
    size = 0
    with file.open("rb") as lines:
        for line in lines:
            if batch and (len(batch) >= LINES or size + len(line) > SIZE):
                yield batch
                batch, size = [], 0
            batch.append(line)
            size += len(line)
    if batch:
        yield batch
