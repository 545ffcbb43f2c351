"""What the Solo5 runners share: a unikernel's notes, and the words of bindings and tenders.

Facts from Solo5 0.12: include/elf_abi.h, include/mft_abi.h, bindings/abort.c, bindings/exit.c, tenders/.
"""

from __future__ import annotations

import platform
import re
import signal
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bootmatrix.model import Ending, Outcome, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TARGETS = {1: "hvt", 2: "spt", 3: "virtio", 4: "muen", 5: "genode", 6: "xen"}
DEVICES = {1: "BLOCK_BASIC", 2: "NET_BASIC"}
OPTION = {"BLOCK_BASIC": "--block:{}=FILE", "NET_BASIC": "--net:{}=INTERFACE"}
VIRTIO = {"BLOCK_BASIC": "virtio-blk", "NET_BASIC": "virtio-net"}
FEW = 4
ENTRY_SIZE = 104  # sizeof(struct mft_entry): char name[68], type, two 16-byte unions, bool, padding
NAME_SIZE = 68
ABORT_STATUS = 255
LAST = 4096  # characters at the console's end that hold the bindings' last words
LONGEST = 200  # characters of a message that are passed on

# The bindings' last words end the console, but for "Solo5: Halted". They can follow unterminated text, so they are not
# bound to a line's start; words that a guest printed itself and ran on are not the last.
ENDED = re.compile(r"Solo5: (?:solo5_exit\((-?\d{1,11})\) called|solo5_abort\(\) called|ABORT: [^\n]*)$")
ENDED_ANYWHERE = re.compile(ENDED.pattern, re.MULTILINE)
# What virtio's bindings write after their last words, while they look for a way to power off (bindings/virtio).
CLOSING = re.compile(r"(?:\s?Solo5: (?:ACPI: [^\n]{0,200}|Halted))+$")
TRAP = re.compile(r"Solo5: trap: (type=.*)")
FATAL_TRAP = re.compile(r"cpu_\w+\.c:\d+: Fatal trap$")

# A tender's messages. Each begins with its name; those that it goes on after are no reason to end.
FATAL = re.compile(r"^[^\s:]+: (?!WARNING|adjusting memory|dumpcore: dump|hypercall_poll)(.*)", re.MULTILINE)
FAULT = re.compile(
    r"(?:(?:KVM|VMM): host/guest translation fault|(?:KVM: )?unhandled exit|Triple Fault"
    r"|Invalid guest (?:port access|hypercall)|\S+\.[ch]:\d+: Invalid guest access)",
    re.IGNORECASE,
)
BROKEN = re.compile(
    r"KVM: |Could not open: /dev/kvm|Error allocating guest memory|Exiting on signal \d|\w+\([^)]*\) failed|malloc"
    r"|.*: (?:Network is down|Device or resource busy|Cannot allocate memory|Too many open files"
    r"|Resource temporarily unavailable|No space left on device)$"
)
NOT_STARTED = frozenset({126, 127})  # a shell's, with its reason, or the dynamic linker's


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


def _notes(elf: Any) -> Iterator[Any]:
    return (section for section in elf.iter_sections() if section.name.startswith(".note.solo5."))


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
        remedy = f"attach what the boot can see: runner: {{options: [{flags}]}}, or leave the test out with `only:`"
        raise Rejected(f"{file.name} declares {shown}, which nothing attaches", remedy)


def _missing(notes: Notes, options: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Name, type and option of the declared devices that hvt and spt would miss."""
    attached = {found[1] for word in options if (found := re.match(r"--(?:net|block):([A-Za-z0-9]+)=", word))}
    return [(name, kind, OPTION[kind].format(name)) for name, kind in notes.devices if name not in attached]


def _virtio_missing(notes: Notes, options: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """QEMU's devices have no names of the manifest's: one of the right kind is enough."""
    given = " ".join(options)
    return [(name, kind, f"-device, {VIRTIO[kind]},…") for name, kind in notes.devices if VIRTIO[kind] not in given]


def native(arch: str, program: str) -> None:
    """Hvt and spt run the guest's code on this machine's own processor."""
    if arch != platform.machine():
        raise Rejected(
            f"{program} boots {platform.machine()} guests here, not {arch}",
            "exclude the cell, or run it on such a host",
        )


def outcome(ending: Ending, program: str, faults: frozenset[str] = frozenset()) -> Outcome:
    """For the tenders that pass the guest's status on (hvt, spt); `faults` are the signals that a guest can cause."""
    if ending.out_of_memory:
        return Outcome("broken", f"{program} was killed for lack of memory", "the kernel's out-of-memory killer")
    if found := _refused(ending):
        return found
    last = last_words(ending.console)
    if last and last.kind == "exited" and _same_status(last, ending):
        return last
    if ending.signal:
        kind = "crashed" if ending.signal in faults else "broken"
        detail = ending.signal if kind == "crashed" else f"{program} was ended by {ending.signal}"
        return Outcome(kind, detail, f"{program} was ended by {ending.signal}")
    if last and last.kind != "exited" and ending.status == ABORT_STATUS:
        return last
    return Outcome("exited", str(ending.status), f"{program}'s exit status {ending.status}")


def _refused(ending: Ending) -> Outcome | None:
    """The tender's own message on its standard error, which no guest can write, and with which it ends."""
    found = FATAL.search(ending.tender)
    message = found[1][:LONGEST] if found else ""
    evidence = f"the tender's message, exit status {ending.status}"
    if ending.status in NOT_STARTED and message and not ending.console:
        return Outcome("broken", message, evidence)
    if ending.status != 1 or not message:
        return None
    if FAULT.match(message):
        return Outcome("crashed", message, evidence)
    return Outcome("broken" if BROKEN.match(message) else "rejected", message, evidence)


def _same_status(said: Outcome, ending: Ending) -> bool:
    """A status of 256 reads as 0, and inside a container one above 128 as a signal: then the bindings' words decide.

    A shell that starts the tender names on its standard error the signal that ended it.
    """
    if ending.signal:
        return not ending.tender.strip() and int(said.detail) % 256 == 128 + signal.Signals[ending.signal]
    return int(said.detail) % 256 == ending.status


def last_words(console: str) -> Outcome | None:
    """What the bindings wrote last, if that ends the console; a negative status is told as the host shows it."""
    lines = CLOSING.sub("", console[-LAST:].rstrip()).rstrip().split("\n")
    return _worded(ENDED.search(lines[-1]), lines)


def failure_told(console: str) -> Outcome | None:
    """A failure that the bindings told somewhere, though not as their last words: a guest that ran on is no success."""
    for found in ENDED_ANYWHERE.finditer(console):
        outcome = _worded(found, console[max(0, found.end() - LAST) : found.end()].split("\n"))
        if outcome and not outcome.ok:
            return outcome
    return None


def _worded(found: re.Match[str] | None, lines: list[str]) -> Outcome | None:
    """The outcome that the bindings' words mean; `lines` are those up to them."""
    if not found:
        return None
    evidence = f"'{found[0].strip()[:LONGEST]}' on the console"
    if found[1]:
        code = int(found[1])
        return Outcome("exited", str(code % 256 or code), evidence)
    if not FATAL_TRAP.search(found[0]):
        return Outcome("aborted", "", evidence)
    traps = [trap[1].strip()[:LONGEST] for line in lines[-3:-1] if (trap := TRAP.search(line))]
    return Outcome("crashed", traps[0] if traps else "trap", evidence)
