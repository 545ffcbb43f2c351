"""Reads a unikernel's ELF file, in a process of its own with limits of processor time and memory, as `program.read`
starts it: anyone may have made the file, and what its tables say can keep a reader busy for ever.

The file is the standard input; one line of JSON tells what was found, or what is wrong. pyelftools reads it: it knows
every architecture's headers and all versions of DWARF, in which our own reader would be a second library. Symbols alone
are unpacked here, since it takes a hundred times as long for each.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from typing import TYPE_CHECKING, Any

from elftools.elf.elffile import ELFFile

from bootmatrix.counting import sources
from bootmatrix.counting.program import RANGES, Function, Segment
from bootmatrix.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

LARGEST = 16 << 20  # bytes of a table
MOST = 200_000  # functions
NAME = 200  # characters of a function's name
SYMBOL = {"<": "<IBBHQQ", ">": ">IBBHQQ"}  # Elf64_Sym: name, info, other, section, value, size
FUNCTION, NO_TYPE = 2, 0  # STT_FUNC, STT_NOTYPE: assemblers leave it at that
EXECUTABLE = 4  # SHF_EXECINSTR


def main(seconds: int, memory: int) -> None:
    """`seconds` of a processor and `memory` in bytes are what it may take."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    try:
        found = parsed(sys.stdin.buffer)
    except ValueError as error:
        found = {"error": str(error)}
    except MemoryError:
        found = {"error": "it takes too much memory to be read"}
    except Exception as error:  # noqa: BLE001  # of a damaged file pyelftools raises whatever it stumbles over
        found = {"error": f"it is no ELF file, or a damaged one: {printable(str(error), 100)}"}
    json.dump(found, sys.stdout)


def parsed(stream: BinaryIO) -> dict[str, Any]:
    """The segments, and the functions in the order of their addresses. Raises ValueError, with what is wrong, or what
    pyelftools raises.
    """
    elf = ELFFile(stream)
    if elf.elfclass != 64:  # noqa: PLR2004
        raise ValueError("its ELF file has not 64 bits")
    segments, functions = [*_segments(elf)], [*_functions(elf)]
    return {"segments": segments, "functions": [*_with_sources(elf, functions)]}


def _segments(elf: ELFFile) -> Iterator[Segment]:
    count = 0
    for each in elf.iter_segments("PT_LOAD"):
        if count == RANGES:
            raise ValueError(f"its ELF file has more than {RANGES} segments")
        if each["p_memsz"]:
            count += 1
            yield Segment(each["p_vaddr"], each["p_paddr"], each["p_memsz"])
    if not count:
        raise ValueError("its ELF file has nothing to load")


def _functions(elf: ELFFile) -> Iterator[Function]:
    """From the symbols in executable sections; one without a size reaches to the next."""
    table = elf.get_section_by_name(".symtab")
    if table is None:
        return
    strings = elf.get_section(table["sh_link"])
    if max(table["sh_size"], strings["sh_size"]) > LARGEST:
        raise ValueError("the symbol table of its ELF file is too large")
    ends = _executable(elf)
    found = dict[int, tuple[int, int, str, int]]()
    names = strings.data()
    entry = struct.Struct(SYMBOL["<" if elf.little_endian else ">"])
    data = table.data()
    for at, info, _, section, value, size in entry.iter_unpack(data[: len(data) // entry.size * entry.size]):
        if section in ends and info & 15 in {FUNCTION, NO_TYPE}:
            name = names[at : at + 4 * NAME].partition(b"\0")[0].decode("utf-8", "replace")
            if name and not name.startswith(("$", ".L")):  # what assemblers leave: $x, $d
                known = found.get(value)
                if known is None or (size, info & 15) > known[:2]:
                    found[value] = (size, info & 15, printable(name, NAME)[:NAME], ends[section])
    if len(found) > MOST:
        raise ValueError(f"its ELF file has more than {MOST:,} functions")
    ordered = sorted(found.items())
    for index, (start, (size, _, name, last)) in enumerate(ordered):
        following = min(last, ordered[index + 1][0] if index + 1 < len(ordered) else last)
        yield Function(start, min(start + size, following) if size else following, name)


def _executable(elf: ELFFile) -> dict[int, int]:
    """The ends of the sections with code, by their numbers."""
    found = {}
    for number, section in enumerate(elf.iter_sections()):
        if section["sh_flags"] & EXECUTABLE:
            found[number] = section["sh_addr"] + section["sh_size"]
    return found


def _with_sources(elf: ELFFile, functions: list[Function]) -> Iterator[Function]:
    places = sources.of(elf, [each.start for each in functions])
    for each in functions:
        file, line = places.get(each.start, ("", 0))
        yield each._replace(file=file, line=line)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
