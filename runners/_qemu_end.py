"""How a boot under QEMU ended: read off its trace and messages, since its exit status has only eight bits.

A guest may write to its exit device more than once, and from QEMU 9 on the status then is that of any of the writes:
what counts is the first, by which every older QEMU ends.
"""

from __future__ import annotations

import re

from bootmatrix.model import Ending, Outcome, OutcomeKind, Sign

# What QEMU tells on its standard error, which no guest can write: whether the machine ever ran, and whether it was
# powered off (`shutdown_request`) or reset itself, which `-no-reboot` ends with status 0 too.
TRACE = ("-trace", "runstate_set", "-trace", "qemu_system_shutdown_request")
# And what the guest writes to each device: the value that it gave its exit device, of 32 bits, is told by nothing else.
VALUES = ("-trace", "memory_region_ops_write")
DEVICES = r"isa-debug-exit|riscv\.sifive\.test"
NOISE = rf"memory_region_ops_write [^\n]* name '(?!(?:{DEVICES})'$)[^\n]*"

RUNS = Sign(r"^runstate_set .*new_state \d+ \(running\)", by_tender=True)
# Firmware hands over: the ROM by which SeaBIOS starts a kernel reads that, or its command line, from QEMU (the guest's
# kernel may do so, too, but it prints before); OpenSBI has told all of the machine.
READS_KERNEL = Sign(r"^memory_region_ops_write [^\n]* name 'fwcfg\.dma'", by_tender=True, last=True)
OPENSBI_TOLD = Sign(r"^Boot HART MEDELEG\s*: ")

RAN = re.compile(RUNS.pattern, re.MULTILINE)
STOPPED = re.compile(r"^runstate_set .*new_state \d+ \(shutdown\)", re.MULTILINE)
EVENT = re.compile(
    r"^(?:qemu_system_shutdown_request reason=(?P<reason>\d+)"
    rf"|memory_region_ops_write .* addr 0x(?P<address>[0-9a-f]+) value 0x(?P<value>[0-9a-f]+) size \d+"
    rf" name '(?P<device>{DEVICES})')$",
    re.MULTILINE,
)
PANIC = "8"  # SHUTDOWN_CAUSE_GUEST_PANIC, QEMU's qapi/run-state.json
SIFIVE_FAIL, SIFIVE_PASS, SIFIVE_RESET = 0x3333, 0x5555, 0x7777  # the lower half of a word; the upper is FAIL's code

KILLED = re.compile(r"^\S+: (terminating on signal \d+.*)", re.MULTILINE)
MESSAGE = re.compile(r"^qemu[\w-]*: (?!(?:[^\n]*: )?(?:warning|info): )(.*)", re.MULTILINE)
QUOTED = re.compile(r"'[^'\n]*'")  # names, which may hold any word
BROKEN = re.compile(
    r"KVM kernel module|initialize kvm|kvm_|KVM_|shared librar|Cannot allocate memory|failed to allocate"
    r"|Too many open files|Resource temporarily unavailable|Device or resource busy|Network is down|No space left"
)
REFUSED = re.compile(
    r"\b(?:kernel|ELF|bios|firmware|ROM|image|invalid|unsupported|expects|requires)\b"
    r"|property|not a valid|not supported|unable to find|could not (?:open|load)|failed to open file|No such|not found",
    re.IGNORECASE,
)
OWN = frozenset({"SIGABRT", "SIGSEGV", "SIGILL", "SIGFPE", "SIGTRAP"})  # by which QEMU ends itself


def failure(ending: Ending) -> Outcome | None:
    """What ended QEMU other than the guest's own word; None if nothing did."""
    message = MESSAGE.search(ending.tender)
    if ending.out_of_memory:
        return Outcome(OutcomeKind.BROKEN, "QEMU was killed for lack of memory", "the kernel's out-of-memory killer")
    if killed := KILLED.search(ending.tender):
        return Outcome(OutcomeKind.BROKEN, "QEMU was ended from outside", killed[1])
    if not RAN.search(ending.tender):
        return _never_ran(ending, message)
    if _told_by_guest(ending):
        return None
    return _ended_while_running(ending)


