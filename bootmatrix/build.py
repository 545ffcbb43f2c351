"""Builds: the source's private copy, the user's commands in the image, and a folder of unikernels kept by content."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import console, host, keys
from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bootmatrix.matrix.schema import Build
    from bootmatrix.places.place import Place
    from bootmatrix.toolchain import Image

SOURCE, OUTPUT = "/src", "/out"
LAST_LINES = 25
LOG_LIMIT = 64 << 20


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

    def output(self, place: Place) -> Path:
        """The folder that holds what was built, by all that went into it and by the place where it was built."""
        return _kept() / keys.of(self.key, place.identity)


def _kept() -> Path:
    return host.cache() / "builds"


def key_of(spec: Build, source: str, place: str, env: Mapping[str, str]) -> str:
    """`source` is the source's own key, `place` the image's tag, or what stands for the host."""
    prefixes = [(prefix, keys.of_prefix(prefix)) for prefix in spec.prefixes]
    what = (spec.run, sorted(spec.env.items()), spec.output, spec.network, prefixes)
    return keys.of(source, what, place, sorted(env.items()))


def variables(values: Mapping[str, str]) -> dict[str, str]:
    """Every axis as an environment variable: upper case, other characters as `_`."""
    return {re.sub(r"\W", "_", axis).upper(): text for axis, text in values.items()}


def make(step: BuildStep, place: Place, log: Path, stop: console.Stop, say: Callable[[str], None]) -> None:
    """Run the build; what it made appears under `step.output` whole or not at all.

    Raises UserError with the last lines if a command fails, InfrastructureError if the place does.
    """
    host.mark_as_cache(host.cache())
    kept = step.output(place)
    kept.parent.mkdir(exist_ok=True)
    work = host.scratch() or kept.parent  # on one file system: what was built is moved there
    with tempfile.TemporaryDirectory(prefix=f".{step.key}-", dir=work, ignore_cleanup_errors=True) as private:
        source, output = Path(private, "src"), Path(private, "out")
        output.mkdir()
        copy(step.source, source, step.matrix)
        job = job_of(step, place, source, output)
        watched = console.Limits(timeout=step.spec.timeout, size=LOG_LIMIT, merge=True)
        with place.start(job) as process:
            log.parent.mkdir(parents=True, exist_ok=True)
            ended = console.watch(process, watched, stop, on_chunk=lambda raw: _say_last(raw, say))
        log.write_bytes(ended.console.raw())
        if ended.stopped or ended.exit is None or ended.exit.status != 0:
            raise _failed(step, ended, log)
        _keep(step, _output(step, source, output), kept)


def job_of(step: BuildStep, place: Place, source: Path, output: Path) -> Job:
    """The build as a job: the copy and the output are writable, prefixes are not."""
    mounts = [place.mount(source, SOURCE, writable=True), place.mount(output, OUTPUT, writable=True)]
    mounts += [place.mount(Path(p), p) for p in step.spec.prefixes if Path(p).is_dir()]
    paths = {"OUT": mounts[1].inside, "SRC": mounts[0].inside, "JOBS": str(host.cores())}
    path = os.pathsep.join([*(f"{p}/bin" for p in step.spec.prefixes), *_path(place)])
    return Job(
        argv=("sh", "-euc", "\n".join(step.spec.run)),
        name=f"build {step.id}",
        env={**step.env, **step.spec.env, **paths, "PATH": path},
        mounts=tuple(mounts),
        workdir=mounts[0].inside,
        network=step.spec.network,
        processes=4096,
        trusted=True,
    )


def _path(place: Place) -> list[str]:
    if place.name == "this host":
        return os.environ.get("PATH", os.defpath).split(os.pathsep)
    return ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]


def copy(source: Path, target: Path, matrix: Path | None) -> None:
    """A private copy, without what git ignores and without matrix.yaml."""
    target.mkdir(parents=True)
    for name in keys.source_files(source, matrix):
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(source / name, place, follow_symlinks=False)
        except FileNotFoundError:
            continue  # removed while we copied: the build will tell if it matters
        except OSError as error:
            raise UserError(Problem(f"{source / name} cannot be copied: {error.strerror}")) from None


def _output(step: BuildStep, source: Path, output: Path) -> Path:
    if step.spec.output is None:
        return output
    folder = (source / step.spec.output).resolve()
    if not folder.is_dir() or not folder.is_relative_to(source.resolve()):
        what = f"build {step.id}: its commands succeeded, but left no folder '{step.spec.output}'"
        raise UserError(Problem(what, remedy="correct `output:`, or leave it out and write to $OUT"))
    return folder


def _keep(step: BuildStep, made: Path, kept: Path) -> None:
    try:
        _open_up(made)
        made.rename(kept)
    except OSError as error:
        if not kept.is_dir():  # another run was faster: its result is as good
            what = f"build {step.id}: {kept} cannot be written: {error.strerror}"
            raise InfrastructureError(what) from None


def _open_up(made: Path) -> None:
    """Let every user read what was made, as the caller's umask may not: a boot runs as nobody."""
    for path in (made, *made.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))


def _say_last(raw: bytes, say: Callable[[str], None]) -> None:
    lines = console.clean(raw).strip().splitlines()
    if lines:
        say(lines[-1])


def _failed(step: BuildStep, ended: console.Watched, log: Path) -> UserError | InfrastructureError:
    last = "\n    ".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:])
    remedy = f"the last lines of {log}:\n    {last}"
    if ended.stopped == console.INTERRUPTED:
        return InfrastructureError(f"build {step.id} was interrupted")
    if ended.stopped:
        return UserError(Problem(f"build {step.id}: {ended.stopped}", remedy=remedy))
    assert ended.exit is not None  # noqa: S101
    how = f"was ended by {ended.exit.signal}" if ended.exit.signal else f"ended with status {ended.exit.status}"
    return UserError(Problem(f"build {step.id} {how}", remedy=remedy))
