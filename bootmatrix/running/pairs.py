"""From tests that boot in turn to tasks: one for each group of partners, which holds one worker until all is known."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bootmatrix.matrix.keys.pair import Pair
from bootmatrix.schedule.task import Demand, Task

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from bootmatrix.errors import BootmatrixError
    from bootmatrix.planning.step import BootStep
    from bootmatrix.running.steps import Steps

Planned = tuple[int, "BootStep", Task]
"""A boot's number, the boot, and what its task would be if it had no partners."""


def pair_of(step: BootStep, axis: str = "") -> Pair | None:
    """What the test says, or for this `axis` of the command line; None where it has no value of the axis."""
    pair = step.template.pair
    if axis and (pair is None or pair.axis != axis):
        pair = (pair or Pair(axis=axis)).model_copy(update={"axis": axis, "base": ""})
    return pair if pair and step.runs and pair.axis in {**step.cell.values, **step.params} else None


def others(step: BootStep, axis: str) -> Hashable:
    """What partners have in common: the test's name, and all values but that of the axis."""
    values = {**step.cell.values, **step.params}
    return step.name, frozenset((key, text) for key, text in values.items() if key != axis)


def tasks(planned: Iterable[Planned], steps: Steps, axis: str = "") -> Iterator[Task]:
    """Those of boots that `pair_of` has a pair for."""
    groups: dict[Hashable, list[Planned]] = {}
    pairs: dict[Hashable, Pair] = {}
    for index, step, task in planned:
        pair = pair_of(step, axis)
        assert pair  # noqa: S101
        key: Hashable = (others(step, pair.axis), repr(pair), task.demand.host)
        groups.setdefault(key, []).append((index, step, task))
        pairs[key] = pair
    for key, group in groups.items():
        yield from _Group(group, pairs[key], steps).tasks()


class _Group:
    """Partners: those whose image and build could not be made do not keep the others from booting."""

    def __init__(self, group: Sequence[Planned], pair: Pair, steps: Steps) -> None:
        self.pair, self.steps = pair, steps
        self.group = sorted(group, key=lambda planned: planned[1].values[pair.axis] != pair.base)
        self.made: set[str] = set()

    def tasks(self) -> Iterator[Task]:
        """One for each partner, which ends when all that it needs is made, and one that boots them."""
        for index, step, task in self.group:
            made, lost = partial(self.made.add, step.id), partial(self.steps.unbooted, index, step)
            yield Task(f"made for {step.id}", made, lost, task.needs, Demand(cpus=0, host=task.demand.host))
        each = [task for _, _, task in self.group]
        yield replace(
            each[0],
            act=self._boot,
            lost=self._lost,
            needs=(),
            after=tuple(f"made for {task.key}" for task in each),
            demand=_demand([task.demand for task in each]),
            seconds=sum(task.seconds for task in each),
            order=min(task.order for task in each),
        )

    def _boot(self) -> None:
        if ready := self._ready():
            self.steps.in_turn(ready, self.pair)

    def _lost(self, error: BootmatrixError) -> None:
        for index, step in self._ready():
            self.steps.unbooted(index, step, error)

    def _ready(self) -> list[tuple[int, BootStep]]:
        return [(index, step) for index, step, _ in self.group if step.id in self.made]


def _demand(each: Sequence[Demand]) -> Demand:
    """What the largest of them needs: they never run at once."""
    return each[0]._replace(
        cpus=max(demand.cpus for demand in each),
        memory=max(demand.memory for demand in each),
        kvm=max(demand.kvm for demand in each),
        names=frozenset().union(*(demand.names for demand in each)),
    )
