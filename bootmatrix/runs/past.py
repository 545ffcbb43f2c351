"""Reads the journals of earlier runs, for `--resume` and `--failed`.

A journal that cannot be resumed is noted and ignored: an older one may serve as well.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bootmatrix.engines import Engine
from bootmatrix.errors import Problem, UserError, printable
from bootmatrix.model import GOOD_VERDICTS, VERDICTS
from bootmatrix.model.bounds import is_name, is_time
from bootmatrix.quantities import how_many_are
from bootmatrix.results import Stored, decode
from bootmatrix.runs import journal, lease, order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bootmatrix.runs.journal import Entry

    Note = Callable[[str], None]


@dataclass(frozen=True)
class Recorded:
    """A result in a journal: its verdict, and where it lies."""

    verdict: str
    at: int
    length: int


@dataclass(frozen=True)
class Past:
    """An earlier run: how it was asked for, what it had told of each test, and whether it came to its end.

    What the infrastructure kept it from knowing is not recorded: that is tried again. `damaged` is how many lines and
    results of its journal are invalid.
    """

    run: str
    started: str
    request: Mapping[str, Any]
    told: Mapping[str, Recorded]
    finished: bool
    seconds: float
    damaged: int = 0
    begun: frozenset[str] = frozenset()
    """The tests that had begun to boot and have no result."""

    def is_good(self, test: str) -> bool:
        """Whether the test was told, and as expected."""
        return test in self.told and self.told[test].verdict in GOOD_VERDICTS


def unfinished(out: Path, note: Note) -> Past:
    """The newest run that left something and does not go on: it did not come to its end, or the infrastructure kept
    tests from being told. It has only those results that can be read. Raises UserError if there is none.
    """
    newest = ""
    for past in _readable(out, note):
        newest = newest or past.run
        if not past.finished and not lease.is_alive(past.run):
            return _told_of(_proven(out / past.run, past), note)
    what = f"nothing to resume in {out}" + (f": its last run, {newest}, is complete" if newest else "")
    raise UserError(Problem(what, remedy="`bootmatrix run` starts a new run; with --reuse it reuses earlier passes"))


def newest_in(out: Path) -> str:
    """The run that was begun last, whatever became of it; empty if there is none."""
    return next((folder.name for folder in _folders(out)), "")


def last(out: Path, note: Note) -> Past:
    """The newest run that does not go on, complete or not; raises UserError if there is none."""
    for past in _readable(out, note):
        if not lease.is_alive(past.run):
            return _told_of(past, note)
    raise UserError(Problem(f"there is no earlier run in {out}", remedy="`bootmatrix run` makes the first"))


def chain(out: Path, run: str, note: Note) -> Iterator[Past]:
    """A run and, where that had taken only what had failed in another, the others: the newest word counts."""
    seen: set[str] = set()
    while run and run not in seen:
        seen.add(run)
        try:
            past = read(out / run)
        except UserError as error:
            note(f"the results of run {run} cannot be read and count as not run: {error}")
            return
        yield past
        run = (past.request.get("request") or {}).get("failed_of", "")


def _readable(out: Path, note: Note) -> Iterator[Past]:
    """The newest first, but for those that one cannot go on from."""
    for folder in _folders(out):
        try:
            yield read(folder)
        except UserError as error:
            if not lease.is_alive(folder.name):
                note(f"ignored: {error}")


def _folders(out: Path) -> Iterator[Path]:
    """The newest first."""
    found = out.iterdir() if out.is_dir() else iter(())
    runs = (folder for folder in found if not folder.is_symlink() and is_name(folder.name))
    named = [run.name for run in runs if (run / journal.FILE).exists()]
    return (out / run for run in order.newest_first(out, named))


def _told_of(past: Past, note: Note) -> Past:
    if past.damaged:
        note(f"run {past.run}: {how_many_are(past.damaged, 'damaged line')} ignored in its {journal.FILE}")
    return past


def _proven(folder: Path, past: Past) -> Past:
    """Without the results that are none, or another's: their tests are run again."""
    places = past.told.values()
    at, length = array("q", (each.at for each in places)), array("q", (each.length for each in places))
    texts = Stored(folder / journal.FILE, at, length).texts()
    kept = {
        test: told
        for (test, told), text in zip(past.told.items(), texts, strict=True)
        if _is_of(text, test, told.verdict)
    }
    return replace(past, told=kept, damaged=past.damaged + len(past.told) - len(kept))


