"""Builds: a private copy of the source, the user's commands in the image, and the output, kept by content."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import disk, files, host, keys, logs
from bootmatrix.errors import BootmatrixError, InfrastructureError, Problem, UserError
from bootmatrix.places.place import Job
from bootmatrix.program import unexpected
from bootmatrix.quantities import human_size
from bootmatrix.toolchains import output as outputs
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.stop import StopKind
from bootmatrix.watching.watch import watch
from bootmatrix.watching.witnesses.relay import Relay

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping

    from bootmatrix.matrix.keys.schema import Build
    from bootmatrix.model.remote import Remote
    from bootmatrix.places.place import Place
    from bootmatrix.toolchains.toolchain import Image
    from bootmatrix.watching.watch import Watched

SOURCE, OUTPUT = "/src", "/out"
ONE_OUTPUT = "exec 2>&1; "  # so that the log has all in the order in which it was written


@dataclass(frozen=True)
class BuildStep:
    """A build for one combination of the axes that it depends on; `key` hashes all that goes into it.

    `matrix` is the file that a source leaves out: a test's change shall not build everything again.
    """

    name: str
    id: str
    spec: Build = field(compare=False)
    source: Path = field(compare=False)
    image: Image | None = field(compare=False)
    env: Mapping[str, str] = field(compare=False)
    key: str
    matrix: Path | None = field(default=None, compare=False)
    remote: Remote | None = field(default=None, compare=False)
    _outputs: dict[str, Path] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def site(self) -> Image | Remote | None:
        """Where it is made: in an image, on a host over SSH, or here."""
        return self.remote or self.image

    def output(self, place: Place) -> Path:
        """The folder that holds what was built, by all that went into it and by the place where it was built."""
        known = place.key
        if known not in self._outputs:  # thousands of boots ask for one
            self._outputs[known] = _kept() / keys.of(self.key, known)
        return self._outputs[known]


def _kept() -> Path:
    return host.cache() / "builds"


def key_of(spec: Build, source: str, place: str, env: Mapping[str, str], *, here: bool = True) -> str:
    """`source` is the source's own key, `place` the image's tag, or what stands for the host. The prefixes are those of
    this host, or if they are not `here`, another's, for which its place speaks.
    """
    prefixes = [(prefix, keys.of_prefix(prefix) if here else "") for prefix in spec.prefixes]
    what = (spec.run, sorted(spec.env.items()), spec.output, spec.network, prefixes)
    return keys.of(source, what, place, sorted(env.items()))


def variables(values: Mapping[str, str]) -> dict[str, str]:
    """Every axis as an environment variable: upper case, other characters as `_`."""
    return {re.sub(r"\W", "_", axis).upper(): text for axis, text in values.items()}


def make(step: BuildStep, place: Place, file: Path, stop: threading.Event, say: Callable[[str], None]) -> None:
    """Run the build, its log in `file`; what it made appears under `step.output` whole or not at all.

    Raises UserError with the lines that say why if a command fails, InfrastructureError if the place does, or a disk
    was full.
    """
    kept = step.output(place)
    with _private(step, kept) as private, logs.Log(file) as log:
        source, output = private / "src", private / "out"
        output.mkdir()
        copy(step.source, source, step.matrix)
        job = job_of(step, place, source, output)
        watched = Limits(timeout=step.spec.timeout, size=logs.LIMIT, merge=True)

        def follow(raw: bytes) -> None:
            log.add(raw)
            _say_last(raw, say)

        with place.start(job) as process:
            ended = watch(process, watched, stop, also=[Relay(follow)])
        if ended.stopped or ended.exit is None or ended.exit.status != 0:
            raise _failed(step, ended, log, kept.parent, job.memory)
        _keep(step, _output(step, source, output), kept, log)


@contextlib.contextmanager
def _private(step: BuildStep, kept: Path) -> Iterator[Path]:
    """A folder for this build alone, on the file system on which `kept` will be: what was built is moved there."""
    with contextlib.ExitStack() as stack:
        try:
            host.mark_as_cache(host.cache())
            kept.parent.mkdir(exist_ok=True)
            made = stack.enter_context(files.scratch(f".{step.key}-", host.scratch() or kept.parent))
        except OSError as error:
            raise unexpected.of_file(error) from None
        yield made


def job_of(step: BuildStep, place: Place, source: Path, output: Path) -> Job:
    """The build as a job: the copy and the output are writable, prefixes are not."""
    mounts = [place.mount(source, SOURCE, writable=True), place.mount(output, OUTPUT, writable=True)]
    mounts += [place.mount(Path(p), p) for p in step.spec.prefixes if place.host.has(p)]
    paths = {"OUT": mounts[1].inside, "SRC": mounts[0].inside, "JOBS": str(place.host.cores)}
    path = os.pathsep.join([*(f"{p}/bin" for p in step.spec.prefixes), *place.search_path])
    return Job(
        argv=("sh", "-euc", ONE_OUTPUT + "\n".join(step.spec.run)),
        name=f"build {step.id}",
        env={**step.env, **step.spec.env, **paths, "PATH": path},
        mounts=tuple(mounts),
        workdir=mounts[0].inside,
        network=step.spec.network,
        memory=place.host.most_memory,
        processes=4096,
        trusted=True,
        brings=(f"{mounts[0].inside}/{step.spec.output}" if step.spec.output else mounts[1].inside,),
    )


def copy(source: Path, target: Path, matrix: Path | None) -> None:
    """A private copy, without what git ignores and without matrix.yaml.

    Raises UserError for a file that cannot be read, Fatal where the disk takes no more.
    """
    names = keys.source_files(source, matrix)
    try:
        target.mkdir(parents=True)
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            _copy(source / name, target / name)
    except OSError as error:
        raise unexpected.of_file(error) from None


def _copy(file: Path, target: Path) -> None:
    """With its mode and times, which a Makefile looks at; a link as a link."""
    try:
        shutil.copy2(file, target, follow_symlinks=False)
    except (FileNotFoundError, shutil.SpecialFileError):
        return  # removed while we copied, or a pipe by now: the build will tell if it matters
    except OSError as error:
        if disk.is_full(error):
            raise disk.full(target, error) from None
        if error.filename == str(target):
            raise
        raise keys.unreadable(file, error) from None


def _output(step: BuildStep, source: Path, output: Path) -> Path:
    if step.spec.output is None:
        return output
    root = os.path.realpath(source)
    folder = Path(os.path.realpath(source / step.spec.output))  # Path.resolve raises at a loop of links
    if not os.path.isdir(folder) or not folder.is_relative_to(root):  # noqa: PTH112  # nor does this raise
        what = f"build {step.id}: its commands succeeded, but did not make the folder '{step.spec.output}'"
        raise UserError(Problem(what, remedy="correct `output:`, or leave it out and write to $OUT"))
    return folder


def _keep(step: BuildStep, made: Path, kept: Path, log: logs.Log) -> None:
    """Move it whole to where it is kept, unless another run was faster: that one's result is as good."""
    try:
        outputs.settle(made, lambda text: log.add(f"bootmatrix: {text}\n".encode("utf-8", "replace")))
    except OSError as error:
        if disk.is_full(error):
            raise disk.full(kept, error) from None
        where = error.filename or made
        what = f"build {step.id}: its output cannot be kept: {unexpected.reason(error)} ({where})"
        remedy = "it may leave only files, folders and links that their owner can change"
        raise UserError(Problem(what, remedy=remedy)) from None
    try:
        made.rename(kept)
    except OSError as error:
        if not kept.is_dir():
            raise disk.full(kept, error) from None


