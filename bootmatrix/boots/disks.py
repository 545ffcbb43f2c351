"""A boot's disks when it has ended: held against what is expected of them, and kept where it did not pass."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.boots import starvation, words
from bootmatrix.boots.tenders import last_line
from bootmatrix.errors import InfrastructureError, Problem, printable
from bootmatrix.judging import disks as contents
from bootmatrix.matrix import filling
from bootmatrix.model import Verdict
from bootmatrix.places.disks import Disk, beside
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.stop import StopKind
from bootmatrix.watching.watch import watch
from bootmatrix.watching.witness import Findings

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from bootmatrix.boots.preparing import Prepared
    from bootmatrix.matrix.keys.blocks import Disk as Wanted
    from bootmatrix.places.disks import Laid
    from bootmatrix.places.place import Job, Place
    from bootmatrix.runs.store import Store
    from bootmatrix.watching.watch import Watched

KEPT = frozenset({Verdict.FAILED, Verdict.CONTRADICTED, Verdict.TIMED_OUT})


def examined(
    prepared: Prepared, place: Place, laid: Laid | None, seen: Watched, attempt: int, stop: threading.Event
) -> Watched:
    """With complaints about each disk that is not as expected. Its job has ended, and its disks are still there.

    Raises InfrastructureError if they cannot be looked at, or if the run stops; Fatal if this host's disk is full.
    """
    if not laid or seen.is_for(StopKind.INTERRUPTED):
        return seen
    laid.check_room()
    found = tuple(_Examiner(prepared, place, laid, attempt, stop).complaints())
    return replace(seen, findings=seen.findings | Findings(complaints=found))


@dataclass(frozen=True)
class _Examiner:
    prepared: Prepared
    place: Place
    laid: Laid
    attempt: int
    stop: threading.Event

    def complaints(self) -> Iterator[str]:
        for key, wanted in self._filled("").items():
            if wanted.expect.model_fields_set:
                for name in wanted.names(key):
                    yield from self._of(key, name, wanted)

    def _filled(self, disk: str) -> dict[str, Wanted]:
        """`disk` is where a command sees the one that it is for."""
        values = {**self.prepared.given.inside, "attempt": str(self.attempt), "disk": disk}
        found: dict[str, Wanted] = filling.of_key(self.prepared.fields, "blocks", values)
        return found

    def _of(self, key: str, name: str, wanted: Wanted) -> Iterator[str]:
        expect = wanted.expect
        try:
            with self.laid.opened(name) as descriptor:
                if expect.sha256 and (found := contents.digest(descriptor, self.stop)) != expect.sha256:
                    yield f"the disk '{name}' has the sha256 {found} instead of {expect.sha256}"
                for pattern in contents.missing(descriptor, expect.contains, self.stop):
                    yield f"the disk '{name}' does not hold {pattern}"
                if expect.command:
                    yield from self._told(key, name, descriptor)
        except OSError as error:
            yield f"the disk '{name}' cannot be read: {error.strerror or error}"

    def _told(self, key: str, name: str, descriptor: int) -> Iterator[str]:
        """What its command says of it, in the place of the boot, with the same limits."""
        folder = self.place.folder()
        argv = tuple(self._filled(f"{beside(folder)}/{name}")[key].expect.command)
        words.check(argv)
        disk = Disk(os.fstat(descriptor).st_size, read_only=True, descriptor=descriptor)
        job = replace(self.prepared.job, argv=argv, folder=folder, disks={name: disk})
        seen = starvation.unhurried(partial(self._watched, job), self.prepared.fields.timeout)
        if seen.is_for(StopKind.INTERRUPTED):
            raise InfrastructureError(contents.INTERRUPTED)
        if seen.exit and seen.exit.status == 0:
            return
        if starved := starvation.of(seen, starvation.PROCESSORS):
            what = f"the check of the disk '{name}' was starved of processor time: {seen.stopped}, {starved}"
            raise InfrastructureError(Problem(what, remedy=starvation.REMEDY))
        ended = seen.stopped
        if seen.exit:
            ended = f"was ended by {seen.exit.signal}" if seen.exit.signal else f"ended with status {seen.exit.status}"
        said = printable(last_line(texts.clean(seen.console.raw())), 200)
        yield f"the check of the disk '{name}', {printable(shlex.join(argv), 100)}, {ended}: {said}"

    def _watched(self, job: Job, seconds: float) -> Watched:
        with self.place.start(job) as process:
            return watch(process, Limits(seconds, self.prepared.fields.console_limit, merge=True), self.stop)


def kept(store: Store, test: str, attempt: str, laid: Laid | None, verdict: Verdict) -> tuple[str, ...]:
    """The files in which the disks of an attempt are kept: of one that did not pass, those that are not too large."""
    if not laid or verdict not in KEPT:
        return ()
    found = []
    for name in laid.numbers:
        try:
            with laid.opened(name) as descriptor:
                found.append(store.keep_disk(test, f"{attempt}.disk.{name}.img", descriptor))
        except OSError:  # it cannot be read any more, which its complaint has said
            continue
    return tuple(filter(None, found))
