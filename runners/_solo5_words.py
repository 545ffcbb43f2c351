"""What Solo5's bindings and tenders say at the end, and what it means.

Facts from Solo5 0.12: bindings/abort.c, bindings/exit.c, bindings/virtio/, tenders/.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bootmatrix.model import Ending, Outcome, OutcomeKind

ABORT_STATUS = 255
LAST = 4096  # characters at the console's end that hold the bindings' last words
LONGEST = 200  # characters of a message that are passed on

# The bindings' last words end the console, but for "Solo5: Halted". They can follow unterminated text, so they are not
# bound to a line's start; words that a guest printed itself and ran on are not the last.
ENDED = re.compile(r"Solo5: (?:solo5_exit\((-?[0-9]{1,11})\) called|solo5_abort\(\) called|ABORT: [^\n]*)$")
ENDED_ANYWHERE = re.compile(ENDED.pattern, re.MULTILINE)
# What virtio's bindings write after their last words, looking for a way to power off (bindings/virtio). QEMU may
# end within it, at any character.
AFTERWARDS = ("Solo5: Halted", "Solo5: ACPI:")
TORN = "|".join({whole[:length]: None for whole in AFTERWARDS for length in range(len(whole) - 1, 0, -1)})
CLOSING = re.compile(rf"(?:\s?Solo5: (?:ACPI:[^\n]{{0,200}}|Halted))*(?:\s(?:{TORN}))?$")
# A trap is told before the abort that ends it (bindings/cpu_x86_64.c, cpu_aarch64.c, which dumps the registers after).
TRAP = re.compile(r"Solo5: trap: type=(\S{1,20}) [^\n]*|Solo5: Trap: EL\d ([\w ]{1,40}) caught")
TRAP_LINES = 14
FATAL_TRAP = re.compile(r"cpu_\w+\.c:\d+: Fatal trap$")

LEVELS = {"quiet": False, "error": False, "warn": False, "info": True, "debug": True}

# A tender's messages. Each begins with its name; those that it goes on after are no reason to end.
FATAL = re.compile(r"^[^\s:]+: (?!WARNING|adjusting memory|dumpcore: dump|hypercall_poll)(.*)", re.MULTILINE)
FAULT = re.compile(
    r"(?:(?:KVM|VMM): host/guest translation fault|(?:KVM: )?unhandled exit|Triple Fault"
    r"|Invalid guest (?:port access|mmio access|hypercall)|\S+\.[ch]:\d+: Invalid guest access)",
    re.IGNORECASE,
)
BROKEN = re.compile(
    r"KVM: |Could not open: /dev/kvm|Error allocating guest memory|Exiting on signal \d|\w+\([^)]*\) failed|malloc"
    r"|.*: (?:Network is down|Device or resource busy|Cannot allocate memory|Too many open files"
    r"|Resource temporarily unavailable|No space left on device)$"
)
# The end of a tender's message about a fault: what differs from build to build.
PLACE = re.compile(r"[:,] (?:rip|pc|gpa|mmio)=.*")
WAY_OUT = {"": "does it return from solo5_app_main, or call solo5_exit?"}
IMPOSSIBLE = {
    "panic": "the bindings of Solo5 have no words for a panic: a guest that panics aborts",
    "cpus": "Solo5 gives a guest one processor",
}
NOT_STARTED = frozenset({126, 127})  # a shell's, with its reason, or the dynamic linker's


def outcome(ending: Ending, program: str, faults: frozenset[str] = frozenset()) -> Outcome:
    """For the tenders that pass the guest's status on (hvt, spt); `faults` are the signals that a guest can cause."""
    if ending.out_of_memory:
        return Outcome(
            OutcomeKind.BROKEN, f"{program} was killed for lack of memory", "the kernel's out-of-memory killer"
        )
    if found := _refused(ending):
        return found
    last = last_words(ending.console)
    if last and last.kind == OutcomeKind.EXITED and _same_status(last, ending):
        return replace(last, status=f"{program}'s status {last.detail}")
    if ending.signal:
        kind = OutcomeKind.CRASHED if ending.signal in faults else OutcomeKind.BROKEN
        detail = ending.signal if kind == OutcomeKind.CRASHED else f"{program} was ended by {ending.signal}"
        return Outcome(kind, detail, f"{program} was ended by {ending.signal}")
    if last and last.kind != OutcomeKind.EXITED and ending.status == ABORT_STATUS:
        return last
    return Outcome(OutcomeKind.EXITED, str(ending.status), f"{program}'s exit status {ending.status}")


