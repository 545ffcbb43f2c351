"""One boot of the plan: a test on a cell, all that its matrix says of it, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix.matrix import filling, template
from bootmatrix.matrix.expanding import cells
from bootmatrix.model import Quarantine, repro
from bootmatrix.planning import networks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.model import Cell, Interface, Runner, Tender
    from bootmatrix.model.remote import Remote
    from bootmatrix.toolchains.build import BuildStep
    from bootmatrix.toolchains.toolchain import Image


@dataclass(frozen=True, slots=True)
class BootStep:
    """One test on one cell, small, since there may be many. `skip` says why it will not run, `error` why it cannot.

    `test` is the name with the parameters, as in the id; `template` has placeholders, and is shared with other boots.
    `where` is the test's place, as a Result's; `options` are those with which the user asked for it, `again` the
    command that repeats it, where `repro` cannot. `besides` are the
    images, by name, in which programs of its checks are run.

    A test of several guests has a step for each of its `guests`, and nothing to boot itself. Of those steps `guest` is
    the name, `after` are the guests that must be ready before, and `others` what placeholders stand for that name
    other guests.

    `remote` is the host over SSH that its cell names in the place of an image.
    """

    id: str
    cell: Cell
    name: str
    test: str
    params: Mapping[str, str] = field(compare=False)
    backend: str
    arch: str
    root: Path = field(compare=False)
    template: TestFields = field(compare=False)
    runner: Runner = field(compare=False)
    tender: Tender | None = field(compare=False)
    image: Image | None = field(compare=False)
    build: BuildStep | None = field(compare=False)
    skip: str = ""
    error: str = ""
    quarantine: Quarantine = field(default=Quarantine(), compare=False)
    where: str = field(default="", compare=False)
    options: tuple[str, ...] = field(default=(), compare=False)
    again: str = field(default="", compare=False)
    interfaces: tuple[Interface, ...] = field(default=(), compare=False)
    besides: Mapping[str, Image] = field(default_factory=dict, compare=False)
    guest: str = field(default="", compare=False)
    guests: Mapping[str, BootStep] = field(default_factory=dict, compare=False)
    after: tuple[str, ...] = field(default=(), compare=False)
    others: Mapping[str, str] = field(default_factory=dict, compare=False)
    remote: Remote | None = field(default=None, compare=False)

    @property
    def site(self) -> Image | Remote | None:
        """Where it is: in an image, on a host over SSH, or here."""
        return self.remote or self.image

    @property
    def test_id(self) -> str:
        """The id of the whole test, also of a step for one of its guests."""
        return f"{self.cell.id}/{self.test}"

    @property
    def parts(self) -> tuple[BootStep, ...]:
        """What is booted: its guests, or itself."""
        return tuple(self.guests.values()) or (self,)

    def told(self, text: str) -> str:
        """What is said of it alone, in a message on the whole test."""
        return f"the guest '{self.guest}': {text}" if self.guest else text

    @property
    def soaked(self) -> float:
        """How many seconds it is soaked, 0 if it is not."""
        return max((each.template.soak.duration for each in self.parts if each.template.soak), default=0.0)

    @property
    def repro(self) -> str:
        """The command that repeats it."""
        return self.again or repro(self.id, self.options)

    @property
    def values(self) -> dict[str, str]:
        """The cell's values, the test's parameters, and the names of the test itself."""
        own = {"format": self.runner.format, "test": self.name, "cell": self.cell.id}
        own |= {template.GUEST: self.guest} if self.guest else {}
        return {**cells.IMPLICIT, **self.cell.values, **self.params, **own}

    @property
    def placeholders(self) -> dict[str, str]:
        """The values, and what else placeholders stand for before a place is known."""
        return {**self.values, **self.others, **networks.placeholders(self.interfaces)}

    @property
    def resources(self) -> frozenset[str]:
        """The names of what it has for itself, their placeholders filled in."""
        if not self.template.resources:
            return frozenset()
        return frozenset(filling.of_key(self.template, "resources", self.placeholders))

    @property
    def fields(self) -> TestFields:
        """The test's fields, their placeholders filled in anew at each call."""
        return filling.fill(self.template, self.placeholders)

    @property
    def runs(self) -> bool:
        return not (self.skip or self.error)
