"""Passes that may be taken again: `passes.txt` beside the runs' folders says where each lies, and in which journal."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import __version__, keys
from bootmatrix.places.local import LocalPlace, find_program
from bootmatrix.results import decode
from bootmatrix.runs import journal

if TYPE_CHECKING:
    from bootmatrix.matrix.schema import TestFields
    from bootmatrix.model import Attempt, Result, Tender
    from bootmatrix.places.place import Place
    from bootmatrix.plan import BootStep

FILE = "passes.txt"
# What a pass does not depend on: how often it would have been tried again, and what is done where it cannot be tried.
APART = {"build", "retry", "skip", "expected_failure", "unavailable", "requires", "resources", "runner"}


class Passes:
    """Those of the runs in a folder; `known` is read once, and only where passes are taken again.

    Raises Fatal if its file cannot be opened.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            self._descriptor = os.open(out / FILE, flags, 0o644)
        except OSError as error:
            raise journal.full(out / FILE, error) from None

    @functools.cached_property
    def known(self) -> dict[str, tuple[str, int, int]]:
        """By key: the run, and where its journal has the result; the newest counts."""
        rows = (line.split() for line in (self.out / FILE).read_text().splitlines())
        return {row[0]: (row[1], int(row[2]), int(row[3])) for row in rows if len(row) == 4}  # noqa: PLR2004

    def note(self, result: Result, run: str, at: int, length: int) -> None:
        """A pass at the first attempt, if it is one: one write, whole beside those of other runs."""
        if result.verdict == "passed" and result.key and not result.reused:
            with contextlib.suppress(OSError):  # a pass that is not noted is only booted again
                os.write(self._descriptor, f"{result.key} {run} {at} {length}\n".encode())

    def take(self, key: str, folder: Path) -> Result | None:
        """The pass of that key with its consoles linked into a run's folder; None if there is none any more."""
        if key not in self.known:
            return None
        run, at, length = self.known[key]
        try:
            with (self.out / run / journal.FILE).open("rb") as stream:
                stream.seek(at)
                found = decode(stream.read(length))
            if found.key != key or found.verdict != "passed":
                return None
            attempts = tuple(_brought(attempt, self.out / run, folder) for attempt in found.attempts)
        except (OSError, ValueError):
            return None
        return replace(found, attempts=attempts, reused=run)

    def close(self) -> None:
        os.close(self._descriptor)


def forget(out: Path, run: str) -> None:
    """A run's journal is gone, and with it its passes."""
    with contextlib.suppress(OSError):
        rows = (out / FILE).read_text().splitlines(keepends=True)
        fresh = out / f".{FILE}-{run}"
        fresh.write_text("".join(row for row in rows if row.split()[1:2] != [run]))
        fresh.replace(out / FILE)


def _brought(attempt: Attempt, source: Path, target: Path) -> Attempt:
    """Its consoles, linked: they are never changed. Those that were removed are left out."""
    for name in filter(None, (attempt.console, attempt.tender)):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source / name, target / name)
        except FileNotFoundError:
            return replace(attempt, console="", tender="")
        except OSError:
            shutil.copyfile(source / name, target / name)
    return attempt


class Keys:
    """What a pass depends on, as a key: unikernel, tender, arguments, expectations. Computed only from files."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, int, int], str] = {}
        self._templates: dict[int, str] = {}
        self._tenders: dict[tuple[Tender, str, Path | None], str] = {}

    def of(self, step: BootStep, fields: TestFields, place: Place) -> str:
        """Empty where something that it depends on is missing: then there is nothing to take again."""
        output = step.build.output(place) if step.build else None
        try:
            unikernel = self._file((output or step.root) / fields.unikernel)
            tender = self._tender(step, place, output)
        except OSError:
            return ""
        values = sorted(step.values.items())
        return keys.of(__version__, place.identity, unikernel, tender, repr(step.runner), values, self._asked(step))

    def _asked(self, step: BootStep) -> str:
        """The test's fields before placeholders are filled in; many boots share them."""
        if id(step.template) not in self._templates:
            asked = [(name, value) for name, value in step.template if name not in APART]
            self._templates[id(step.template)] = repr(asked)
        return self._templates[id(step.template)]

    def _tender(self, step: BootStep, place: Place, output: Path | None) -> str:
        """Besides the place's own programs; looked at once."""
        if step.tender is None:
            return ""
        known = (step.tender, place.name, output)
        if known not in self._tenders:
            self._tenders[known] = self._content(step.tender, place, output)
        return self._tenders[known]

    def _content(self, tender: Tender, place: Place, output: Path | None) -> str:
        if tender.in_build:
            return self._file((output or Path()) / tender.in_build)
        if tender.prefix and find_program(tender.program, tender.prefix):
            return keys.of_prefix(tender.prefix)
        if isinstance(place, LocalPlace):
            return self._file(Path(find_program(tender.program) or tender.program))
        return ""

    def _file(self, file: Path) -> str:
        """A file's content, read once for each of its states."""
        found = file.stat()
        state = (str(file), found.st_mtime_ns, found.st_size)
        if state not in self._files:
            with file.open("rb") as stream:
                self._files[state] = hashlib.file_digest(stream, "sha256").hexdigest()
        return self._files[state]
