"""From a plan to tasks: what each needs, what it uses of this host, and how long it will take."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bootmatrix.model import MIB
from bootmatrix.running import pairs
from bootmatrix.schedule import partners
from bootmatrix.schedule.task import Demand, Task
from bootmatrix.toolchains.build import BuildStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bootmatrix.planning.plan import Plan
    from bootmatrix.planning.step import BootStep
    from bootmatrix.running.steps import Steps
    from bootmatrix.schedule.board import Board
    from bootmatrix.schedule.capacity import Capacity
    from bootmatrix.schedule.times import Times
    from bootmatrix.toolchains.toolchain import Image

TENDER = 64 * MIB  # what a tender takes besides its guest's memory, as the host has it to share out
ENOUGH = 5  # boots after which those of which nothing is known are thought to take as long
UNKNOWN = 5.0  # seconds that a boot is thought to take before that


class Tasks:
    """The tasks of a plan, and `hosts`, what each host has. What differs in `axis` alone follows one another, each
    once; what differs in `pair` boots in turn until the difference is known.
    """

    def __init__(
        self,
        plan: Plan,
        steps: Steps,
        times: Times,
        hosts: Mapping[str, Capacity],
        axis: str = "",
        pair: str = "",
    ) -> None:
        self.plan, self.steps, self.times, self.axis, self.pair = plan, steps, times, axis, pair
        # What they have when nothing runs: a board takes from it
        self.hosts = {name: replace(capacity) for name, capacity in hosts.items()}
        self._guessed: dict[str, float] = {}

    def of(self, wanted: list[int]) -> Iterator[Task]:
        """Those of the boots with these numbers, and what they need."""
        boots = [(index, self.plan.boots[index]) for index in wanted]
        needed = {_key(part) for _, step in boots if step.runs for part in _parts(step)}
        yield from (self._image(image) for image in self.plan.images if _key(image) in needed)
        yield from (self._build(step) for step in self.plan.builds if _key(step) in needed)
        alone: list[tuple[int, BootStep]] = []
        paired: list[tuple[int, BootStep]] = []
        for index, step in boots:
            (paired if self._is_paired(step) else alone).append((index, step))
        tasks = (self._boot(index, step) for index, step in alone)
        yield from self._in_turn([step for _, step in alone], list(tasks)) if self.axis else tasks
        planned = ((index, step, self._boot(index, step)) for index, step in paired)
        yield from pairs.tasks(planned, self.steps, self.pair)

    def _is_paired(self, step: BootStep) -> bool:
        """What is too large to be booted is not."""
        return pairs.pair_of(step, self.pair) is not None and not self._is_too_large(self._demand(step))

    def _is_too_large(self, demand: Demand) -> bool:
        return demand.memory > self.hosts[demand.host].memory

    def _in_turn(self, boots: Sequence[BootStep], tasks: Sequence[Task]) -> Iterator[Task]:
        """Partners follow one another when all that they need is made, and count as equally long."""
        keys = [pairs.others(step, self.axis) for step in boots]
        for task, place in zip(tasks, partners.in_turn(keys, self.steps.store.id), strict=True):
            group = [tasks[number] for number in place.group]
            after = {need for partner in group for need in partner.needs}.difference(task.needs)
            seconds = sum(partner.seconds for partner in group) / len(group)
            yield replace(task, order=place.order, after=tuple(sorted(after)), seconds=seconds)

    def _image(self, image: Image) -> Task:
        lane = frozenset({f"images of {image.folder}"})  # they share layers: the second finds those of the first
        act, lost = partial(self.steps.makers.image, image), partial(self.steps.lost, "image", image.name)
        seconds = self.times.of_maker("image", image.name)
        return Task(_key(image), act, lost, (), Demand(names=lane, maker=True), seconds)

    def _build(self, step: BuildStep) -> Task:
        needs = (_key(step.image),) if step.image else ()
        act, lost = partial(self.steps.makers.build, step), partial(self.steps.lost, "build", step.id)
        demand = Demand(maker=True, host=self.steps.places.of(step.site).host.name)
        return Task(_key(step), act, lost, needs, demand, self.times.of_maker("build", step.id))

    def _boot(self, index: int, step: BootStep) -> Task:
        act, lost = partial(self.steps.boot, index, step), partial(self.steps.unbooted, index, step)
        if not step.runs:
            return Task(step.id, act, lost, order=index)
        demand = self._demand(step)
        if self._is_too_large(demand):
            refuse = partial(self.steps.too_large, index, step, demand.memory, self.hosts[demand.host].memory)
            return Task(step.id, refuse, lost, order=index)
        needs = tuple(map(_key, _parts(step)))
        return Task(step.id, act, lost, needs, demand, self._seconds(step), index)

    def _demand(self, step: BootStep) -> Demand:
        """Never more processors than there are: then it has its host for itself."""
        place = self.steps.places.of(step.site)
        most = self.hosts[place.host.name]
        accelerators = self.steps.booter.router.preparer.accelerators
        kvm = [part for part in step.parts if part.tender and accelerators.may_use_kvm(place, part.tender, part.arch)]
        return Demand(
            cpus=min(sum(part.template.cpus for part in step.parts), most.cpus),
            memory=sum(part.template.memory + TENDER for part in step.parts),
            kvm=min(sum(part.template.cpus for part in kvm), most.kvm),
            names=step.resources,
            host=place.host.name,
        )

    def _seconds(self, step: BootStep) -> float:
        """What the boot will take; where that is not known, what stands for it in the order of boots."""
        if (known := self.times.guess(step)) is not None:
            return known
        self._guessed[step.id] = min(step.template.timeout, UNKNOWN)
        return self._guessed[step.id]

    def left(self, board: Board) -> float | None:
        """Seconds until the end, if all go on as they do; None while too little is known."""
        unknown = [key for key in self._guessed if key in board.waiting and key not in board.postponed]
        guessed = [self._guessed[key] for key in unknown]
        booted = [seconds for key, seconds in list(self.steps.took.items()) if "/" in key]
        if guessed and len(booted) < ENOUGH:
            return None
        mean = sum(booted) / len(booted) if booted else 0.0
        return max(0.0, board.left - sum(guessed) + len(guessed) * mean) / board.slots


def _parts(step: BootStep) -> list[Image | BuildStep]:
    """What it needs."""
    every = (part for boot in step.parts for part in (boot.image, boot.build, *boot.besides.values()))
    return [part for part in dict.fromkeys(every) if part]


def _key(part: Image | BuildStep) -> str:
    return f"build {part.key}" if isinstance(part, BuildStep) else f"image {part.tag}"
