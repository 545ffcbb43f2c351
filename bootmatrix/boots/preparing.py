"""Finds and checks what a boot needs: tender, accelerator, unikernel."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix.boots import attaching, given, words, worlds
from bootmatrix.boots.accelerator import Accelerators, Choice
from bootmatrix.boots.tenders import BUILD, Found, Tenders, Unavailable, joined, nearest_file
from bootmatrix.errors import Problem, UserError
from bootmatrix.matrix import filling
from bootmatrix.model import MIB, Boot, Launch
from bootmatrix.places import copies, devices
from bootmatrix.places.disks import beside
from bootmatrix.places.place import Job, Mount
from bootmatrix.places.usage import INTERVAL
from bootmatrix.planning.sources import is_below
from bootmatrix.quantities import human_size

if TYPE_CHECKING:
    from bootmatrix.boots.given import Given
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.model import Runner
    from bootmatrix.places.place import Place
    from bootmatrix.planning.step import BootStep

LARGEST = 1 << 30  # bytes of a unikernel: it is read whole, for its key
OVERHEAD = 512 * MIB  # what a tender may need besides its guest's memory: QEMU's own is 50 to 150 MiB


@dataclass(frozen=True)
class Prepared:
    """A boot that is possible: all but the attempt's number, and with it the arguments in `job`, is known.

    `file` is the unikernel on this host, `size` its own in bytes.
    """

    step: BootStep
    fields: TestFields
    found: Found
    choice: Choice
    inside: str
    job: Job
    file: Path
    size: int
    given: Given


@dataclass(frozen=True)
class Seen:
    """A unikernel's file, how the place sees it, and why it cannot be booted."""

    file: Path
    mount: Mount
    inside: str
    trouble: Problem | None


@dataclass
class Preparer:
    """Prepares boots; what it finds out of places it keeps for the next."""

    tenders: Tenders = field(default_factory=Tenders)
    _unikernels: dict[tuple[str, Path, str], Seen] = field(default_factory=dict)
    accelerators: Accelerators = field(default_factory=Accelerators)
    _shared: given.Shared = field(default_factory=given.Shared)

    def prepare(self, step: BootStep, fields: TestFields, place: Place) -> Prepared:
        """Raises Unavailable, Rejected or UserError, with the reason, if the boot cannot or must not be tried."""
        if step.error or step.tender is None:
            raise Unavailable(step.error)
        for path in fields.requires:
            if not place.host.has(path):
                raise Unavailable(f"{place.host.name} has no {path}, which the test requires")
        output = step.build.output(place) if step.build else None
        seen = self._seen(place, output, step, fields.unikernel)
        ours = given.of(step, fields, place, output, self._shared)
        mounts = joined(() if seen.trouble else (seen.mount,), ours.mounts)
        interfaces = attaching.interfaces(step, place)
        room = Job(
            (),
            step.id,
            mounts=mounts,
            memory=fields.memory + OVERHEAD,
            interfaces=interfaces,
            guest=_whole(fields.memory),
            sample=fields.soak.sample if fields.soak else INTERVAL,
        )
        worlds.check(step, fields)
        if trouble := place.lacks(room):
            raise Unavailable(trouble)
        found = self.tenders.find(place, step.runner, step.tender, output, room)
        choice = self.accelerators.choose(place, step.runner, step.tender, found, step.arch)
        if seen.trouble:
            raise UserError(seen.trouble)
        job = replace(room, mounts=joined(room.mounts, found.mounts), devices=_devices(choice))
        size = seen.file.stat().st_size
        prepared = Prepared(step, fields, found, choice, seen.inside, job, seen.file, size, ours)
        boot = boot_of(prepared, 1, place.folder())
        runner = runner_of(prepared, boot, 1)
        if not any(word.startswith("rejected") for word in fields.expect.outcome):  # then the tender shall speak
            runner.check(seen.file, boot, found.version)
        if trouble := place.lacks(_job(prepared, 1, boot, runner)):
            raise Unavailable(trouble)
        return prepared

    def _seen(self, place: Place, output: Path | None, step: BootStep, name: str) -> Seen:
        """The unikernel as the place sees it; looked for once, but for one that is not there."""
        key = (place.name, output or step.root, name)
        if key not in self._unikernels or not _is_file(self._unikernels[key].file):
            root = output or step.root
            file = Path(os.path.abspath(root / name))  # noqa: PTH100  # _trouble follows links
            trouble = _trouble(file, root, name, step)
            mount, inside = (Mount(file, ""), "") if trouble else _mounted(place, output, file, root)
            self._unikernels[key] = Seen(file, mount, inside, trouble)
        return self._unikernels[key]


