"""What the messages of a Unikraft kernel on its console say of its end.

A message is `[    0.111661] CRIT: [appname] <main.c @   51> text`, of which a configuration may leave out all but the
level and the text, and it can follow unterminated text of the program. The console comes without ANSI codes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix import volatile
from bootmatrix.model import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

LAST = 64 << 10  # characters at the console's end that hold the last messages, a dump of the stack among them
LONGEST = 200  # characters of a message that are passed on
STAMP = re.compile(r"\[ {0,10}[0-9]{1,10}\.[0-9]{6}\] $")
TORN = re.compile(
    r"\[ {0,10}(?:[0-9]{1,10}(?:\.[0-9]{0,6}(?:\](?: [A-Za-z]{0,4}:?)?)?)?)?$"
)  # a boot that was ended may end so
MESSAGE = re.compile(
    r"(?<![A-Za-z])(?P<level>CRIT|ERR|Warn|Info|dbg): {1,2}(?:<{1,2}[^<>@\n]{1,64}>{1,2} )?(?:\{r:[^}\n]{1,64}\} )?"
    r"(?:\[[\w.-]{1,64}\] )?(?:<[^<>\n]{1,80} @ {0,4}[0-9]{1,5}> )?(?P<text>[^\n]*)"
)
HEAD = 240  # characters of a message that stand before its text, at most
CALLING = re.compile(r"\bCalling main\(")
# Before 0.15, main's end had both in one message.
ENDS = re.compile(
    r"\b(?:main returned (-?[0-9]{1,11})(?P<whole>, halting system)?"
    r"|exit called with status (-?[0-9]{1,11}), halting system)$",
    re.MULTILINE,
)
HALTING = re.compile(r"\bHalting system \(0\)$")
HALTED = re.compile(r"\bUnikraft halted$", re.MULTILINE)
FAILED_INIT = re.compile(r"Init function at \S+ returned error (-?[0-9]{1,11})$")
# What a kernel that crashes says, wherever it stands. Other critical messages are an end only as the last ones.
CRASHES = re.compile(r"\b(?:Assertion failure: |Abnormal termination!$|Crashing$|trap caught$)", re.MULTILINE)
ABORT = "Abnormal termination!"
A_CRASH = "a crash"  # among what a console reports
TRAP = re.compile(r"Unhandled Trap [0-9]{1,3} \(([\w #-]{1,40})\)|(EL[0-9] (?:sync|invalid [\w ]{1,20}) trap) caught")
# What the handlers of traps print last: x86_64 `Crashing`, arm64 the registers; x86_64 tells a page fault by no name.
TRAPPED = re.compile(
    r"Crashing$|base is |[0-9a-f]{4,16}:|\s*$|R[A-Z0-9]{2}: [0-9a-f]{16}"
    r"|\s*(?:SP|[EF]\w{2}_EL1|LR \(x30\)|PSTATE|x[0-9]{2} ~ x[0-9]{2}) *: 0x"
)


@dataclass(frozen=True)
class Crash:
    """What the kernel's last critical messages say: `kind` is `aborted` or `crashed`."""

    kind: OutcomeKind
    detail: str
    evidence: str


@dataclass(frozen=True)
class Console:
    """`informs`: the kernel prints messages of the level Info, among them what main returned. `entered`: main was
    called; of a kernel that does not inform, something but the kernel printed. `code` is what main returned or exit was
    called with, if the console ends so, `left` the latter alone; `crash` if it ends so. `told` are all ends that it
    reports, which should be one or none: `exited(3)`, `a crash`, `a second end`. `halts`: the kernel was asked to.
    """

    informs: bool
    entered: bool
    code: int | None = None
    left: int | None = None
    crash: Crash | None = None
    told: tuple[str, ...] = ()
    halts: bool = False
    failed_init: str = ""
    evidence: str = ""


