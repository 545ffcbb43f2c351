"""From a planned boot to one that is possible: tender, accelerator and unikernel found and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix.accelerator import Accelerators, Choice
from bootmatrix.errors import Problem, UserError
from bootmatrix.matrix import template
from bootmatrix.model import MIB, Boot
from bootmatrix.places.place import Job, Mount
from bootmatrix.tenders import BUILD, Found, Tenders, Unavailable, nearest_file

if TYPE_CHECKING:
    from bootmatrix.places.place import Place
    from bootmatrix.plan import BootStep

OVERHEAD = 512 * MIB  # what a tender may need besides its guest's memory: QEMU's own is 50 to 150 MiB


@dataclass(frozen=True)
class Prepared:
    """A boot that is possible: all but the attempt's number is known."""

    step: BootStep
    found: Found
    choice: Choice
    unikernel: Path
    inside: str
    mounts: tuple[Mount, ...]


@dataclass
class Preparer:
    """Prepares boots; what it finds out of places it keeps for the next."""

    tenders: Tenders = field(default_factory=Tenders)
    accelerators: Accelerators = field(default_factory=Accelerators)

    def prepare(self, step: BootStep, place: Place) -> Prepared:
        """Raises Unavailable, Rejected or UserError, with the reason, if the boot cannot or must not be tried."""
        if step.error or step.tender is None:
            raise Unavailable(step.error)
        for path in step.fields.requires:
            if not Path(path).exists():
                raise Unavailable(f"this host has no {path}, which the test requires")
        output = step.build.output if step.build else None
        found = self.tenders.find(place, step.runner, step.tender, output)
        choice = self.accelerators.choose(place, step.runner, step.tender, found, step.arch)
        root = output or step.root
        unikernel = _file(root, step.fields.unikernel, step)
        mount, inside = _mounted(place, output, unikernel)
        mounts = tuple({m.inside: m for m in (mount, *found.mounts)}.values())
        prepared = Prepared(step, found, choice, unikernel, inside, mounts)
        if not any(word.startswith("rejected") for word in step.fields.expect.outcome):  # then the tender shall speak
            step.runner.check(unikernel, boot_of(prepared, 1), found.version)
        return prepared


def _mounted(place: Place, output: Path | None, unikernel: Path) -> tuple[Mount, str]:
    """The build's output, or a file of the repository alone, and where the unikernel is then seen."""
    if output is None:
        mount = place.mount(unikernel, f"{BUILD}/{unikernel.name}")
        return mount, mount.inside
    mount = place.mount(output, BUILD)
    return mount, f"{mount.inside}/{unikernel.relative_to(mount.source)}"


def _file(root: Path, name: str, step: BootStep) -> Path:
    """The unikernel, which must lie below its root whatever the matrix or a link says."""
    file = (root / name).resolve()
    where = f"build {step.build.id}" if step.build else str(root)
    if not file.is_relative_to(root.resolve()):
        raise UserError(Problem(f"the unikernel '{name}' lies outside {where}", remedy="name a file below it"))
    if not file.is_file():
        what = f"{where} made no '{name}'" if step.build else f"there is no '{name}' below {where}"
        raise UserError(Problem(what, remedy=nearest_file(root, name) if step.build else "name a build that makes it"))
    return file


def boot_of(prepared: Prepared, attempt: int) -> Boot:
    fields = prepared.step.fields
    return Boot(
        arch=prepared.step.arch,
        program=prepared.found.program,
        unikernel=prepared.inside,
        args=tuple(template.fill(text, {**prepared.step.values, "attempt": str(attempt)}) for text in fields.args),
        memory=fields.memory,
        cpus=fields.cpus,
        accel=prepared.choice.name,
    )


def job_of(prepared: Prepared, attempt: int) -> Job:
    step = prepared.step
    return Job(
        argv=step.runner.argv(boot_of(prepared, attempt)),
        name=step.id,
        mounts=prepared.mounts,
        kvm=prepared.choice.name == "kvm",
        memory=step.fields.memory + OVERHEAD,
    )
