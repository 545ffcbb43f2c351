"""A Solo5 unikernel's file: its ABI and the devices of its manifest.

Facts from Solo5 0.12: include/elf_abi.h, include/mft_abi.h.
"""

from __future__ import annotations

import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import files
from bootmatrix.model import Rejected

from . import _elf

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGETS = {1: "hvt", 2: "spt", 3: "virtio", 4: "muen", 5: "genode", 6: "xen"}
BLOCK, NET = "BLOCK_BASIC", "NET_BASIC"
DEVICES = {1: BLOCK, 2: NET}
ENTRY_SIZE = 104  # sizeof(struct mft_entry): char name[68], type, two 16-byte unions, bool, padding
NAME_SIZE = 68
ABI, MANIFEST = ".note.solo5.abi", ".note.solo5.manifest"
REMEDY = "link it with Solo5's bindings (…-solo5-none-static-ld -z solo5-abi=…), or boot it on another backend"
SETTLED = 10**9  # nanoseconds since the last change of a file, which then has no tick in common with the next
_READ: dict[tuple[int, ...], Notes] = {}


@dataclass(frozen=True)
class Notes:
    """A unikernel's ABI (`target`, `version`) and the devices (name, type) that its manifest declares."""

    target: str
    version: int
    devices: tuple[tuple[str, str], ...]


def read_notes(file: Path) -> Notes:
    """Raises Rejected if the file is no Solo5 unikernel. Many boots share one, which is read once.

    One that has just changed is not kept in mind: within a tick of the kernel's clock it may do so again.
    """
    try:
        if known := _READ.get(_state(os.stat(file))):  # noqa: PTH116  # a Path's is slower, and there are thousands
            return known
        with files.opened(Path(os.path.realpath(file))) as stream:
            found = os.fstat(stream.fileno())
            notes = _parsed(file.name, stream.fileno())
            if time.time_ns() - found.st_ctime_ns > SETTLED:
                _READ[_state(found)] = notes
            return notes
    except OSError as error:
        raise Rejected(f"{file.name} cannot be read: {error.strerror or error}", REMEDY) from None


def _state(found: os.stat_result) -> tuple[int, ...]:
    """What changes with the file's content."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _parsed(name: str, descriptor: int) -> Notes:
    try:
        sections = _elf.sections(descriptor, (ABI, MANIFEST))
        target, version = struct.unpack_from("<II", sections[ABI], _content(sections[ABI]))
        return Notes(TARGETS.get(target, f"target {target}"), version, tuple(_devices(sections.get(MANIFEST, b""))))
    except (KeyError, struct.error, ValueError) as error:
        what = "has no .note.solo5.abi" if isinstance(error, KeyError) else "is not a readable ELF file"
        raise Rejected(f"{name} {what}: it is not a Solo5 unikernel", REMEDY) from None


def _content(note: bytes) -> int:
    """Where the note's descriptor starts: after three words and the name, both padded to four bytes."""
    name_size = int.from_bytes(note[:4], "little")
    if name_size > 64:  # noqa: PLR2004  # the name is "Solo5"
        raise ValueError(name_size)
    return 12 + (name_size + 3 & ~3)


def _devices(note: bytes) -> Iterator[tuple[str, str]]:
    if not note:
        return
    start = _content(note)
    start += -start % 8  # struct mft holds 64-bit members: the descriptor's content is aligned to eight bytes
    _, entries = struct.unpack_from("<II", note, start)
    for index in range(min(entries, 64)):
        at = start + 8 + index * ENTRY_SIZE
        (kind,) = struct.unpack_from("<I", note, at + NAME_SIZE)
        if kind in DEVICES:  # type 0 is the reserved first entry
            yield note[at : at + NAME_SIZE].split(b"\0")[0].decode(), DEVICES[kind]