def _never_ran(ending: Ending, message: re.Match[str] | None) -> Outcome:
    if ending.signal:
        evidence = message[0] if message else f"QEMU was ended by {ending.signal}"
        return Outcome(OutcomeKind.BROKEN, f"QEMU was ended by {ending.signal}", evidence)
    words = message[1] if message else f"exit status {ending.status} before the machine ran"
    kind = OutcomeKind.REJECTED if message and _refused(message[1]) else OutcomeKind.BROKEN
    return Outcome(kind, words, f"exit status {ending.status}, machine never started")


def _refused(message: str) -> bool:
    """Whether the command line is at fault, not this host; what is in doubt is tried again."""
    words = QUOTED.sub("", message)
    return not BROKEN.search(words) and REFUSED.search(words) is not None


def _told_by_guest(ending: Ending) -> bool:
    """Whether the exit status is that of a write to the exit device, which outside may read as a signal's."""
    written = (_written(event) for event in EVENT.finditer(ending.tender) if event["device"])
    return any(said and said.number is not None and said.number % 256 == ending.shown for said in written)


def _ended_while_running(ending: Ending) -> Outcome | None:
    """A guest that makes QEMU crash is not excused; a message counts only if QEMU ended with it."""
    message = None
    for message in MESSAGE.finditer(ending.tender):  # noqa: B007  # QEMU says last why it ended
        pass
    evidence = message[0] if message else f"QEMU was ended by {ending.signal}"
    if ending.signal in OWN and not (message and BROKEN.search(message[1])):
        return Outcome(OutcomeKind.CRASHED, f"QEMU's {ending.signal}", evidence)
    if ending.signal:
        return Outcome(OutcomeKind.BROKEN, f"QEMU was ended by {ending.signal}", evidence)
    if ending.status == 1 and message:
        return Outcome(OutcomeKind.BROKEN, message[1], "QEMU's own message, exit status 1")
    return None


def said(ending: Ending) -> Outcome:
    """What the guest did, of one that QEMU's own failures did not end: a panic or a status that it wrote before
    anything else did end it, else a power-off.
    """
    off = None
    for event in EVENT.finditer(ending.tender):
        if event["reason"] == PANIC:
            return Outcome(OutcomeKind.PANICKED, "the guest's panic device", event[0])
        if event["reason"]:
            off = Outcome(OutcomeKind.EXITED, "0", "the guest powered off")
        elif written := _written(event):
            return written
    return off or _untold(ending)


def _written(event: re.Match[str]) -> Outcome | None:
    """What a write to an exit device means; None if nothing."""
    value = int(event["value"], 16)
    if event["device"] == "isa-debug-exit":
        return _exited(value, value << 1 | 1)
    code, word = value >> 16 & 0xFFFF, value & 0xFFFF
    if int(event["address"], 16) % 0x1000 or word not in {SIFIVE_FAIL, SIFIVE_PASS, SIFIVE_RESET}:
        return None
    if word == SIFIVE_RESET:
        return Outcome(OutcomeKind.CRASHED, "reset", "the guest asked the test device for a reset")
    if word == SIFIVE_PASS:
        return Outcome(OutcomeKind.EXITED, "0", "the test device's PASS")
    return _exited(code, code) if code else Outcome(OutcomeKind.EXITED, "1", "the test device's FAIL, with code 0")


def _exited(value: int, status: int) -> Outcome:
    shown = "" if status < 256 else f", of which it shows {status % 256}"  # noqa: PLR2004
    return Outcome(OutcomeKind.EXITED, str(value), f"QEMU's status {status}{shown}", f"QEMU's status {status}")


def _untold(ending: Ending) -> Outcome:
    """The end of a machine that neither wrote to an exit device nor was powered off."""
    if ending.status:
        what = f"QEMU's status {ending.status}"
        # an odd one on x86_64 may be any of 2^25 values, or QEMU's own failure
        code = "unknown" if ending.arch == "x86_64" and ending.status % 2 else str(ending.status)
        return Outcome(
            OutcomeKind.EXITED,
            code,
            f"{what}, but nothing was written to isa-debug-exit" if code == "unknown" else what,
        )
    if STOPPED.search(ending.tender):
        return Outcome(OutcomeKind.CRASHED, "reset", "the machine reset itself, as a triple fault does; exit status 0")
    return Outcome(OutcomeKind.EXITED, "unknown", "QEMU's status 0, but the guest neither powered off nor reset")