def _refused(ending: Ending) -> Outcome | None:
    """The tender's own message on its standard error, which no guest can write, and with which it ends."""
    found = FATAL.search(ending.tender)
    message = found[1][:LONGEST] if found else ""
    evidence = f"the tender's message, exit status {ending.status}"
    if ending.status in NOT_STARTED and message and not ending.console:
        return Outcome(OutcomeKind.BROKEN, message, evidence)
    if ending.status != 1 or not message:
        return None
    if FAULT.match(message):
        return Outcome(OutcomeKind.CRASHED, PLACE.sub("", message), f"{message}, {evidence}")
    return Outcome(OutcomeKind.BROKEN if BROKEN.match(message) else OutcomeKind.REJECTED, message, evidence)


def _same_status(said: Outcome, ending: Ending) -> bool:
    """A status of 256 reads as 0, and inside a container one above 128 as a signal: then the bindings' words decide.

    A shell that starts the tender names on its standard error the signal that ended it.
    """
    if ending.signal and ending.tender.strip():
        return False
    return int(said.detail) % 256 == ending.shown


def quiet(cmdline: str) -> bool:
    """Whether a unikernel's command line keeps the bindings from telling its exit (bindings/cmdline.c)."""
    hushed = False
    for word in cmdline.split():
        name = word.removeprefix("--solo5:")
        if name == word or name not in LEVELS:
            break
        hushed = not LEVELS[name]
    return hushed


def last_words(console: str) -> Outcome | None:
    """What the bindings wrote last, if that ends the console; a negative status is told as the host shows it."""
    lines = CLOSING.sub("", console[-LAST:].rstrip()).rstrip().split("\n")
    return _worded(ENDED.search(lines[-1]), lines)


def only_told(console: str) -> Outcome | None:
    """The end where nothing but the bindings' words tells it: disputed where they tell two, or are not the last."""
    last = last_words(console)
    for found in ENDED_ANYWHERE.finditer(console):
        other = _worded(found, console[max(0, found.end() - LAST) : found.end()].split("\n"))
        if other and last and (other.kind, other.detail) != (last.kind, last.detail):
            return replace(last, disputed=f"the console reports both {other} and {last}: {other.evidence}")
        if other and not last and not other.ok:
            return replace(other, disputed=f"the console reports {other}, and then goes on")
    return last


def told_when_quiet(console: str) -> Outcome | None:
    """An abort, which the bindings always tell; all other words of theirs on the console are the guest's own."""
    last = last_words(console)
    return last if last and "Solo5: ABORT: " in last.evidence else None


def _worded(found: re.Match[str] | None, lines: list[str]) -> Outcome | None:
    """The outcome that the bindings' words mean; `lines` are those up to them."""
    if not found:
        return None
    evidence = f"'{found[0].strip()[:LONGEST]}' on the console"
    if found[1]:
        code = int(found[1])
        return Outcome(OutcomeKind.EXITED, str(code if code >= 0 else code % 256 or code), evidence)
    if not FATAL_TRAP.search(found[0]):
        return Outcome(OutcomeKind.ABORTED, "", evidence)
    traps = [trap for line in lines[-TRAP_LINES:-1] if (trap := TRAP.search(line))]
    if not traps:
        return Outcome(OutcomeKind.CRASHED, "trap", evidence)
    return Outcome(OutcomeKind.CRASHED, traps[-1][1] or traps[-1][2], f"'{traps[-1][0][:LONGEST]}', {evidence}")
