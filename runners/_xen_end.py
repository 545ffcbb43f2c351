"""How a domain of Xen ended, by xl's words on its standard error, which no guest can write. xl's status is 0 whatever
the guest did.

Facts from Xen 4.17: tools/xl/xl_vmcontrol.c, xen/include/public/sched.h; the messages are what xl was seen to say.
"""

from __future__ import annotations

import re

from bootmatrix.model import Ending, Outcome, OutcomeKind

LONGEST = 200  # characters of a message that are passed on
SHUT_DOWN = re.compile(r"^Domain \d+ has shut down, reason code (\d+) ", re.MULTILINE)
POWEROFF, CRASH = 0, 3
# What another reason means: the guest has asked for it, or a triple fault has, which Xen takes for a reboot.
REASONS = {1: "reset", CRASH: "domain crash", 4: "watchdog", 5: "soft reset"}
STARTED = re.compile(r"^Waiting for domain .* to die ", re.MULTILINE)
CONSOLE_LOST = re.compile(
    r"^(?:xenconsole: .*|Got EOF from xenconsole .*|Failed to get notification from xenconsole.*)", re.MULTILINE
)
DESTROYED = re.compile(r"^Domain \d+ has been destroyed\.", re.MULTILINE)

SILENT = re.compile(r"^(?:Parsing config from .*|.*: warning: .*|WARNING: .*|\s*)$")
# Of `libxl: error: libxl_dom.c:571:libxl__build_dom: Domain 2:MESSAGE` all but the message.
SPEAKER = re.compile(r"^(?:\w+: error: (?:panic: )?)?(?:\w+\.c:\d+: ?)?(?:\w*xc_\w+: |libxl_\w+: )?(?:Domain \d+:)?")
FOLDER = re.compile(r"\S*/(?=domain\.cfg)")
# What is this host's fault, and not the matrix's or the unikernel's. Of a domain of a few MiB the "paging mempool" is
# too small for Xen, however much memory there is, or the kernel does not fit into it ("Out of memory").
TOO_SMALL = re.compile(
    r"Failed to set paging mempool size to \d{1,2}kB|segment \w+ too large \(|not enough memory for initial mapping \("
)
BROKEN = re.compile(
    r"Out of memory|Cannot allocate memory|failed to free memory|privcmd|privileged command|xenstore|xenevtchn|evtchn"
    r"|xencall|xenforeignmemory|cannot init xl context|Permission denied|Operation not permitted|already exists"
    r"|Too many open files|No space left|Resource temporarily unavailable|Device or resource busy|Connection refused"
    r"|shared librar",
    re.IGNORECASE,
)


def failure(ending: Ending) -> Outcome | None:
    """What ended xl other than the end of the domain; None if nothing did, or if we have ended it ourselves."""
    if ending.out_of_memory:
        return Outcome(OutcomeKind.BROKEN, "xl was killed for lack of memory", "the kernel's out-of-memory killer")
    if ending.signal:
        return Outcome(OutcomeKind.BROKEN, f"xl was ended by {ending.signal}", f"xl was ended by {ending.signal}")
    if lost := CONSOLE_LOST.search(ending.tender):
        return Outcome(OutcomeKind.BROKEN, "the domain's console could not be read", lost[0][:LONGEST])
    if ending.status is None or (ending.status == 0 and reason(ending) is not None):
        return None
    evidence = f"xl's exit status {ending.status}"
    if DESTROYED.search(ending.tender):
        return Outcome(OutcomeKind.BROKEN, "the domain was destroyed from outside", evidence)
    if STARTED.search(ending.tender):
        return Outcome(OutcomeKind.BROKEN, "xl ended before the domain did", _message(ending) or evidence)
    return _never_started(ending, evidence)


def reason(ending: Ending) -> int | None:
    """Why Xen says that the domain has shut down."""
    found = SHUT_DOWN.search(ending.tender)
    return int(found[1]) if found else None


def said(ending: Ending) -> Outcome:
    """What the guest did, of one that nothing else has ended."""
    code = reason(ending)
    evidence = f"the domain has shut down with Xen's reason code {code}"
    if code == POWEROFF:
        return Outcome(OutcomeKind.EXITED, "0", evidence)
    if code is None:
        return Outcome(OutcomeKind.EXITED, "unknown", "xl does not tell how the domain ended")
    return Outcome(OutcomeKind.CRASHED, REASONS.get(code, f"reason code {code}"), evidence)


def _never_started(ending: Ending, evidence: str) -> Outcome:
    message = _message(ending)
    if not message:
        return Outcome(OutcomeKind.BROKEN, f"xl started no domain, and says nothing: status {ending.status}", evidence)
    ours = BROKEN.search(message) and not TOO_SMALL.search(message)
    return Outcome(OutcomeKind.BROKEN if ours else OutcomeKind.REJECTED, message, evidence)


def _message(ending: Ending) -> str:
    """The first of xl's complaints: those that follow are of what then could not be done either."""
    for line in ending.tender.splitlines():
        if not SILENT.match(line) and not STARTED.match(line):
            return FOLDER.sub("", SPEAKER.sub("", line.strip()))[:LONGEST]
    return ""
