"""Where the source of a function is, by the line numbers in a file's DWARF, within bounds of work and memory."""

from __future__ import annotations

import bisect
import posixpath
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from elftools.elf.elffile import ELFFile

Place = tuple[str, int]

LARGEST = 8 << 20  # bytes of any section of debugging information
LINES = 1 << 20  # bytes of line numbers: each may be one, and takes some microseconds
UNITS = 5000  # compilation units that are looked at
COMPRESSED = 1 << 11  # SHF_COMPRESSED: what it grows to is anybody's guess
PATH = 400  # characters
ABSOLUTE_DIRECTORIES = 5  # the version of DWARF from which on directories and files are counted from 0


def of(elf: ELFFile, starts: Sequence[int]) -> dict[int, Place]:
    """The file and line of each of these addresses, in ascending order, for which there is one. Nothing where the file
    has no such information, too much of it, or damaged one.
    """
    found: dict[int, Place] = {}
    if not starts or not _is_bounded(elf):
        return found
    try:
        for address, place in _rows(elf.get_dwarf_info(relocate_dwarf_sections=False)):
            index = bisect.bisect_left(starts, address)
            if index < len(starts) and starts[index] == address:
                found.setdefault(address, place)
    except Exception:  # noqa: BLE001  # of a damaged file pyelftools raises whatever it stumbles over
        return found
    return found


def _is_bounded(elf: ELFFile) -> bool:
    some = False
    for section in elf.iter_sections():
        if section.name.startswith(".zdebug"):
            return False
        if section.name.startswith(".debug_"):
            most = LINES if section.name == ".debug_line" else LARGEST
            if section["sh_flags"] & COMPRESSED or section["sh_size"] > most:
                return False
            some |= section.name == ".debug_line"
    return some


def _rows(dwarf: Any) -> Iterator[tuple[int, Place]]:
    """Each address that begins a line; the programs of all units together are no longer than their section."""
    left, seen = LINES, set()
    for number, unit in enumerate(dwarf.iter_CUs()):
        top = unit.get_top_DIE()
        at = top.attributes.get("DW_AT_stmt_list")
        if number == UNITS:
            return
        if at is None or at.value in seen:
            continue
        seen.add(at.value)
        program = dwarf.line_program_for_CU(unit)
        if program is None or (left := left - program["unit_length"]) < 0:
            return
        names = _Names(program, top)
        for entry in program.get_entries():
            if entry.state is not None and not entry.state.end_sequence:
                yield entry.state.address, (names.of(entry.state.file), entry.state.line)


class _Names:
    """The files of a unit, by their numbers, relative to the folder that it was compiled in: a build's is another each
    time. Each is put together once.
    """

    def __init__(self, program: Any, top: Any) -> None:
        self.program, self.known = program, dict[int, str]()
        folder = top.attributes.get("DW_AT_comp_dir")
        self.folder = _text(folder.value) if folder else ""
        self.first = 0 if program["version"] >= ABSOLUTE_DIRECTORIES else 1

    def of(self, number: int) -> str:
        if number not in self.known:
            self.known[number] = self._of(number)
        return self.known[number]

    def _of(self, number: int) -> str:
        entry = self.program["file_entry"][number - self.first]
        folders = self.program["include_directory"]
        index = entry.dir_index - self.first
        folder = _text(folders[index]) if 0 <= index < len(folders) else ""
        whole = posixpath.normpath(posixpath.join(self.folder, folder, _text(entry.name)))
        return printable(whole.removeprefix(self.folder.rstrip("/") + "/"), PATH)


def _text(raw: Any) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