def _mounted(place: Place, output: Path | None, unikernel: Path, root: Path) -> tuple[Mount, str]:
    """The build's output, or a file of the repository alone, and where the unikernel is then seen."""
    if output is None:
        mount = place.mount(place.bring(unikernel, root), f"{BUILD}/{unikernel.name}")
        return mount, mount.inside
    mount = place.mount(output, BUILD)
    return mount, f"{mount.inside}/{os.path.relpath(unikernel, output)}"


def _trouble(file: Path, root: Path, name: str, step: BootStep) -> Problem | None:
    """The unikernel must be there, and must lie below its root whatever the matrix or a link says."""
    where = f"build {step.build.id}" if step.build else str(root)
    if not is_below(file, root):
        return Problem(f"the unikernel '{name}' is outside of {where}", remedy="give a path inside it")
    if not _is_file(file):
        if os.path.lexists(file):
            return Problem(
                f"'{name}' in {where} is not a file",
                remedy="it must be a regular file; a folder, a pipe or a broken link cannot be booted",
            )
        what = f"{where} did not produce '{name}'" if step.build else f"there is no '{name}' below {where}"
        return Problem(what, remedy=nearest_file(root, name) if step.build else "name a build that makes it")
    if file.stat().st_size > LARGEST:
        what = f"'{name}' in {where} is {human_size(file.stat().st_size)} large"
        return Problem(what, remedy=f"a unikernel may have at most {human_size(LARGEST)}")
    return None


def _whole(memory: int) -> int:
    """As tenders give it: in MiB."""
    return -(-memory // MIB) * MIB


def _is_file(file: Path) -> bool:
    return os.path.isfile(file)  # noqa: PTH113  # Path's raises where it may not look, and at a loop of links


def _devices(choice: Choice) -> tuple[str, ...]:
    """Those of an accelerator."""
    return (choice.name,) if choice.name in devices.KINDS else ()


def boot_of(prepared: Prepared, attempt: int, folder: str) -> Boot:
    """`folder` is where the place will have the files of this boot."""
    fields = prepared.fields
    values = {**prepared.given.inside, "attempt": str(attempt)}
    return Boot(
        arch=prepared.step.arch,
        program=prepared.found.program,
        unikernel=prepared.inside,
        args=tuple(filling.of_key(fields, "args", values)),
        memory=fields.memory,
        cpus=fields.cpus,
        accel=prepared.choice.name,
        folder=folder,
        interfaces=prepared.job.interfaces,
        blocks=given.disks(prepared.given, fields, prepared.step, attempt, folder).blocks,
    )


def runner_of(prepared: Prepared, boot: Boot, attempt: int) -> Runner:
    """The runner with its options filled in for an attempt."""
    return given.runner(prepared.step.runner, boot, {**prepared.given.inside, "attempt": str(attempt)})


def job_of(prepared: Prepared, attempt: int, folder: str) -> Job:
    """The job of one attempt, whose files will be in `folder`.

    Raises Rejected if the tender cannot be told so, UserError if the runner does not say how.
    """
    boot = boot_of(prepared, attempt, folder)
    return _job(prepared, attempt, boot, runner_of(prepared, boot, attempt))


def _job(prepared: Prepared, attempt: int, boot: Boot, runner: Runner) -> Job:
    """As `job_of`, of what is to boot by that runner."""
    launch = runner.launch(boot)
    if not isinstance(launch, Launch):
        made = type(launch).__name__
        what = f"the runner of {prepared.step.backend} returns a {made} from `launch(boot)` instead of a Launch"
        raise UserError(Problem(what, remedy="let it return `model.Launch(argv)`"))
    words.check(launch.argv)
    words.check(launch.undo)
    made = given.disks(prepared.given, prepared.fields, prepared.step, attempt, boot.folder).made
    return replace(
        prepared.job,
        argv=launch.argv,
        devices=tuple(dict.fromkeys((*prepared.job.devices, *launch.devices))),
        folder=boot.folder,
        files=launch.files,
        disks=made,
        undo=launch.undo,
        reads=worlds.reads(prepared.fields),
    )


def job_by_hand(prepared: Prepared, attempt: int, place: Place) -> Job:
    """The same for people, who may repeat it at any time: the boot's own files and disks are kept in the cache."""
    kept = copies.kept_of(prepared.step.id)
    seen = place.mount(kept, place.folder())
    job = job_of(prepared, attempt, seen.inside)
    copies.keep(prepared.step.id, job.files, job.disks)
    mounts = [*job.mounts, *([seen] if job.files else [])]
    if job.disks:
        mounts.append(place.mount(Path(beside(str(kept))), beside(seen.inside), writable=True))
    return replace(job, mounts=tuple(mounts), files={})
