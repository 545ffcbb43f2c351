"""How a boot on Firecracker ended: read off its log, since its status is mostly 0 whatever the guest did.

Facts from the exit codes and messages of Firecracker 1.0 to 1.16, and from boots on 1.12, whose main thread looks for
what became of a processor before that is told, and so ends with 0 after a triple fault as well.
"""

from __future__ import annotations

import re
import signal

from bootmatrix.model import Ending, Outcome, OutcomeKind

LONGEST = 200  # characters of a message
LINE = r"^\S+ \[[^\]\n]*\] "
STARTED = re.compile(LINE + r"Successfully started microvm", re.MULTILINE)
STOPPING = re.compile(LINE + r"Vmm is stopping\.$", re.MULTILINE)
# What became of a processor. Two messages of its threads that begin alike are about none.
ENDED = re.compile(
    LINE + r"((?:Received (?!a VcpuEvent)|Unexpected exit reason on vcpu run: |Failure during vcpu run: ).*)",
    re.MULTILINE,
)
TRIPLE_FAULT = re.compile(r"KVM_EXIT_SHUTDOWN|vcpu run: Shutdown")
EVENT = re.compile(r"KVM_SYSTEM_EVENT: type: (\d+)")
POWER_OFF = "1"  # KVM_SYSTEM_EVENT_SHUTDOWN, linux/kvm.h; 2 is a reset

ERROR = re.compile(LINE + r"\w+ error: (?:Failed to build MicroVM from Json: )?(.*)", re.MULTILINE)
WRAPPED = re.compile(r"^(?:Configuration for VMM|Could not Start MicroVM) from one single json(?: failed)?: ")
OWN_WORDS = re.compile(
    LINE + r"(?!Running |Successfully |Firecracker exiting|Vmm is )(.+(?:\n(?!\S+ \[).+)?)", re.MULTILINE
)
BAD_CALL = re.compile(r"intercepting a bad syscall \((-?\d+)\)")
# Failures of this host: of KVM, of a tap, of memory; EPERM, EIO, EAGAIN, ENOMEM, EACCES, EBUSY, ENODEV, ENFILE, EMFILE,
# ENOSPC. What is in doubt is tried again.
BROKEN = re.compile(
    r"\bkvm\b|\btap device\b|\bseccomp\b|\bthread|\beventfd\b|\bmemory region"
    r"|(?:os error|\bcode:|Error\() ?(?:1|5|11|12|13|16|19|23|24|28)\b",
    re.IGNORECASE,
)

BAD_SYSCALL, CONFIGURATION, ARGUMENTS = 148, 152, 153
# The statuses with which it ends by a signal itself; a shell shows those of others with 128 added.
TAKEN = {149: "SIGBUS", 150: "SIGSEGV", 151: "SIGXFSZ", 154: "SIGXCPU", 155: "SIGPIPE", 156: "SIGHUP", 157: "SIGILL"}
BY_SHELL = 128
FAULTS = frozenset({"SIGABRT", "SIGSEGV", "SIGILL", "SIGFPE"})  # by which a program ends itself


def failure(ending: Ending) -> Outcome | None:
    """What ended Firecracker other than the guest; None if nothing did."""
    if ending.out_of_memory:
        what = "Firecracker was killed for lack of memory"
        return Outcome(OutcomeKind.BROKEN, what, "the kernel's out-of-memory killer")
    if ending.signal:
        return _by_signal(ending, ending.signal, f"ended by {ending.signal}")
    if ending.status == 1:
        return _never_ran(ending)
    return _by_status(ending, ending.status) if ending.status else None


