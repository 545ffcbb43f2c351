"""Time stamps, registers, addresses and process ids, which are removed before reasons are compared.

It is evidence, and no part of what is compared, grouped or held against an expectation.
"""

from __future__ import annotations

import re

from bootmatrix import torn

LONGEST = 4096  # characters that are looked at
REGISTER = (
    r"[re]?(?:ip|sp|bp|flags|[abcd]x|[sd]i)|r[0-9]{1,2}|[cd]r[0-9]|x[0-9]{1,2}|pc|lr|fp|elr|esr|far|spsr|pstate"
    r"|sepc|stval|mepc|mtval|gp|tp|ra|gpa|gva|addr(?:ess)?"
)
VALUE = r"(?:0x[0-9a-f]{1,16}|[0-9a-f]{8,16})"
VOLATILE = re.compile(
    rf"{torn.STAMP} ?"
    rf"|\b(?:{REGISTER})\s?[:=]\s?(?:[0-9a-f]{{2,4}}:)?{VALUE}\b"  # what a register held, on x86 with its segment
    r"|(?<=\w)\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?"  # how far into a function
    r"|\b(?:pid|tid|cpu)\s?[#:=]?\s?[0-9]+\b"
    r"|(?P<kept>\b\w*(?:code|status|reason|err(?:or|no)?|signal|ec)\s?[:=]\s?0x[0-9a-f]+\b)"
    r"|\b0x[0-9a-f]{5,16}\b|\b(?=[0-9a-f]*[0-9])[0-9a-f]{12,16}\b",
    re.IGNORECASE,
)
LEFT = re.compile(r"\((?:\s*,)*\s*\)|\[\s*\]|<\s*>|(?<=[,;])\s*[,;]")  # what is left around it
ENDS = re.compile(r"^[\s,;:]+|[\s,;:=@]+$|(?:\s|^)(?:at|address|by)\s*$", re.IGNORECASE)


def stable(text: str) -> str:
    """The text without it, on one line."""
    kept = VOLATILE.sub(lambda found: found["kept"] or "", text[:LONGEST])
    if kept == text:
        return text
    kept = " ".join(LEFT.sub("", kept).split())
    while (shorter := ENDS.sub("", kept)) != kept:
        kept = shorter
    return kept
