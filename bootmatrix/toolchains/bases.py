"""The base of an image: pulled, or bootstrapped with mmdebstrap where no registry answers."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix import disk, files, host, locks, logs
from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.places.containers import engine
from bootmatrix.program import leaving
from bootmatrix.toolchains.folder import data, dockerfile
from bootmatrix.toolchains.toolchain import ARG, FROM, PREFIX

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from bootmatrix.toolchains.toolchain import Image

STAND_INS = f"{PREFIX}/base"
LONGEST = 1000  # characters of a base's name
ARGUMENT = "BASE"  # the build argument through which a Dockerfile takes a base of another name
TICK = 0.1  # seconds between looks at `stop`
LAST_LINES, LAST = 10, 300  # lines that a message shows; characters of an answer
# Without documents and languages, as Debian's own slim images; usr-is-merged keeps all of perl out of bookworm's.
SLIM = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
)
BOOTSTRAP = (
    "mmdebstrap",
    "--variant=minbase",
    "--include=ca-certificates,usr-is-merged",
    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
    f"--essential-hook=printf '%s\\n' force-unsafe-io {shlex.join(SLIM)} > \"$1/etc/dpkg/dpkg.cfg.d/90slim\"",
    '--customize-hook=find "$1/usr/share/doc" -depth ! -type d ! -name copyright -delete',
    '--customize-hook=rm -rf "$1"/usr/share/man/* "$1"/usr/share/info/* "$1"/usr/share/locale/*',
)


@dataclass(frozen=True)
class Base:
    """An image that a Dockerfile builds on: as it names it, and what stands in for it where no registry answers."""

    name: str
    suite: str
    by_argument: bool

    @property
    def stand_in(self) -> str:
        return f"{STAND_INS}:{self.suite}" if self.suite else self.name


def provide(image: Image, stop: threading.Event, say: Callable[[str], None]) -> dict[str, str]:
    """Make sure that every base of the Dockerfile is here; the build arguments that name them.

    Raises InfrastructureError if one can neither be pulled nor bootstrapped.
    """
    tags = {base: _one(base, stop, say) for base in of(image)}
    return dict([(ARGUMENT, tag) for base, tag in tags.items() if base.by_argument][-1:])


def identities(image: Image) -> dict[str, str]:
    """The ids of those bases that are here: made again or pulled anew, a base has another."""
    found = {base.name: _id(base.name) or _id(base.stand_in) for base in of(image)}
    return {name: known for name, known in found.items() if known}


def of(image: Image) -> list[Base]:
    """The bases of a Dockerfile, but for its own stages."""
    text = dockerfile(image.folder)
    defaults = {found[1]: found[2] or "" for found in ARG.finditer(text)}
    stages: set[str] = set()
    bases: list[Base] = []
    for found in FROM.finditer(text):
        name = _substitute(found[1], {**defaults, **dict(image.args)})
        if name not in stages and name != "scratch":
            by_argument = ARGUMENT in found[1] and ARGUMENT in defaults
            suite = (data(image.folder).get("base") or {}).get("suite") if by_argument else None
            bases.append(Base(name, suite or "", by_argument))
        stages.add(found[2] or "")
    return bases


def _substitute(text: str, values: dict[str, str]) -> str:
    """Raises UserError where that grows without end: each argument may stand in several others."""
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value[:LONGEST]).replace(f"${name}", value[:LONGEST])
        if len(text) > LONGEST:
            raise UserError(Problem(f"the name of a base has more than {LONGEST} characters: {text[:60]}…"))
    return text


def _one(base: Base, stop: threading.Event, say: Callable[[str], None]) -> str:
    """The tag under which the base is here."""
    with locks.held(f"base {base.name}", stop):  # several images share a base: it is brought once
        for tag in (base.name, base.stand_in):
            if _id(tag):
                return tag
        trouble = _pull(base.name, say)
        if not trouble:
            return base.name
        if not base.suite:
            remedy = (
                f"pull or tag {base.name} by hand, or give the Dockerfile `ARG BASE` and "
                "image.yaml a `base: {suite: …}`"
            )
            raise InfrastructureError(Problem(f"the base {base.name} cannot be pulled: {trouble}", remedy=remedy))
        _bootstrap(base.suite, base.stand_in, trouble, stop, say)
        return base.stand_in


def _id(tag: str) -> str:
    """The image's id, empty if it is not here."""
    found = engine.image(tag)
    return str(found["Id"]) if found else ""


def _pull(name: str, say: Callable[[str], None]) -> str:
    """Why it could not be pulled; empty if it was."""
    import docker.errors  # noqa: PLC0415

    say(f"pulling {name}")
    try:
        for line in engine.client(patient=True).pull(name, stream=True, decode=True):
            if "error" in line:
                return str(line["error"]).strip()
    except (docker.errors.APIError, OSError, TypeError, ValueError) as error:
        return engine.reason(error)
    return "" if _id(name) else "the engine gave no reason"


def _bootstrap(suite: str, tag: str, trouble: str, stop: threading.Event, say: Callable[[str], None]) -> None:
    if not shutil.which("mmdebstrap"):
        what = (
            f"the base cannot be pulled ({trouble}), and mmdebstrap is not installed to make it from Debian's packages"
        )
        raise InfrastructureError(
            Problem(what, remedy="`bootmatrix setup` installs it, or: apt-get install mmdebstrap")
        )
    say(f"bootstrapping Debian {suite}, because no registry answers")
    with files.scratch("bootmatrix-base-", host.scratch()) as folder:
        tar = folder / "base.tar"
        status, said = _run([*BOOTSTRAP, suite, str(tar)], folder / "log", stop)
        if status or not tar.exists():
            what = f"mmdebstrap cannot make Debian {suite}"
            if words := disk.told_in("\n".join(said)):
                what = f"{what}: {words} (the disk mounted at {disk.of(folder)})"
            raise InfrastructureError(Problem(what, remedy="\n    ".join(said)))
        _import(tar, suite, tag)


def _import(tar: Path, suite: str, tag: str) -> None:
    repository, _, label = tag.rpartition(":")
    with engine.speaking(f"the engine cannot import Debian {suite}"):
        answer = engine.client(patient=True).import_image_from_file(str(tar))
        try:
            image = json.loads(answer.splitlines()[-1])["status"]
        except (ValueError, LookupError, TypeError):
            raise InfrastructureError(f"the engine cannot import Debian {suite}: {answer[-LAST:]}") from None
        engine.client().tag(image, repository, label)  # Podman's import heeds no tag


def _run(command: list[str], log: Path, stop: threading.Event) -> tuple[int, list[str]]:
    """Its exit status and the last that it said; ended with its whole group when `stop` is set."""
    with log.open("wb") as file:
        try:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=_quiet(), start_new_session=True
            )
        except OSError as error:
            raise InfrastructureError(f"{command[0]} cannot be started: {error.strerror}") from None
        leaving.groups.add(child.pid)
        try:
            while child.poll() is None and not stop.wait(TICK):
                pass
        finally:
            _end(child)
            leaving.groups.discard(child.pid)
    return child.returncode, logs.last_of(log, LAST_LINES)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Mmdebstrap removes what it has made so far, if it is asked to end."""
    for number, seconds in ((signal.SIGTERM, leaving.CONTAINERS), (signal.SIGKILL, None)):
        if child.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)


def _quiet() -> dict[str, str]:
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
