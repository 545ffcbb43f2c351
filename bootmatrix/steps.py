"""The three things that a run does, as tasks: images <- builds <- boots, each told to the journal before and after."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from bootmatrix import bases, boot, build, host, imagebuild, locks, retry, uses
from bootmatrix.errors import InfrastructureError
from bootmatrix.matrix import template
from bootmatrix.model import MIB, Result
from bootmatrix.places.container import ContainerPlace
from bootmatrix.places.local import LocalPlace
from bootmatrix.quantities import human_size
from bootmatrix.runs.passes import Keys
from bootmatrix.schedule.task import Demand, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.build import BuildStep
    from bootmatrix.errors import BootmatrixError
    from bootmatrix.model import Attempt
    from bootmatrix.places.place import Place
    from bootmatrix.places.pool import Pool
    from bootmatrix.plan import BootStep, Plan
    from bootmatrix.runs.passes import Passes
    from bootmatrix.runs.store import Store
    from bootmatrix.schedule.board import Board, Room
    from bootmatrix.schedule.times import Times
    from bootmatrix.screen import Screen
    from bootmatrix.toolchain import Image

TENDER = 64 * MIB  # what a tender takes besides its guest's memory, as the host has it to share out
ENOUGH = 5  # boots after which those of which nothing is known are thought to take as long
UNKNOWN = 5.0  # seconds that a boot is thought to take while nothing is known of it


class Steps:
    """Makes the tasks of a plan; each boot comes to one result, whatever happens."""

    def __init__(self, plan: Plan, store: Store, passes: Passes, pool: Pool, screen: Screen, times: Times) -> None:
        self.plan, self.store, self.passes, self.screen, self.times = plan, store, passes, screen, times
        self.pool = pool
        self.stop = pool.stop
        self.took: dict[str, float] = {}
        self.reuse = False
        self.booter = boot.Booter(store, self.stop, on_attempt=self._attempted)
        if screen.wants_consoles:
            self.booter.on_chunk = screen.console
        self._places: dict[str, Place] = {}
        self._keys = Keys()
        self._guessed: dict[str, float] = {}

    def tasks(self, wanted: list[int], room: Room) -> Iterator[Task]:
        """Those of the boots with these numbers, and what they need."""
        boots = [(index, self.plan.boots[index]) for index in wanted]
        needed = {_key(part) for _, step in boots if step.runs for part in (step.image, step.build) if part}
        for image in self.plan.images:
            if _key(image) in needed:
                yield self._image_task(image)
        for step in self.plan.builds:
            if _key(step) in needed:
                yield self._build_task(step)
        for index, boot_step in boots:
            yield self._boot_task(index, boot_step, room)

    def _image_task(self, image: Image) -> Task:
        lane = frozenset({f"images of {image.folder}"})  # they share layers: the second finds those of the first
        act, lost = partial(self._image, image), partial(self._lost, "image", image.name)
        seconds = self.times.of_maker("image", image.name)
        return Task(_key(image), act, lost, (), Demand(names=lane, maker=True), seconds)

    def _build_task(self, step: BuildStep) -> Task:
        needs = (_key(step.image),) if step.image else ()
        act, lost = partial(self._build, step), partial(self._lost, "build", step.id)
        return Task(_key(step), act, lost, needs, Demand(maker=True), self.times.of_maker("build", step.id))

    def _boot_task(self, index: int, step: BootStep, room: Room) -> Task:
        act, lost = partial(self._boot, index, step), partial(self._unbooted, index, step)
        if not step.runs:
            return Task(step.id, act, lost, order=index)
        if step.template.memory + TENDER > room.memory:
            return Task(step.id, partial(self._too_large, index, step, room.memory), lost, order=index)
        needs = tuple(_key(part) for part in (step.image, step.build) if part)
        kvm = step.tender and self.booter.preparer.accelerators.may_use_kvm(
            self.place_of(step.image).name, step.tender, step.arch
        )
        return Task(step.id, act, lost, needs, demand_of(step, room, kvm=bool(kvm)), self._seconds(step), index)

    def _seconds(self, step: BootStep) -> float:
        """What the boot will take; where that is not known, what stands for it in the order of boots."""
        if (known := self.times.guess(step)) is not None:
            return known
        self._guessed[step.id] = min(step.template.timeout, UNKNOWN)
        return self._guessed[step.id]

    def left(self, board: Board, workers: int) -> float | None:
        """Seconds until the end, if all go on as they do; None while too little is known."""
        guessed, booted = list(self._guessed.values()), [s for key, s in list(self.took.items()) if "/" in key]
        if guessed and len(booted) < ENOUGH:
            return None
        mean = sum(booted) / len(booted) if booted else 0.0
        return max(0.0, board.left - sum(guessed) + len(guessed) * mean) / workers

    def place_of(self, image: Image | None) -> Place:
        """One for each image: it keeps what it knows of it."""
        tag = image.tag if image else ""
        if tag not in self._places:
            self._places[tag] = ContainerPlace(tag, self.pool) if tag else LocalPlace(host.scratch())
        return self._places[tag]

    def _image(self, image: Image) -> None:
        def make() -> None:
            self.pool.await_engine()
            uses.mark("image", image.tag, image.name)
            for base in bases.of(image):
                uses.mark("base", base.stand_in, base.name)
            if imagebuild.exists(image):
                self.store.event("image found", image=image.name, tag=image.tag)
                return
            with self._timed("image", image.name, tag=image.tag, log=str(log)) as say:
                imagebuild.make(image, log, self.stop, say)

        log = self.store.log("image", image.name)
        with locks.held(f"image {image.tag}", self.stop):
            retry.infrastructure(make, self.stop.wait, self.stop.is_set)

    def _build(self, step: BuildStep) -> None:
        def make() -> None:
            if step.image:
                self.pool.await_engine()
            place = self.place_of(step.image)
            uses.mark("build", step.output(place).name, step.id)
            if step.output(place).is_dir():
                self.store.event("build found", build=step.id, key=step.key)
                return
            with self._timed("build", step.id, key=step.key, log=str(log)) as say:
                build.make(step, place, log, self.stop, say)

        log = self.store.log("build", step.id)
        with locks.held(f"build {step.key}", self.stop):
            retry.infrastructure(make, self.stop.wait, self.stop.is_set)

    @contextlib.contextmanager
    def _timed(self, kind: str, name: str, **details: str) -> Iterator[Any]:
        clock = time.monotonic()
        self.store.event(f"{kind} started", **{kind: name}, **details)
        with self.screen.working(f"{kind} {name}") as say:
            yield say
        seconds = round(time.monotonic() - clock, 3)
        self.took[f"{kind} {name}"] = seconds
        self.store.event(f"{kind} finished", **{kind: name}, seconds=seconds)
        self.screen.made(kind, name, seconds)

    def _boot(self, index: int, step: BootStep) -> None:
        if not step.runs:
            kind = "skipped" if step.skip else "error"
            self._told(index, boot.result(step, step.template, kind, step.skip or step.error))
            return
        fields, place = step.fields, self.place_of(step.image)
        key = self._keys.of(step, fields, place)
        if self.reuse and (again := self.passes.take(key, self.store.folder)):
            self._told(index, again)
            return
        self.store.event("boot started", boot=step.id)
        with self.screen.working(f"boot {step.id}"):
            result = self.booter.run(step, fields, place)
        if result:  # what was cut short is told with all that was not tried, and run when the run is resumed
            self._told(index, replace(result, key=key))

    def _too_large(self, index: int, step: BootStep, memory: int) -> None:
        need, have = human_size(step.template.memory + TENDER), human_size(memory)
        reason = f"it needs {need} of memory with its tender, and guests may have {have} here: `--mem` gives them more"
        kind = "error" if step.template.unavailable == "error" else "skipped"
        self._told(index, boot.result(step, step.template, kind, reason))

    def _attempted(self, step: BootStep, attempt: Attempt) -> None:
        self.store.event(
            "attempt finished",
            boot=step.id,
            number=attempt.number,
            verdict=attempt.verdict,
            outcome=str(attempt.outcome),
            seconds=attempt.seconds,
            reason=attempt.reason,
        )
        if attempt.verdict != "passed":
            self.screen.attempt(step.id, attempt.number, attempt.reason)

    def _told(self, index: int, result: Result) -> None:
        try:
            at, length = self.store.keep(index, result)
        except ValueError as error:
            what = f"the runner's answer cannot be kept: {error}"
            result = Result(result.cell, result.test, "error", what, axes=result.axes, repro=result.repro)
            at, length = self.store.keep(index, result)
        self.passes.note(result, self.store.id, at, length)
        self._guessed.pop(result.id, None)
        if result.attempts and not result.reused:
            self.took[result.id] = result.seconds
        self.screen.result(result)

    def _lost(self, kind: str, name: str, error: BootmatrixError) -> None:
        self.store.event(f"{kind} failed", **{kind: name}, reason=str(error))
        self.screen.failed(kind, name, str(error))

    def _unbooted(self, index: int, step: BootStep, error: BootmatrixError) -> None:
        ours = isinstance(error, InfrastructureError)
        if self.stop.is_set() and ours:
            return  # it was not tried: told with all the others that were not
        self._told(index, boot.result(step, step.template, "error", str(error), infrastructure=ours))


def demand_of(step: BootStep, room: Room, *, kvm: bool) -> Demand:
    """What a boot uses of the host; never more than there is of processors: then it has the host for itself."""
    fields = step.template
    values = step.values if fields.resources else {}
    names = frozenset(template.fill(name, values) for name in fields.resources)
    return Demand(
        cpus=min(fields.cpus, room.cpus),
        memory=fields.memory + TENDER,
        kvm=min(fields.cpus, room.kvm) if kvm else 0,
        names=names,
    )


def _key(part: Image | BuildStep) -> str:
    return f"build {part.key}" if isinstance(part, build.BuildStep) else f"image {part.tag}"
