"""Sections of an ELF file that anyone may have made: what its tables say is believed only within bounds.

Facts from elf(5).
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

IDENT = 16  # bytes before the header proper: magic number, class, byte order
CLASSES = {1: ("HHIIIIIHHHHHH", "IIIIII"), 2: ("HHIQQQIHHHHHH", "IIQQQQ")}  # the header; a section's first six fields
ENTRY = {1: 40, 2: 64}  # sizeof(Elf32_Shdr), sizeof(Elf64_Shdr)
ORDERS = {1: "<", 2: ">"}
LARGEST = 4 << 20  # bytes of a table or a section: 65,535 sections take as much


def sections(descriptor: int, names: Iterable[str]) -> dict[str, bytes]:
    """What the first sections of these names hold. Raises ValueError if the file is no ELF file, or an odd one."""
    ident = _part(descriptor, 0, IDENT)
    if ident[:4] != b"\x7fELF" or ident[4] not in CLASSES or ident[5] not in ORDERS:
        raise ValueError("no ELF file")
    (header, entry), order = CLASSES[ident[4]], ORDERS[ident[5]]
    values = struct.unpack(order + header, _part(descriptor, IDENT, struct.calcsize(order + header)))
    start, size, count, strings = values[5], values[10], values[11], values[12]
    if size != ENTRY[ident[4]] or strings >= count:
        raise ValueError("its sections have no names")
    table = _part(descriptor, start, size * count)
    found = [struct.unpack_from(order + entry, table, at) for at in range(0, len(table), size)]
    texts = _part(descriptor, *found[strings][4:6])
    wanted = {name.encode(): name for name in names}
    read: dict[str, bytes] = {}
    for name_at, _, _, _, offset, length in found:
        name = wanted.get(texts[name_at : texts.find(b"\0", name_at)])
        if name and name not in read:
            read[name] = _part(descriptor, offset, length)
    return read


def _part(descriptor: int, offset: int, size: int) -> bytes:
    if size > LARGEST or offset >= 1 << 63:
        raise ValueError("a section is too large")
    part = os.pread(descriptor, size, offset)
    if len(part) < size:
        raise ValueError("a section lies beyond the end of the file")
    return part
