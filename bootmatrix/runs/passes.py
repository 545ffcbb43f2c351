"""The index of passes that `--reuse` can reuse: `passes.txt` beside the runs' folders, with the place in a journal."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import hashlib
import io
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import __version__, disk, files, keys, plugins
from bootmatrix.matrix import filling, template
from bootmatrix.matrix.keys import meaning
from bootmatrix.matrix.keys.checks import asked
from bootmatrix.model import Quarantine, Verdict, repro
from bootmatrix.quantities import how_many_are
from bootmatrix.results import decode
from bootmatrix.runs import journal, keeping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.model import Result, Tender
    from bootmatrix.places.place import Place
    from bootmatrix.planning.step import BootStep

FILE = "passes.txt"
ROW = re.compile(rb"([0-9a-f]{16}) ([A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}) ([0-9]{1,15}) ([0-9]{1,8})\n")
ROOT = Path("/")  # of what lies on this host, wherever that is
LONGEST = 4096  # bytes of a line
HASHED = 1 << 30  # bytes of a unikernel or a tender
LARGEST = 64 << 20  # bytes of the file that are read: a million passes


class Passes:
    """Those of the runs in a folder; `known` is read once, and only where passes are reused.

    What its file and the runs say is data: it names runs, and nothing outside their folders is ever read. Raises Fatal
    if its file cannot be opened.
    """

    def __init__(self, out: Path, note: Callable[[str], None]) -> None:
        self.out, self._say = out, note
        try:
            self._descriptor = files.taken(out / FILE)
        except OSError as error:
            raise disk.full(out / FILE, error) from None
        fcntl.fcntl(self._descriptor, fcntl.F_SETFL, os.O_APPEND)

    @functools.cached_property
    def known(self) -> dict[str, tuple[str, int, int]]:
        """By key: the run, and where its journal has the result; the newest counts."""
        found: dict[str, tuple[str, int, int]] = {}
        wrong = 0
        for row in _rows(self.out):
            if taken := ROW.fullmatch(row):
                key, run, at, length = taken.groups()
                found[key.decode()] = (run.decode(), int(at), int(length))
            else:
                wrong += 1
        if wrong:
            lines = how_many_are(wrong, "damaged line")
            self._say(f"{self.out / FILE}: {lines} ignored, so not all passes can be reused")
        return found

    def note(self, result: Result, run: str, at: int, length: int) -> None:
        """A pass at the first attempt, if it is one: one write, whole beside those of other runs."""
        if result.verdict == Verdict.PASSED and result.key and not result.reused:
            with contextlib.suppress(OSError):  # a pass that is not noted is only booted again
                os.write(self._descriptor, f"{result.key} {run} {at} {length}\n".encode())

    def take(self, key: str, step: BootStep, folder: Path) -> Result | None:
        """The pass of that key with its consoles brought into a run's folder; None if there is none any more.

        What the matrix says of the test is taken from there, not from the earlier run.
        """
        if key not in self.known:
            return None
        run, at, length = self.known[key]
        try:
            with files.opened(self.out / run / journal.FILE, below=self.out) as stream:
                found = decode(os.pread(stream.fileno(), length, at))
        except (OSError, ValueError):
            return None
        if found.id != step.id or found.key != key or not _is_pass(found):
            return None
        found = keeping.with_consoles(found, self.out / run, folder)
        return replace(
            found,
            axes=step.values,
            repro=repro(step.id),
            quarantine=Quarantine(),
            reason="",
            infrastructure=False,
            reused=run,
        )

    def close(self) -> None:
        os.close(self._descriptor)


def _given(step: BootStep, fields: TestFields, output: Path | None) -> Iterator[tuple[Path, Path]]:
    """The files that the boot has besides its unikernel, those of its disks and those that its checks go by, each with
    the folder that it is in.
    """
    if not (fields.files or fields.blocks or fields.ready or fields.checks):
        return  # as most have none
    values = {**step.placeholders, "attempt": "1", **({template.OUTPUT: str(output)} if output else {})}
    named = filling.of_key(fields, "files", values)
    values.update({template.FILES + name: str(step.root / path) for name, path in named.items()})
    disks = filling.of_key(fields, "blocks", values).values()
    trusted = (each.http.ca for each in asked(fields.ready, fields.checks) if each.http and each.http.ca)
    for path in (*named.values(), *(each.file for each in disks if each.file), *trusted):
        file = Path(os.path.abspath(step.root / path))  # noqa: PTH100  # links are followed where it is opened
        yield file, output if output and file.is_relative_to(output) else step.root


def _is_pass(result: Result) -> bool:
    """One that was booted, and passed at the first attempt."""
    tried = [attempt.verdict for attempt in result.attempts]
    return tried == [result.verdict] == [Verdict.PASSED] and not result.reused


def _rows(out: Path) -> Iterator[bytes]:
    """Of a file that is too long, the newest."""
    with contextlib.suppress(OSError), files.opened(out / FILE, below=out) as raw:
        start = max(0, os.fstat(raw.fileno()).st_size - LARGEST)
        raw.seek(start)
        with io.BufferedReader(raw, 1 << 18) as stream:
            if start:
                stream.readline(LONGEST)
            yield from iter(lambda: stream.readline(LONGEST), b"")


def forget(out: Path, run: str) -> None:
    """A run's journal is gone, and with it its passes."""
    with contextlib.suppress(OSError):
        files.write(out / FILE, b"".join(row for row in _rows(out) if row.split()[1:2] != [os.fsencode(run)]))


