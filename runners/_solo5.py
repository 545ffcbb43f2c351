"""What the Solo5 runners share: a unikernel's notes, and the words of bindings and tenders.

Facts from Solo5 0.12: include/elf_abi.h, include/mft_abi.h, bindings/abort.c, bindings/exit.c, tenders/.
"""

from __future__ import annotations

import platform
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.model import Ending, Outcome, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TARGETS = {1: "hvt", 2: "spt", 3: "virtio", 4: "muen", 5: "genode", 6: "xen"}
DEVICES = {1: "BLOCK_BASIC", 2: "NET_BASIC"}
OPTION = {"BLOCK_BASIC": "--block:{}=FILE", "NET_BASIC": "--net:{}=INTERFACE"}
ENTRY_SIZE = 104  # sizeof(struct mft_entry): char name[68], type, two 16-byte unions, bool, padding
NAME_SIZE = 68
ABORT_STATUS = 255
FROM_OUTSIDE = frozenset({"SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"})

EXITED = re.compile(r"Solo5: solo5_exit\((-?\d+)\) called")
TRAP = re.compile(r"Solo5: trap: (.*)")
ABORT = re.compile(r"Solo5: (?:ABORT: ?(.*)|solo5_abort\(\) called)")


@dataclass(frozen=True)
class Notes:
    """A unikernel's ABI (`target`, `version`) and the devices (name, type) that its manifest declares."""

    target: str
    version: int
    devices: tuple[tuple[str, str], ...]


def read_notes(file: Path) -> Notes:
    """Raises Rejected if the file is no Solo5 unikernel."""
    from elftools.common.exceptions import ELFError  # noqa: PLC0415  # 40 ms, only where Solo5 boots
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    try:
        with file.open("rb") as stream:
            sections = {section.name: bytes(section.data()) for section in _notes(ELFFile(stream))}
        target, version = struct.unpack_from("<II", sections[".note.solo5.abi"], _content(sections[".note.solo5.abi"]))
        manifest = sections.get(".note.solo5.manifest", b"")
        return Notes(TARGETS.get(target, f"target {target}"), version, tuple(_devices(manifest)))
    except (
        ELFError,
        KeyError,
        struct.error,
        ValueError,
        OverflowError,
        UnicodeDecodeError,
        AttributeError,
    ) as error:
        what = "has no .note.solo5.abi" if isinstance(error, KeyError) else "is no readable ELF file"
        remedy = "link it with Solo5's bindings (…-solo5-none-static-ld -z solo5-abi=…), or boot it on another backend"
        raise Rejected(f"{file.name} {what}: it is no Solo5 unikernel", remedy) from None


def _notes(elf: object) -> Iterator[object]:
    return (section for section in elf.iter_sections() if section.name.startswith(".note.solo5."))  # type: ignore[attr-defined]


def _content(note: bytes) -> int:
    """Where the note's descriptor starts: after three words and the name, both padded to four bytes."""
    (name_size,) = struct.unpack_from("<I", note)
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
    attached = {found[1] for word in options if (found := re.match(r"--(?:net|block):([A-Za-z0-9]+)=", word))}
    missing = [(name, kind) for name, kind in notes.devices if name not in attached]
    if missing and target != "virtio":
        names = ", ".join(f"{kind} '{name}'" for name, kind in missing)
        flags = ", ".join(OPTION[kind].format(name) for name, kind in missing)
        raise Rejected(f"{file.name} declares {names}, which nothing attaches", f"add runner: {{options: [{flags}]}}")


def native(arch: str, program: str) -> None:
    """Hvt and spt run the guest's code on this machine's own processor."""
    if arch != platform.machine():
        raise Rejected(
            f"{program} boots {platform.machine()} guests here, not {arch}",
            "exclude the cell, or run it on such a host",
        )


def outcome(ending: Ending, program: str) -> Outcome:
    """For the tenders that pass the guest's status on (hvt, spt)."""
    message = re.search(rf"^{program}: (.*)", ending.tender, re.MULTILINE)
    if ending.out_of_memory or ending.signal in FROM_OUTSIDE:
        why = "the out-of-memory killer" if ending.out_of_memory else ending.signal
        return Outcome("broken", f"the tender was ended from outside by {why}", f"{program}: {ending.signal}")
    if message and (found := _refused(message[1])):
        return found
    if ending.status == ABORT_STATUS:
        if trap := TRAP.search(ending.console):
            return Outcome("crashed", trap[1].strip(), "exit status 255, the bindings' trap on the console")
        if aborted := ABORT.search(ending.console):
            return Outcome("aborted", "", f"exit status 255, '{aborted[0].strip()}'")
    return Outcome("exited", str(ending.status), f"{program}'s exit status {ending.status}")


FAULT = re.compile(
    r"translation fault|KVM_EXIT_SHUTDOWN|unhandled|invalid (?:guest|hypercall)|double fault", re.IGNORECASE
)
INFRASTRUCTURE = re.compile(r"/dev/kvm|KVM|vCPU|ioctl|[Ss]eccomp|mmap|Exiting on signal|Network is down|resource busy")


def _refused(message: str) -> Outcome | None:
    """The tender's own message on its standard error, which no guest can write; all come with status 1."""
    if FAULT.search(message):
        return Outcome("crashed", message, "the tender's message, exit status 1")
    if INFRASTRUCTURE.search(message):
        return Outcome("broken", message, "the tender's message, exit status 1")
    return Outcome("rejected", message, "the tender's message, exit status 1")


def last_marker(console: str) -> Outcome | None:
    """What the bindings wrote last; a marker can follow unterminated text, so it is not bound to a line's start."""
    found = [*EXITED.finditer(console), *ABORT.finditer(console), *TRAP.finditer(console)]
    if not found:
        return None
    last = max(found, key=re.Match.start)
    evidence = f"'{last[0].strip()}' on the console"
    if last.re is EXITED:
        return Outcome("exited", last[1], evidence)
    if trap := TRAP.search(console):
        return Outcome("crashed", trap[1].strip(), evidence)
    return Outcome("aborted", "", evidence)
