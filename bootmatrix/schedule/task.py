"""A task: what it needs done before, what it uses while it runs, and how long it will take by what is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bootmatrix.places.hosts import HERE

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.errors import BootmatrixError


class Demand(NamedTuple):
    """What a task uses of its host while it runs: `memory` in bytes, `kvm` in virtual processors under KVM, `names` of
    things of which there is one. `maker`: it makes an image or a build, for which others wait.
    """

    cpus: int = 1
    memory: int = 0
    kvm: int = 0
    names: frozenset[str] = frozenset()
    maker: bool = False
    host: str = HERE.name


ONE = Demand()
"""A processor and nothing else."""


@dataclass(frozen=True, slots=True)
class Later:
    """What is left of a task, for when all others have begun; `seconds` is what it will take."""

    act: Callable[[], Later | None]
    seconds: float


@dataclass(frozen=True, slots=True)
class Task:
    """`act` does it, or says what of it to do later; `lost` is told why it was not done, or why `act` raised. Each task
    ends in one of the two, but for those that were not begun when the run was stopped. It is lost with any that it
    `needs`; with those that it comes `after` it is not. `seconds` is what it will take, `order` that of the report.
    """

    key: str
    act: Callable[[], Later | None]
    lost: Callable[[BootmatrixError], None]
    needs: tuple[str, ...] = ()
    demand: Demand = ONE
    seconds: float = 0.0
    order: int = 0
    after: tuple[str, ...] = ()

    @property
    def waits(self) -> set[str]:
        """The keys of all that must have ended before it begins."""
        return {*self.needs, *self.after}
