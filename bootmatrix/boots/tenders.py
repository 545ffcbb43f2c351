"""Which tender boots a test: the one that was just built, one below a prefix of this host, or the image's own."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.boots import starvation
from bootmatrix.errors import LONGEST, MOST, InfrastructureError, Problem, UserError
from bootmatrix.places.place import Job, Mount, Place
from bootmatrix.quantities import how_many
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.watch import watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.model import Runner, Tender
    from bootmatrix.watching.watch import Watched

BUILD = "/unikernels"  # where a build's output is seen inside an image
SURVEY_SECONDS = 30.0
ASK = 'path=$(command -v "$1") || exit 44; echo "$path"; if [ -n "$2" ]; then "$path" "$2" 2>&1; fi'
ABSENT = 44
ANOTHER = "`runner: {prefix: FOLDER}`"
SURVEY = Job((), "survey")


class Unavailable(Exception):
    """The reason why a boot is not possible here."""


@dataclass(frozen=True)
class Found:
    """A tender inside a place; `version` is what it says of itself, `mounts` what must be there for it to run."""

    program: str
    version: str
    mounts: tuple[Mount, ...] = ()


class Tenders:
    """Finds tenders, asking each place once for each program."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Found | str] = {}
        self._locks: dict[tuple[str, ...], threading.Lock] = {}
        self._guard = threading.Lock()

    def find(self, place: Place, runner: Runner, tender: Tender, output: Path | None, room: Job = SURVEY) -> Found:
        """Raises Unavailable with all the places where it was looked for. It is asked in `room`, so that the container
        in which it will boot is the one that answers.
        """
        key = (place.name, str(output) if tender.in_build else "", repr(tender), runner.version_flag)
        if key not in self._known:
            with self._guard:
                lock = self._locks.setdefault(key, threading.Lock())
            program, mounts = _located(place, tender, output)
            asked = replace(room, mounts=joined(room.mounts, mounts))
            if trouble := place.lacks(asked):  # which others, in other rooms, may not
                raise Unavailable(trouble)
            place.warm_up(asked)  # all that wait for the answer will need one of their own
            with lock:
                if key not in self._known:
                    self._known[key] = _answer(place, runner, tender, program, asked, mounts)
        found = self._known[key]
        if isinstance(found, str):
            raise Unavailable(found)
        return found


def _located(place: Place, tender: Tender, output: Path | None) -> tuple[str, tuple[Mount, ...]]:
    """The program inside the place, and what must be mounted for it; raises UserError if a build did not make it."""
    if tender.in_build:
        if output is None:
            raise UserError(Problem(f"the tender {tender.in_build} is to come from a build, but the test names none"))
        if not os.path.isfile(output / tender.in_build):  # noqa: PTH113  # Path's raises at a loop of links
            what = f"the build's output does not contain the tender {tender.in_build}"
            raise UserError(Problem(what, remedy=nearest_file(output, tender.in_build)))
        mount = place.mount(output, BUILD)
        return f"{mount.inside}/{tender.in_build}", (mount,)
    if tender.prefix and place.host.program(tender.program, tender.prefix):
        mount = place.mount(Path(tender.prefix), tender.prefix)
        return f"{mount.inside}/bin/{tender.program}", (mount,)
    return tender.program, ()


def _answer(
    place: Place, runner: Runner, tender: Tender, program: str, room: Job, mounts: tuple[Mount, ...]
) -> Found | str:
    """What the place says of a program, or why it cannot be used there."""
    status, said = _ask(place, replace(room, argv=("sh", "-c", ASK, "sh", program, runner.version_flag)))
    if status == ABSENT:
        prefix = f", and none below {tender.prefix}/bin" if tender.prefix else ""
        there = f"install it below {tender.prefix}" if tender.prefix else "install it there"
        return f"{place.name} has no {tender.program}{prefix}\n    {there}, or name another folder: {ANOTHER}"
    path, _, version = said.partition("\n")
    if status in {126, 127} or "GLIBC" in version:
        return f"{program} cannot be run in {place.name}: {last_line(version or said)}"
    return Found(path.strip() or program, version.strip(), mounts)


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it printed nothing"])[-1]


def _ask(place: Place, job: Job) -> tuple[int, str]:
    def ask(seconds: float) -> Watched:
        with place.start(job) as process:
            return watch(process, Limits(seconds, 1 << 16, merge=True), threading.Event())

    seen = starvation.unhurried(ask, SURVEY_SECONDS)
    if starvation.of(seen, starvation.PROCESSORS):
        what = f"{place.name} was kept from saying whether it has the tender: {seen.seconds:.0f} s were not enough"
        raise InfrastructureError(Problem(what, remedy=starvation.REMEDY))
    status = seen.exit.status if seen.exit and seen.exit.status is not None else 127
    return status, texts.clean(seen.console.raw())


def joined(first: tuple[Mount, ...], second: tuple[Mount, ...]) -> tuple[Mount, ...]:
    """All mounts; of two that are seen under one name the second."""
    return tuple({mount.inside: mount for mount in (*first, *second)}.values())


def nearest_file(folder: Path, name: str) -> str:
    """The remedy for a file that a build did not make: one of that name elsewhere, or the nearest."""
    names = sorted(itertools.islice(_files(folder), MOST + 1))
    if not names:
        return "the build produced no files: does it write to $OUT?"
    same = [other for other in names if Path(other).name == Path(name).name]
    near = same or get_close_matches(name[:LONGEST], [text for text in names if len(text) <= LONGEST], n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(repr(text[:LONGEST]) for text in near[:3])}?"
    count = f"more than {MOST:,} files" if len(names) > MOST else how_many(len(names), "file")
    return f"the build produced {count}, none with a similar name"


def _files(folder: Path) -> Iterator[str]:
    """The plain files below a folder, relative to it; what cannot be looked into is left out."""
    waiting = [str(folder)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield os.path.relpath(entry.path, folder)
