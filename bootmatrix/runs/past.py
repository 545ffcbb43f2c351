"""What runs before this one did, read from their journals: to go on with one, or to run again what failed in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import Problem, UserError
from bootmatrix.model import GOOD_VERDICTS
from bootmatrix.runs import journal, lease, order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Told:
    """A result in a journal: its verdict, and where it lies."""

    verdict: str
    at: int
    length: int


@dataclass(frozen=True)
class Past:
    """An earlier run: how it was asked for, what it had told of each test, and whether it came to its end.

    What the infrastructure kept it from knowing it has not told: that is tried again.
    """

    run: str
    started: str
    request: Mapping[str, Any]
    told: Mapping[str, Told]
    finished: bool
    seconds: float

    def is_good(self, test: str) -> bool:
        """Whether the test was told, and as expected."""
        return test in self.told and self.told[test].verdict in GOOD_VERDICTS


def unfinished(out: Path) -> Past:
    """The newest run that left something and does not go on: it did not come to its end, or the infrastructure kept
    tests from being told. Raises UserError if there is none.
    """
    for folder in _folders(out):
        past = read(folder)
        if not past.finished and not lease.is_alive(past.run):
            return past
    newest = newest_in(out)
    what = f"there is nothing to resume in {out}" + (f": its last run, {newest}, is complete" if newest else "")
    raise UserError(Problem(what, remedy="`bootmatrix run` starts anew, with --reuse it takes passes again"))


def newest_in(out: Path) -> str:
    """The run that was begun last; empty if there is none."""
    return next((folder.name for folder in _folders(out)), "")


def last(out: Path) -> Past:
    """The newest run that does not go on, complete or not; raises UserError if there is none."""
    for folder in _folders(out):
        if not lease.is_alive(folder.name):
            return read(folder)
    raise UserError(Problem(f"there is no earlier run in {out}", remedy="`bootmatrix run` makes the first"))


def _folders(out: Path) -> Iterator[Path]:
    """The newest first."""
    found = out.iterdir() if out.is_dir() else iter(())
    runs = [folder.name for folder in found if not folder.is_symlink() and (folder / journal.FILE).is_file()]
    return (out / run for run in order.newest_first(out, runs))


def read(folder: Path) -> Past:
    """Raises UserError if its journal has no beginning."""
    request: dict[str, Any] = {}
    told: dict[str, Told] = {}
    lost: set[str] = set()
    finished, started, seconds, session = False, "", 0.0, 0.0
    for entry in journal.read(folder):
        event = entry.event
        match event.get("event"):
            case "run started" | "run resumed":
                request, finished = request or event, False
                started = started or event["time"]
                seconds, session = seconds + session, 0.0
                begun = event["monotonic"]
            case "boot finished" if entry.length:
                test = event["boot"]
                if event.get("infrastructure"):
                    lost.add(test)
                else:
                    lost.discard(test)
                    told[test] = Told(event["verdict"], entry.at, entry.length)
            case "run finished":
                finished = not event.get("stopped")
        if request:
            session = event["monotonic"] - begun
    if not request:
        raise UserError(Problem(f"{folder} has no run in it: its journal has no beginning"))
    return Past(folder.name, started, request, told, finished and not lost, seconds + session)
