"""Where a test boots: in its own place, or in a box, a virtual machine that brings what its tender needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bootmatrix.boots.accelerator import Choice, Unaccelerated
from bootmatrix.boots.tenders import Unavailable
from bootmatrix.errors import UserError
from bootmatrix.model import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.boots.preparing import Prepared, Preparer
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.places.place import Place
    from bootmatrix.planning.step import BootStep

BOXED = {"kvm": "x86_64", "xen": "x86_64"}  # the accelerators that boxes bring, and whose guests they boot
NO_IMAGE = "a box could bring it, which needs a container engine: --engine docker"


@dataclass
class Router:
    """Prepares tests where they can boot. `boxed` gives a test's image in a box that has an accelerator; `asked` is
    what the user says of boxes, before what tests say.
    """

    preparer: Preparer
    boxed: Callable[[str, BootStep], Place] | None = None
    asked: str = ""

    def prepare(self, step: BootStep, fields: TestFields, place: Place) -> tuple[list[Prepared], Place]:
        """All guests of a test, which boot in one place. Raises as `Preparer.prepare`."""
        found, lacking = self.outside(step, fields, place)
        if not lacking:
            return found, place
        if not self.boxed:
            raise Unavailable(f"{lacking}; {NO_IMAGE}")
        box = self.boxed(lacking.accelerator, step)
        return [_told(each, str(lacking)) for each in self._prepared(step, fields, box)], box

    def outside(self, step: BootStep, fields: TestFields, place: Place) -> tuple[list[Prepared], Unaccelerated | None]:
        """All guests if they boot in the place itself; none, and what it lacks, if a box is to bring that.

        Raises as `Preparer.prepare`.
        """
        wanted = self.asked or fields.box
        always = wanted == "always" and not step.remote
        lacking = self._wanted(step) if always else self._lacking(step, place)
        if not lacking:
            try:
                return self._prepared(step, fields, place), None
            except Unaccelerated as error:
                lacking = error
        if wanted == "never" or step.remote or any(part.arch != BOXED.get(lacking.accelerator) for part in step.parts):
            raise lacking
        if not step.image:
            raise Unavailable(f"{lacking}; {NO_IMAGE}")
        return [], lacking

    def _lacking(self, step: BootStep, place: Place) -> Unaccelerated | None:
        """What the place is known to lack without a look at the tenders."""
        accelerators = self.preparer.accelerators
        found = (accelerators.lacking(place, part.tender, part.arch) for part in step.parts if part.tender)
        return next(filter(None, found), None)

    def _wanted(self, step: BootStep) -> Unaccelerated | None:
        """What a box can bring that the test's tenders can use."""
        names = [name for part in step.parts if part.tender for name in part.tender.accelerators if name in BOXED]
        return Unaccelerated("asked for a box", names[0]) if names else None

    def _prepared(self, step: BootStep, fields: TestFields, place: Place) -> list[Prepared]:
        return [self._one(part, fields if part is step else part.fields, place) for part in step.parts]

    def _one(self, part: BootStep, fields: TestFields, place: Place) -> Prepared:
        """A guest of the test, or the test itself."""
        try:
            return self.preparer.prepare(part, fields, place)
        except Unaccelerated as error:
            raise Unaccelerated(part.told(str(error)), error.accelerator) from None
        except Unavailable as error:
            raise Unavailable(part.told(str(error))) from None
        except Rejected as error:
            raise Rejected(part.told(str(error)), error.remedy) from None
        except UserError as error:
            raise UserError(*(replace(each, what=part.told(each.what)) for each in error.problems)) from None


def _told(prepared: Prepared, why: str) -> Prepared:
    """It says that it is in a box, and why."""
    choice = prepared.choice
    if not choice.name:
        return prepared
    return replace(prepared, choice=Choice(choice.name, why, boxed=choice.name in BOXED))
