"""What a host can still do at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bootmatrix.schedule.task import Demand


@dataclass
class Capacity:
    """What a host still has: slots, bytes of memory, virtual processors under KVM, and the names in use. `slots` is how
    many it had, `making` how many tasks make something there at the moment.
    """

    cpus: int
    memory: int
    kvm: int
    names: set[str] = field(default_factory=set)
    making: int = 0
    slots: int = field(init=False)

    def __post_init__(self) -> None:
        self.slots = self.cpus

    def fits(self, demand: Demand) -> bool:
        enough = demand.cpus <= self.cpus and demand.memory <= self.memory and demand.kvm <= self.kvm
        return enough and not (demand.names & self.names)

    def take(self, demand: Demand) -> None:
        self.cpus -= demand.cpus
        self.memory -= demand.memory
        self.kvm -= demand.kvm
        self.names |= demand.names
        self.making += demand.maker

    def give_back(self, demand: Demand) -> None:
        self.cpus += demand.cpus
        self.memory += demand.memory
        self.kvm += demand.kvm
        self.names -= demand.names
        self.making -= demand.maker
