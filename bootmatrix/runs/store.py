"""A run on disk: `out/<run>/` with events.jsonl, results.json, the reports and every attempt's console."""

from __future__ import annotations

import os
import threading
from array import array
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bootmatrix import disk, files, host, sparse, texts
from bootmatrix.errors import InfrastructureError, Problem
from bootmatrix.results import Stored, encode
from bootmatrix.runs import names, order
from bootmatrix.runs.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Result
    from bootmatrix.texts import Record
    from bootmatrix.watching.watch import Watched

DISK, DISK_DATA = 1 << 30, 64 << 20  # bytes of a disk that is kept, and of what it takes of ours
ALL_DISKS = 1 << 30  # bytes that all kept disks of a run take
HEAD, TAIL = 256 << 10, 256 << 10  # bytes of a console that are kept


@dataclass(frozen=True)
class Consoles:
    """The files of one attempt, relative to the run's folder; empty where nothing was printed."""

    console: str
    tender: str
    others: tuple[str, ...] = ()


class Store:
    """The folder of a run, new or taken up again; `results` has a place for each test of the plan.

    Raises InfrastructureError if the folder cannot be written.
    """

    def __init__(self, out: Path, run: str, tests: int) -> None:
        self.id, self.out, self.folder = run, out, out / run
        try:
            host.mark_as_cache(out)
            fresh = not self.folder.is_dir()
            files.folder(out, run)
            if fresh:
                order.begun(out, run)
            self.journal = Journal(self.folder)
        except OSError as error:
            remedy = "choose another folder with --out"
            raise InfrastructureError(
                Problem(f"{self.folder} cannot be made: {error.strerror}", remedy=remedy)
            ) from None
        self._at, self._length = array("q", [-1]) * tests, array("q", [0]) * tests
        self._folders: set[str] = set()
        self._disks = self._copying = 0  # bytes that kept disks take, and of those that are under way
        self._lock = threading.Lock()
        self.verdicts: Counter[str] = Counter()
        self.frozen = False

    def freeze(self) -> None:
        """Take nothing more from other threads, which were given up; their descriptors stay open for them."""
        self.frozen = True
        self.journal.freeze()

    def event(self, kind: str, **details: Any) -> None:
        """Append one event; raises Fatal where the disk takes no more."""
        self.journal.event(kind, **details)

    def keep(self, index: int, result: Result, kind: str = "boot finished") -> tuple[int, int]:
        """Write the result of the plan's test number `index`; where the journal has it.

        Raises ValueError if a field is not of its type, as what a plug-in gave may not be.
        """
        lost = {"infrastructure": True} if result.infrastructure else {}  # it is tried again when the run goes on
        at, length = self.journal.result(kind, encode(result), boot=result.id, verdict=result.verdict, **lost)
        self.found(index, result.verdict, at, length)
        return at, length

    def found(self, index: int, verdict: str, at: int, length: int) -> None:
        """The journal has the result of a test already."""
        self._at[index], self._length[index] = at, length
        with self._lock:
            self.verdicts[verdict] += 1

    def missing(self) -> list[int]:
        """The tests that have no result."""
        return [index for index, at in enumerate(self._at) if at < 0]

    def results(self) -> Stored:
        """All that were told, in the order of the plan, read when they are asked for."""
        told = [index for index, at in enumerate(self._at) if at >= 0]
        at, length = (array("q", map(places.__getitem__, told)) for places in (self._at, self._length))
        return Stored(self.journal.file, at, length)

    def log(self, kind: str, name: str) -> Path:
        """A place for what making an image or a build prints, with nothing there; Fatal if it is not ours to write."""
        file = self.folder / names.log(kind, name)
        try:
            if os.path.lexists(file.parent):
                files.remove(files.folder(self.folder, "logs") / file.name)
        except OSError as error:
            raise disk.full(file, error) from None
        return file

    def keep_consoles(self, test: str, name: str, seen: Watched, *, passed: bool) -> Consoles:
        """Head and tail of what the guest and the tender printed, and the files of the witnesses: their names begin
        with `name`, such as the attempt's number.
        """
        found = seen.findings
        evidence = {} if passed else {each: made() for each, made in found.evidence.items()}
        return Consoles(
            self._keep_console(seen.console, test, f"{name}.console.log"),
            self._keep_console(seen.tender, test, f"{name}.tender.log"),
            tuple(self.keep_file(test, f"{name}.{each}", data) for each, data in {**found.files, **evidence}.items()),
        )

    def keep_disk(self, test: str, name: str, descriptor: int) -> str:
        """A copy of a disk beside the consoles; where, or empty if it is too large, or our own disk has no room for it
        beside what a run cannot do without. OSError if it cannot be read, Fatal if ours cannot be written.
        """
        size, data = os.fstat(descriptor).st_size, sparse.written(descriptor)
        relative = self._place_of(test, name)
        with self._lock:
            most = min(DISK_DATA, ALL_DISKS - self._disks, disk.room(os.statvfs(self.folder)) - self._copying)
            if size > DISK or data > most:
                return ""
            self._disks += data
            self._copying += data
        try:
            with files.created(f"{self.folder}/{relative}") as stream:
                sparse.copy(descriptor, stream.fileno(), size)
        except OSError as error:
            (self.folder / relative).unlink(missing_ok=True)  # it may have taken the room that a result needs
            if disk.is_full(error):
                return ""
            raise disk.full(self.folder / relative, error) from None
        finally:
            with self._lock:
                self._copying -= data
        return relative

    def _keep_console(self, record: Record, test: str, name: str) -> str:
        return self.keep_file(test, name, bounded(record)) if record.total else ""

    def keep_file(self, test: str, name: str, data: bytes) -> str:
        """A file of a test beside its consoles; where. Fatal if the disk takes no more."""
        relative = self._place_of(test, name)
        try:
            with files.created(f"{self.folder}/{relative}") as stream:  # a Path costs 5 µs, and there are thousands
                stream.write(data)
        except OSError as error:
            raise disk.full(self.folder / relative, error) from None
        return relative

    def _place_of(self, test: str, name: str) -> str:
        """Where a file of a test goes, relative to the run's folder, which is there then."""
        folder = names.consoles(test)
        if test not in self._folders:
            try:
                self._make_folder(*folder.split("/")[1:])
            except OSError as error:
                raise disk.full(self.folder / folder, error) from None
            self._folders.add(test)
        return f"{folder}/{name}"

    def _make_folder(self, cell: str, test: str) -> None:
        """For the consoles of a test: one call where it is new, and there are thousands."""
        if cell not in self._folders:
            files.folder(self.folder, "consoles", cell)
            self._folders.add(cell)
        try:
            os.mkdir(f"{self.folder}/consoles/{cell}/{test}")  # noqa: PTH102  # a Path costs 5 µs
        except FileExistsError:
            files.folder(self.folder, "consoles", cell, test)

    def point_at_it(self) -> None:
        """Let `latest` point here, if no newer run has told its results; raises Fatal if something else is there."""
        order.point_at(self.out, self.id)

    def close(self) -> None:
        if not self.frozen:
            self.journal.close()


def bounded(record: Record) -> bytes:
    """Head and tail, with a line between them that says what was left out."""
    data = record.raw()
    cut = len(data) - HEAD - TAIL
    if cut <= 0:
        return data
    return data[:HEAD] + texts.left_out(cut) + data[-TAIL:]


def new_id() -> str:
    """The name of a new run: ids sort by the time of their start, to the millisecond."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03}{os.urandom(4).hex()[:5]}"