class Keys:
    """What a pass depends on, as a key: unikernel, tender, arguments, expectations. Computed only from files."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, int, int], str] = {}
        self._templates: dict[int, str] = {}
        self._tenders: dict[tuple[Tender, str, Path | None], str] = {}
        self._protocols: dict[tuple[str, Path], tuple[str, ...]] = {}

    def of(self, step: BootStep, fields: TestFields, place: Place) -> str:
        """Empty where something that it depends on is missing: then there is nothing to reuse."""
        if not step.guests:
            return self._of(step, fields, place)
        parts = {name: self._of(each, each.fields, place) for name, each in step.guests.items()}
        waits = [(name, each.after) for name, each in step.guests.items()]
        return keys.of(self._asked(step), parts, waits) if all(parts.values()) else ""

    def _of(self, step: BootStep, fields: TestFields, place: Place) -> str:
        output = step.build.output(place) if step.build else None
        try:
            unikernel = self._file((output or step.root) / fields.unikernel, output or step.root)
            tender = self._tender(step, place, output)
            besides = [self._file(*each) for each in _given(step, fields, output)]
        except OSError:
            return ""
        values = sorted(step.values.items())
        besides += [image.tag for image in step.besides.values()]  # where programs of its checks are run
        asked = (
            repr(step.runner),
            values,
            self._asked(step),
            *self._protocol(step),
            *step.interfaces,
            *besides,
        )
        return keys.of(__version__, place.key, unikernel, tender, *asked)

    def _protocol(self, step: BootStep) -> tuple[str, ...]:
        """The content of the project's own protocol, which judges the test; of one of ours, its version says enough."""
        known = (step.template.cases or "", step.root)
        if known not in self._protocols:
            found = plugins.sources("protocols", *known) if known[0] else {}
            self._protocols[known] = tuple(keys.of_files(folder, names) for folder, names in found.items())
        return self._protocols[known]

    def _asked(self, step: BootStep) -> str:
        """The test's fields before placeholders are filled in; many boots share them."""
        if id(step.template) not in self._templates:
            known = meaning.of(type(step.template))
            asked = [(name, value) for name, value in step.template if known[name].in_pass]
            self._templates[id(step.template)] = repr(asked)
        return self._templates[id(step.template)]

    def _tender(self, step: BootStep, place: Place, output: Path | None) -> str:
        """Besides the place's own programs; looked at once."""
        if step.tender is None:
            return ""
        known = (step.tender, place.key, output)
        if known not in self._tenders:
            self._tenders[known] = self._content(step.tender, place, output)
        return self._tenders[known]

    def _content(self, tender: Tender, place: Place, output: Path | None) -> str:
        if tender.in_build:
            return self._file((output or Path()) / tender.in_build, output or Path())
        if tender.prefix and (there := place.host.program(tender.program, tender.prefix)):
            return place.state_of(there) or keys.of_prefix(tender.prefix)
        file = place.uncovered(tender.program)
        return self._file(file) if file else place.state_of(tender.program)

    def _file(self, file: Path, below: Path = ROOT) -> str:
        """The content of a plain file in a folder, read once for each of its states."""
        found = file.stat()
        state = (str(file), found.st_mtime_ns, found.st_size)
        if found.st_size > HASHED:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(file))
        if state not in self._files:
            with files.opened(file, below) as stream:
                self._files[state] = hashlib.file_digest(stream, "sha256").hexdigest()
        return self._files[state]
