"""Detects a guest's end on its console: the status that `console_exit` catches, or a panic and its trace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bootmatrix import patterns, torn, volatile

if TYPE_CHECKING:
    from collections.abc import Sequence

GRACE = 3.0  # seconds of silence after which a guest that has told its end does not power off any more
SURE = 1.0  # seconds of silence after a panic that nothing but its trace follows
LOOKED_AT = 16 << 10  # bytes at the console's end that hold a panic and its trace
LONGEST = 200  # characters of a line that are quoted

# A guest that reports on its cases runs on, whatever they are called.
CASE = re.compile(r"\s*(?:(?:not )?ok\b|#|(?:PASS|FAIL|SKIP|X(?:FAIL|PASS)|KFAIL|INFO|SUMMARY): |test:|1\.\.|K?TAP )")
# What kernels print after a panic: frames, registers, addresses, what they were doing, that they halt.
TRACE = re.compile(
    r"\s*$|\s*---\[|\s*</?[A-Z]+>$|\s*#?[0-9]+:? +\S*|\s*at |.*(?:\b0x[0-9a-f]{2}|\b[0-9a-f]{8,16}\b|\+0x|\bnote: )"
    r"|.*\b(?:CPU|PID|Hardware name|Call Trace|Code|[RE]?IP|Modules linked in|Kernel Offset|(?:stack )?backtrace|Stack"
    r"|(?:re)?boot(?:ing)?|(?:Halt|halt|HALT)(?:ed|ing)?|press any key)\b",
    re.IGNORECASE,
)


def is_status(expression: str, end: str) -> bool:
    """Whether the status line is the last: a guest that prints more after it has not ended."""
    found = None
    for found in patterns.every(expression, end):  # noqa: B007
        pass
    return found is not None and not end[found.end() :].partition("\n")[2].strip()


def silence(expressions: Sequence[str], end: str) -> float:
    """So many seconds of silence at this end of a console tell that the guest panicked; 0 if none do.

    It must end in a line that fits, and its trace. A line that only mentions a panic is believed later.
    """
    after = False
    for line in reversed(end.split("\n")):
        if _fits(expressions, line):
            return SURE if after or _begins(expressions, line) else GRACE
        plain = torn.unstamped(line)
        if CASE.match(plain) or not TRACE.match(plain):
            return 0.0
        after = after or bool(plain.strip())
    return 0.0


def panic(expressions: Sequence[str], console: str) -> str:
    """The first line that fits, without what differs from boot to boot; empty if there is none."""
    for expression in expressions:
        for found in patterns.every(expression, console):
            start = max(console.rfind("\n", 0, found.start()) + 1, found.start() - LONGEST)
            line = console[start : found.start() + LONGEST].partition("\n")[0]
            if not CASE.match(torn.unstamped(line)):
                return volatile.stable(line.strip())[:LONGEST]
    return ""


def _fits(expressions: Sequence[str], line: str) -> bool:
    return not CASE.match(torn.unstamped(line)) and any(patterns.search(each, line) for each in expressions)


def _begins(expressions: Sequence[str], line: str) -> bool:
    """Whether a line begins with the panic, but for time stamps and what is no letter, or with Linux' `---[ end`."""
    plain = torn.unstamped(line)
    starts = (found.start() for each in expressions if (found := patterns.search(each, plain)))
    return any(not re.search(r"[^\W\d_]", plain[:start].removeprefix("---[ end")) for start in starts)
