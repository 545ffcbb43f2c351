"""The boxes of a run that are of one kind: begun when first needed, shared by boots, replaced where one is lost."""

from __future__ import annotations

import contextlib
import itertools
import threading
from importlib.resources import files as sources
from typing import TYPE_CHECKING

from bootmatrix import files as plain, host, keys, locks, uses
from bootmatrix.errors import InfrastructureError, Problem
from bootmatrix.model import MIB
from bootmatrix.places.boxes import machine, roots
from bootmatrix.places.boxes.machine import Machine
from bootmatrix.places.containers import agents, engine
from bootmatrix.places.containers.place import ContainerPlace
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bootmatrix.places.boxes.slot import Slot
    from bootmatrix.places.containers.pool import Pool

PARTS = ("ferry_link", "ferry_slot", "ferry_pipes", "ferry")
FERRY = "".join(sources("bootmatrix.places.boxes").joinpath(f"{name}.c").read_text() for name in PARTS)
COMPILE = 'printf %s "$1" >/tmp/it.c && gcc -O2 -s -static -pthread -o /tmp/it /tmp/it.c >&2 && exec cat /tmp/it'
COMPILE_SECONDS, LARGEST = 120.0, 4 << 20
KIND = "agent"  # of what is kept, for `gc`
TICK = 0.1
TENDER = 48 * MIB

_numbers = itertools.count(1)  # of all kinds together: their folders are in one


def needs(job: Job) -> int:
    """How much of a machine's memory is the job's: its guest, its tender, and what it writes to its scratch folder."""
    return job.guest + TENDER + job.scratch


class Machines:
    """Those of the box whose image has the tag `box`; `own_root` says that jobs run in the box's own root."""

    def __init__(self, box: str, pool: Pool, *, own_root: bool = False) -> None:
        self.box, self.pool, self.own_root = box, pool, own_root
        self.place = ContainerPlace(box, pool)
        self._machines: list[Machine] = []
        self._lock, self._beginning = threading.Condition(), threading.Lock()
        self._turns = itertools.count(1)
        self._line: dict[int, int] = {}  # bytes that those want who wait for a slot, by their turns
        self._closed, self._forgiving = False, True
        self._excused: object = None
        self._programs: dict[str, bytes] = {}

    def take(self, image: str, job: Job) -> Slot:
        """A slot for the job; raises InfrastructureError if there is none to be had."""
        self.pool.await_engine()
        root = self._root(image)
        try:
            slot = self._reserved(image, job)
        except InfrastructureError:
            if not self._forgiven():
                raise
            return self.take(image, job)
        known = slot.machine.served
        try:
            if not slot.suits(image, job):
                slot.fit(image, root, job)
        except BaseException as error:
            self.give_back(slot, clean=False)
            if not isinstance(error, InfrastructureError) or not slot.lost:
                raise
            slot.machine.close()
            if not known and not self._forgiven(slot.machine):
                raise
        else:
            self._forgiving = True
            return slot
        return self.take(image, job)  # that machine was lost before it had anything of this job

    def _forgiven(self, lost: object = None) -> bool:
        """Whether another is begun in the place of one that never served: once, until one does. All who were in that
        one have another.
        """
        with self._lock:
            if not self._forgiving and (lost is None or lost is not self._excused):
                return False
            self._forgiving, self._excused = False, lost
            return not self._closed

    def renew(self, slot: Slot, image: str, job: Job) -> None:
        """Make a slot anew for a job of the same room; raises InfrastructureError."""
        slot.fit(image, self._root(image), job)

    def _root(self, image: str) -> str:
        return "" if self.own_root else roots.of(image, self.box, self.pool)

    def give_back(self, slot: Slot, *, clean: bool) -> None:
        """Let the next job have it; of one that is not clean the machine makes another first."""
        with self._lock:
            slot.free(clean=clean)
            self._lock.notify_all()

    def close(self) -> None:
        """End all machines."""
        with self._lock:
            self._closed = True
            machines, self._machines = self._machines, []
        for each in machines:
            each.close()

    def _reserved(self, image: str, job: Job) -> Slot:
        """One that is free, who has waited longest first; else one of a new machine. Whom another's end is enough for
        does not wait for that machine, and what is begun for a job is that job's.
        """
        with self._lock:
            turn = next(self._turns)
            self._line[turn] = needs(job)
        try:
            while not (found := self._free(image, job, turn)):
                if self._beginning.acquire(blocking=False):
                    try:
                        return self._free(image, job, turn) or self._of_new(job, turn)
                    finally:
                        self._beginning.release()
                with self._lock:
                    self._lock.wait(TICK)
            return found
        finally:
            self._leave(turn)

    def _leave(self, turn: int) -> None:
        with self._lock:
            self._line.pop(turn, None)
            self._lock.notify_all()

    def _free(self, image: str, job: Job, turn: int) -> Slot | None:
        """The one that takes the least time to be fit for the job, which it has from now on; none that those want whose
        turn is before.
        """
        with self._lock:
            gone = [each for each in self._machines if not each.alive or (each.worn and each.idle)]
            self._machines = [each for each in self._machines if each not in gone]
            roomy = [each for each in self._machines if not each.worn and each.left >= needs(job)]
            free = [slot for each in roomy for slot in each.slots if not slot.taken]
            most = max((each.left for each in roomy if not all(slot.taken for slot in each.slots)), default=0)
            before = sum(other < turn and wanted <= most for other, wanted in self._line.items())
            free = free if len(free) > before else []
            found = min(free, key=lambda slot: (not slot.suits(image, job), slot.used), default=None)
            if found:
                found.taken = needs(job)
        for each in gone:
            each.close()
        return found

    def _of_new(self, job: Job, turn: int) -> Slot:
        self._leave(turn)
        begun = self._begin(job)
        with self._lock:
            begun.slots[0].taken = needs(job)
            if not self._closed:
                self._machines.append(begun)
                self._lock.notify_all()
                return begun.slots[0]
        begun.close()
        raise InfrastructureError(f"the run ended while {begun.name} was started")

    def _begin(self, job: Job) -> Machine:
        number = next(_numbers)
        folder = self.pool.own_folder() / f"box{number}"
        memory = max(machine.LEAST, machine.BASE + needs(job))
        return Machine(self.place, folder, self._brought(), memory, f"box {number} of {self.box}")

    def _brought(self) -> Mapping[str, bytes]:
        """What runs in a machine, as the box's own compiler makes it, once."""
        if not self._programs:
            self._programs = {name: self._program(name, text) for name, text in PROGRAMS.items()}
        return self._programs

    def _program(self, name: str, source: str) -> bytes:
        key = keys.of(engine.image_id(self.box), source)
        kept = host.cache() / f"{KIND}s" / key / name
        uses.mark(KIND, key, f"{name} of {self.box}")
        with locks.held(f"{KIND} {key}", self.pool.stop):
            with contextlib.suppress(OSError):
                return plain.read(kept, LARGEST)
            job = Job(("sh", "-c", COMPILE, "sh", source), f"the {name} of a box")
            made = self.pool.printed(self.box, job, COMPILE_SECONDS, LARGEST)
            if not made.startswith(agents.ELF):
                remedy = "its image must have gcc and a static libc: libc6-dev"
                raise InfrastructureError(Problem(f"the {name} of {self.box} cannot be compiled", remedy=remedy))
            with contextlib.suppress(OSError):  # then it is compiled again
                kept.parent.mkdir(parents=True, exist_ok=True)
                plain.write(kept, made, 0o755)
            return made


PROGRAMS = {"ferry": FERRY, "agent": agents.SOURCE}