def _say_last(raw: bytes, say: Callable[[str], None]) -> None:
    if last := logs.lines(raw, 1):
        say(last[0])


def _failed(step: BuildStep, ended: Watched, log: logs.Log, cache: Path, memory: int) -> BootmatrixError:
    if ended.is_for(StopKind.INTERRUPTED):
        return InfrastructureError(f"build {step.id} was interrupted")
    if ended.stopped:
        return UserError(Problem(f"build {step.id}: {ended.stopped}", remedy=log.told()))
    assert ended.exit is not None  # noqa: S101
    how = f"was ended by {ended.exit.signal}" if ended.exit.signal else f"ended with status {ended.exit.status}"
    if words := disk.told_in("\n".join(log.last())):
        where = f"here or where the engine has its own (here: {disk.of(cache)})"
        what = f"build {step.id} {how}: {words}, {f'on {step.remote.name}' if step.remote else where}"
        return InfrastructureError(Problem(what, remedy=log.told()))
    if ended.exit.out_of_memory:
        what = f"build {step.id} ran out of memory: it was limited to {human_size(memory)}, most of the free memory"
        return InfrastructureError(Problem(what, remedy="free some memory, or start fewer jobs in it than $JOBS"))
    line, told = log.error()
    return UserError(Problem(f"build {step.id} {how}{f': {line}' if line else ''}", remedy=told))
