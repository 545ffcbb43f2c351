"""What runs before this one did, read from their journals: to go on with one, or to run again what failed in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import Problem, UserError
from bootmatrix.model import GOOD_VERDICTS
from bootmatrix.runs import journal, lease

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Told:
    """A result in a journal: its verdict, where it lies, and whether the test was tried at all."""

    verdict: str
    at: int
    length: int


@dataclass(frozen=True)
class Past:
    """An earlier run: how it was asked for, what it had told of each test, and whether it came to its end."""

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
    """The newest run that did not come to its end and does not go on; raises UserError if there is none."""
    newest = ""
    for folder in _folders(out):
        past = read(folder)
        newest = newest or folder.name
        if not past.finished and not lease.is_alive(past.run):
            return past
    what = f"there is nothing to resume in {out}" + (f": its last run, {newest}, is complete" if newest else "")
    raise UserError(Problem(what, remedy="`bootmatrix run` starts anew, with --reuse it takes passes again"))


def last(out: Path) -> Past:
    """The newest run that does not go on, complete or not; raises UserError if there is none."""
    for folder in _folders(out):
        if not lease.is_alive(folder.name):
            return read(folder)
    raise UserError(Problem(f"there is no earlier run in {out}", remedy="`bootmatrix run` makes the first"))


def _folders(out: Path) -> Iterator[Path]:
    """The newest first: their names begin with the time of their start."""
    found = out.iterdir() if out.is_dir() else iter(())
    runs = (folder for folder in found if not folder.is_symlink() and (folder / journal.FILE).is_file())
    return iter(sorted(runs, reverse=True))


def read(folder: Path) -> Past:
    """Raises UserError if its journal has no beginning."""
    request: dict[str, Any] = {}
    told: dict[str, Told] = {}
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
                told[event["boot"]] = Told(event["verdict"], entry.at, entry.length)
            case "run finished":
                finished = not event.get("stopped")
        if request:
            session = event["monotonic"] - begun
    if not request:
        raise UserError(Problem(f"{folder} has no run in it: its journal has no beginning"))
    return Past(folder.name, started, request, told, finished, seconds + session)
