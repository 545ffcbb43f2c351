"""The files of the repository that tests name: whether they are there is told before anything is built."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import repository
from bootmatrix.errors import MOST, Problem, UserError, printable, suggest
from bootmatrix.matrix import filling, template
from bootmatrix.matrix.keys.checks import asked
from bootmatrix.matrix.rules.texts import layers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bootmatrix.errors import Mark
    from bootmatrix.matrix.keys.guests import GuestFields
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.matrix.load import Matrix
    from bootmatrix.planning.step import BootStep

TOLD = 100  # files that are told: with more of them it is not the folder that was meant
OUTSIDE = "give a path below matrix.yaml's folder, or below {output} for what the build made"
MADE = "if the build makes it, write {output}/FILE"


@dataclass(frozen=True)
class Named:
    """A file as a test names it: by one of which keys, in which words, and what messages call it."""

    keys: tuple[str, ...]
    text: str
    what: str


def of(fields: GuestFields) -> Iterator[Named]:
    """Those that a test has; nothing is filled in yet. Its unikernel is none: its boot tells if it is not there."""
    for name, text in fields.files.items():
        yield Named(("files",), text, f"the file '{name}'")
    for name, disk in fields.blocks.items():
        if disk.file:
            yield Named(("blocks",), disk.file, f"the file of the disk '{name}'")
    for each in asked(fields.ready, fields.checks):
        if each.http and each.http.ca:
            yield Named(("checks", "ready"), each.http.ca, "the file of certificates")


def trouble(text: str, what: str, root: Path, top: Path, otherwise: str = "") -> Problem | None:
    """Why a path, relative to the folder `root` of the matrix, names no file below `top`; `otherwise` is what else to
    do about one that is not there.
    """
    file = Path(os.path.abspath(root / text))  # noqa: PTH100  # links are followed below
    if not is_below(file, top):
        return Problem(f"{what}, '{text}', is outside of {top}", remedy=OUTSIDE)
    if os.path.isfile(file):  # noqa: PTH113  # Path's raises at a loop of links
        return None
    if os.path.lexists(file):
        return Problem(f"{what}, '{text}' in {root}, is not a regular file", remedy="name a plain file")
    remedies = [_nearest(file, root), otherwise]
    return Problem(f"{what}, '{text}' in {root}, is not there", remedy="; ".join(filter(None, remedies)))


def is_below(file: Path, root: Path) -> bool:
    """Whether it lies in a folder, wherever links lead."""
    try:
        return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(root))  # Path's raises at a loop of links
    except OSError:  # it leads to where not even root may look
        return False


def _nearest(file: Path, root: Path) -> str:
    """What there is instead, in the last folder on the way to it that exists."""
    folder, missing = file.parent, file.name
    while not os.path.isdir(folder):  # noqa: PTH112  # as above
        folder, missing = folder.parent, folder.name
    try:
        with os.scandir(folder) as entries:
            found = [each.name for each in itertools.islice(entries, MOST + 1) if not each.name.startswith(".")]
    except OSError as error:
        return f"{folder} cannot be read: {error.strerror}"
    shown = printable(os.path.relpath(folder, root))
    there = "" if folder == root else f"in {shown}: "
    return f"{there}{suggest(missing, found)}" if found else f"the folder {shown} is empty"


def check(matrix: Matrix, steps: Iterable[BootStep]) -> None:
    """Raises UserError with all files that boots name and that are not there."""
    found, alike = Sources(matrix), set[int]()
    for step in steps:
        if (named := found.of(step.template)) and id(step.template) not in alike:
            found.look(step.name, step.guest, step.template, step.placeholders)
            if not any("{" in each.text for each in named):  # all boots with these fields name the same files
                alike.add(id(step.template))
    found.stop()


class Sources:
    """Judges each file once, however many boots name it."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.top = repository.top(matrix.root)
        self.problems: dict[Problem, None] = {}
        self._named: dict[int, tuple[Named, ...]] = {}  # by the fields' id: their maker keeps them all
        self._seen: set[Named] = set()

    def of(self, fields: TestFields) -> tuple[Named, ...]:
        """Those that a boot names; none if this host lacks what it requires: then it is not tried."""
        key = id(fields)
        if key not in self._named:
            possible = all(map(os.path.exists, fields.requires))
            self._named[key] = tuple(of(fields)) if possible else ()
        return self._named[key]

    def look(self, test: str, guest: str, fields: TestFields, values: Mapping[str, str]) -> None:
        """At the files of one boot, of which `values` is what is known before it: a path that needs more is left."""
        for each in self.of(fields):
            filled = replace(each, text=template.fill(each.text, values))
            if filled in self._seen or template.names(filled.text):
                continue
            self._seen.add(filled)
            folder = self.top if "checks" in each.keys else self.matrix.root
            if found := trouble(filled.text, filled.what, self.matrix.root, folder, MADE if fields.build else ""):
                self._say(replace(found, where=self._where(test, guest, each)))

    def stop(self) -> None:
        """Raises UserError with all that is not there, if anything is not."""
        if self.problems:
            raise UserError(*sorted(self.problems, key=_place))

    def _say(self, problem: Problem) -> None:
        self.problems[problem] = None
        if len(self.problems) == TOLD:
            self.problems[Problem(f"more than {TOLD} files are not there: the rest is not shown")] = None
            self.stop()

    def _where(self, test: str, guest: str, named: Named) -> Mark:
        """The last that says so of the layers that the test may have."""
        found = self.matrix.where(("tests", test))
        if not (source := self.matrix.source):
            return found
        for path in (("defaults",), ("tests", test)):
            for layer in layers(source.at(path), path):
                for place, text, key in filling.written(layer.model, layer.raw):
                    if key.alias in named.keys and text == named.text and layer.guest in {"", guest}:
                        found = source.where((*layer.path, *place))
        return found


def _place(problem: Problem) -> tuple[int, int, int]:
    return (0, problem.where.line, problem.where.column) if problem.where else (1, 0, 0)