def _by_status(ending: Ending, status: int) -> Outcome:
    evidence = f"Firecracker's exit status {status}"
    if status in {ARGUMENTS, CONFIGURATION}:  # of arguments, it complains on standard output: no guest runs yet
        words = _words(ending)
        kind = OutcomeKind.BROKEN if status == CONFIGURATION and BROKEN.search(words) else OutcomeKind.REJECTED
        return Outcome(kind, words or "the command line", evidence)
    if status == BAD_SYSCALL:
        number = BAD_CALL.search(ending.tender)
        what = f"Firecracker made a system call that it forbids itself{f' ({number[1]})' if number else ''}"
        return Outcome(OutcomeKind.BROKEN, what, evidence)
    if name := TAKEN.get(status) or _signal(status - BY_SHELL):
        return _by_signal(ending, name, evidence)
    return Outcome(OutcomeKind.BROKEN, _words(ending) or f"Firecracker ended with status {status}", evidence)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


def _by_signal(ending: Ending, name: str, evidence: str) -> Outcome:
    """A guest that makes Firecracker crash is not excused; one that never ran has no part in it."""
    if name in FAULTS and STARTED.search(ending.tender):
        return Outcome(OutcomeKind.CRASHED, f"Firecracker's {name}", _words(ending) or evidence)
    what = f"Firecracker was ended by {name}"
    words = _words(ending) if name in FAULTS else ""
    return Outcome(OutcomeKind.BROKEN, words or what, f"{what}: {evidence}")


def _never_ran(ending: Ending) -> Outcome | None:
    """Of status 1: a machine that was not made, in Firecracker's own words; None if one ran."""
    error = ERROR.search(ending.tender)
    if STARTED.search(ending.tender) or ENDED.search(ending.tender):
        return None
    if not error:
        return Outcome(OutcomeKind.BROKEN, _words(ending) or "it does not say why", "Firecracker's exit status 1")
    words = WRAPPED.sub("", error[1]).strip()[:LONGEST]
    kind = OutcomeKind.BROKEN if BROKEN.search(words) else OutcomeKind.REJECTED
    return Outcome(kind, words, "Firecracker's own message, exit status 1")


def _words(ending: Ending) -> str:
    """What Firecracker said last: in its log, and as long as there is none, on standard output."""
    texts = (ending.tender,) if STARTED.search(ending.tender) else (ending.tender, ending.console)
    found = [each for text in texts for each in OWN_WORDS.findall(text)]
    return " ".join(found[-1].replace("\\n", " ").split())[:LONGEST] if found else ""


def said(ending: Ending, on_reset: str) -> Outcome:
    """What the guest did, of one that Firecracker's own failures did not end: what the log has first is the end."""
    stopping = STOPPING.search(ending.tender)
    words = ENDED.findall(ending.tender, 0, stopping.start() if stopping else len(ending.tender))
    evidence = f"'{words[0][:LONGEST]}' in Firecracker's log" if words else ""
    if any(TRIPLE_FAULT.search(each) for each in words):
        return Outcome(OutcomeKind.CRASHED, "triple fault", evidence)
    events = [found[1] for each in words if (found := EVENT.search(each))]
    if len(events) < len(words):
        return Outcome(OutcomeKind.BROKEN, "KVM could not run the guest", evidence)
    if POWER_OFF in events:
        return Outcome(OutcomeKind.EXITED, "0", f"the guest powered off: {evidence}")
    if not stopping:
        error = ERROR.search(ending.tender)
        what = f"Firecracker ended with status {ending.status}, and its log does not say why"
        return Outcome(OutcomeKind.BROKEN, error[1][:LONGEST] if error else what, "no line of its log tells an end")
    return _reset(on_reset)


def _reset(on_reset: str) -> Outcome:
    """Of a guest that resets its machine: the way out of all guests on x86_64, whatever became of them."""
    if on_reset == "exited":
        return Outcome(OutcomeKind.EXITED, "0", "the machine reset itself, which the matrix takes as an exit")
    if on_reset == "crashed":
        return Outcome(OutcomeKind.CRASHED, "reset", "the machine reset itself")
    return Outcome(OutcomeKind.EXITED, "unknown", "the machine reset itself, as a guest does at any end")
