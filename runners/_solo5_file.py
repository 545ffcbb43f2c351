"""A Solo5 unikernel's file: its ABI and the devices of its manifest, read before it boots.

Facts from Solo5 0.12: include/elf_abi.h, include/mft_abi.h.
"""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import files
from bootmatrix.model import Rejected

from . import _elf

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGETS = {1: "hvt", 2: "spt", 3: "virtio", 4: "muen", 5: "genode", 6: "xen"}
DEVICES = {1: "BLOCK_BASIC", 2: "NET_BASIC"}
OPTION = {"BLOCK_BASIC": "--block:{}=FILE", "NET_BASIC": "--net:{}=INTERFACE"}
VIRTIO = {"BLOCK_BASIC": "virtio-blk", "NET_BASIC": "virtio-net"}
# QEMU's own short ways to attach one.
SHORT = {
    "BLOCK_BASIC": r"-drive (?:\S*,)?if=virtio(?:[,\s]|$)",
    "NET_BASIC": r"-(?:net|nic) (?:\S*,)?model=virtio(?:[,\s]|$)",
}
FEW = 4
ENTRY_SIZE = 104  # sizeof(struct mft_entry): char name[68], type, two 16-byte unions, bool, padding
NAME_SIZE = 68
ABI, MANIFEST = ".note.solo5.abi", ".note.solo5.manifest"
REMEDY = "link it with Solo5's bindings (…-solo5-none-static-ld -z solo5-abi=…), or boot it on another backend"


@dataclass(frozen=True)
class Notes:
    """A unikernel's ABI (`target`, `version`) and the devices (name, type) that its manifest declares."""

    target: str
    version: int
    devices: tuple[tuple[str, str], ...]


def read_notes(file: Path) -> Notes:
    """Raises Rejected if the file is no Solo5 unikernel."""
    try:
        with files.opened(Path(os.path.realpath(file))) as stream:
            return _parsed(file.name, stream.fileno())
    except OSError as error:
        raise Rejected(f"{file.name} cannot be read: {error.strerror or error}", REMEDY) from None


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


def check(file: Path, backend: str, options: tuple[str, ...], version: str) -> None:
    """Raise Rejected if the tender of `backend` would refuse the file."""
    notes = read_notes(file)
    target = backend.removeprefix("solo5-")
    if notes.target != target:
        raise Rejected(
            f"{file.name} is built for {notes.target}, not for {target}",
            f"build it with -z solo5-abi={target}",
        )
    known = re.search(r"ABI version (\d+)", version)
    if known and int(known[1]) != notes.version:
        what = f"{file.name} has ABI version {notes.version}, the tender has {known[1]}"
        raise Rejected(what, "build both from the same Solo5 release")
    missing = _virtio_missing(notes, options) if target == "virtio" else _missing(notes, options)
    if missing:
        names = [f"{kind} '{name}'" for name, kind, _ in missing]
        shown = ", ".join(names[:FEW]) + (f" and {len(names) - FEW} more" if len(names) > FEW else "")
        flags = ", ".join(flag for _, _, flag in missing[:FEW])
        remedy = f"attach them: runner: {{options: [{flags}]}}, or exclude the test here with `only:`"
        raise Rejected(f"{file.name} declares the devices {shown}, but no option attaches them", remedy)


def _missing(notes: Notes, options: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Name, type and option of the declared devices that hvt and spt would miss."""
    attached = {found[1] for word in options if (found := re.match(r"--(?:net|block):([A-Za-z0-9]+)=", word))}
    return [(name, kind, OPTION[kind].format(name)) for name, kind in notes.devices if name not in attached]


def _virtio_missing(notes: Notes, options: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """QEMU's devices have no names of the manifest's: one of the right kind is enough."""
    given = " ".join(options)
    there = {kind for kind, device in VIRTIO.items() if device in given or re.search(SHORT[kind], given)}
    return [(name, kind, f"-device, {VIRTIO[kind]},…") for name, kind in notes.devices if kind not in there]