def _is_of(text: bytes, test: str, verdict: str) -> bool:
    try:
        result = decode(text)
    except ValueError:
        return False
    return (result.id, result.verdict) == (test, verdict)


def read(folder: Path) -> Past:
    """Raises UserError if its journal cannot be read, or if its beginning is none that one can go on from."""
    seen, damage = _Seen(), journal.Damage()
    try:
        for entry in journal.read(folder, damage):
            seen.take(entry)
    except OSError as error:
        raise UserError(f"{folder / journal.FILE} cannot be read: {error.strerror}") from None
    if not seen.request:
        raise UserError(f"{folder} does not hold a run: its journal has no start")
    if trouble := _trouble(seen.request):
        raise UserError(f"{folder} cannot be resumed: {trouble}")
    seconds = seen.seconds + seen.session
    finished = seen.finished and not seen.lost
    damaged, begun = damage.lines + seen.wrong, frozenset(seen.boots - seen.told.keys())
    return Past(folder.name, seen.started, seen.request, seen.told, finished, seconds, damaged, begun)


@dataclass
class _Seen:
    """What a journal has said so far. Times are in seconds: of the sessions before, and of the one that goes on."""

    request: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Recorded] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    boots: set[str] = field(default_factory=set)
    finished: bool = False
    started: str = ""
    seconds: float = 0.0
    session: float = 0.0
    begun: float = 0.0
    wrong: int = 0

    def take(self, entry: Entry) -> None:
        event = entry.event
        match event["event"]:
            case "run started" | "run resumed":
                self.request, self.finished = self.request or event, False
                self.started = self.started or event["time"]
                self.seconds, self.session = self.seconds + self.session, 0.0
                self.begun = event["monotonic"]
            case "boot started" if isinstance(event.get("boot"), str):
                self.boots.add(event["boot"])
            case "boot finished" if entry.length:
                self._told(event, entry)
            case "run finished":
                self.finished = not event.get("stopped")
        if self.request:
            self.session = max(0.0, event["monotonic"] - self.begun)

    def _told(self, event: Mapping[str, Any], entry: Entry) -> None:
        test, verdict = event.get("boot"), event.get("verdict")
        if not (isinstance(test, str) and isinstance(verdict, str) and verdict in VERDICTS):
            self.wrong += 1
        elif event.get("infrastructure"):
            self.lost.add(test)
        else:
            self.lost.discard(test)
            self.told[test] = Recorded(verdict, entry.at, entry.length)


def _trouble(begun: Mapping[str, Any]) -> str:
    """What the beginning of a journal says that no run of ours does; empty if all is well."""
    asked = begun.get("request") or {}
    if not is_time(begun["time"]):
        return f"its start time '{printable(begun['time'], 40)}' is invalid"
    if not isinstance(asked, dict):
        return "its request is not a mapping"
    select, of = asked.get("select") or (), asked.get("failed_of", "")
    if not isinstance(select, list | tuple) or not all(isinstance(term, str) for term in select):
        return "its selection is not a list of texts"
    if asked.get("engine", Engine.DOCKER) not in tuple(Engine) or not isinstance(asked.get("shard", ""), str):
        return "its engine or its shard is invalid"
    if not isinstance(asked.get("compare", ""), str):
        return "its --compare axis is not a text"
    return "" if of == "" or is_name(of) else "the run named by --failed has an invalid name"