def read(console: str) -> Console:
    informs, others = _head(console)
    last = _last_messages(console)
    index, end = _end(last) if informs else (0, None)
    critical = [each for each in last[index:] if each["level"] == "CRIT"]
    init = next((init for each in last if each["level"] == "ERR" and (init := FAILED_INIT.search(each["text"]))), None)
    said = end or init
    return Console(
        informs,
        entered=any(_said(CALLING, "Info", console)) if informs else others,
        code=_number(end[1] or end[3]) if end and not critical else None,
        left=_number(end[3]) if end and end[3] and not critical else None,
        crash=_crash(critical[:-1] if len(critical) > 1 and not console.endswith("\n") else critical)
        if critical
        else None,
        told=tuple(_told(console, informs=informs)),
        halts=any(HALTING.search(each["text"]) for each in last),
        failed_init=f"an init function returned error {init[1]}" if init else "",
        evidence=_quoted(said) if said else "",
    )


def _number(text: str) -> int:
    """A negative status as a host shows it."""
    code = int(text)
    return code if code >= 0 else code % 256 or code


def _end(last: list[re.Match[str]]) -> tuple[int, re.Match[str] | None]:
    """What main returned or exit was called with, and where the messages after it begin. After main has returned, the
    kernel is asked to halt: without that the words are not its own.
    """
    halting = False
    for index in range(len(last), 0, -1):
        text = last[index - 1]["text"]
        found = ENDS.search(text) if last[index - 1]["level"] == "Info" else None
        if found and (found[3] or found["whole"] or halting):
            return index, found
        halting = halting or HALTING.search(text) is not None
    return 0, None


def _said(words: re.Pattern[str], level: str, console: str) -> Iterator[re.Match[str]]:
    """Where the kernel says that in a message of this level."""
    for found in words.finditer(console):
        if f"{level}: " in console[max(0, found.start() - HEAD) : found.start()].rpartition("\n")[2]:
            yield found


def _head(console: str) -> tuple[bool, bool]:
    """Whether the kernel informs, which it does before anything else prints, and whether anything else prints."""
    informs, start = False, 0
    while start < len(console):
        end = console.find("\n", start)
        line = console[start : end if end >= 0 else len(console)]
        found = MESSAGE.search(line)
        if line.strip() and (not found or _before(line, found)):
            return informs, True
        informs = informs or (found is not None and found["level"] == "Info")
        start += len(line) + 1
    return informs, False


def _before(line: str, found: re.Match[str]) -> str:
    """What the program had printed in a line before the kernel's message."""
    return STAMP.sub("", line[: found.start()]).strip()


def _last_messages(console: str) -> list[re.Match[str]]:
    """The kernel's messages after which nothing else printed."""
    messages: list[re.Match[str]] = []
    for line in reversed(console[-LAST:].split("\n")):
        if not line.strip() or (not messages and TORN.match(line)):
            continue
        found = MESSAGE.search(line)
        if not found:
            break
        messages.append(found)
        if _before(line, found):
            break
    return messages[::-1]


def _told(console: str, *, informs: bool) -> Iterator[str]:
    for found in _said(ENDS, "Info", console) if informs else ():
        yield f"{OutcomeKind.EXITED}({_number(found[1] or found[3])})"
    if any(_said(CRASHES, "CRIT", console)):
        yield A_CRASH
    if len(list(_said(HALTED, "Info", console))) > 1:
        yield "a second end"


def _crash(critical: list[re.Match[str]]) -> Crash:
    last = critical[-1]["text"].rstrip()
    traps = [(found, each) for each in critical if (found := TRAP.search(each["text"]))]
    if TRAPPED.match(last):
        trap = traps[-1][0] if traps else None
        name = (trap[1] or trap[2]) if trap else "page fault"
        return Crash(OutcomeKind.CRASHED, name, _quoted(traps[-1][1] if traps else critical[-1]))
    if last == ABORT:
        return Crash(OutcomeKind.ABORTED, "", _quoted(critical[-1]))
    return Crash(OutcomeKind.CRASHED, volatile.stable(last)[:LONGEST], _quoted(critical[-1]))


def _quoted(found: re.Match[str]) -> str:
    return f"'{found[0].strip()[:LONGEST]}' on the console"
