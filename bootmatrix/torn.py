r"""Console lines that a kernel message has cut in two, and kernel time stamps.

Linux writes `<6>[    0.051001][    T1] text` (printk.time, printk.caller; the level only on a raw console), NetBSD and
Unikraft `[   1.0000000] text`. A message comes at any place of another writer's line, and its end ends that line:
`not [    3.141592] random: crng init done`, and on the next line `ok 2 - name`.
"""

from __future__ import annotations

import re

CUT = "\0"  # ends a line that a message cut; a cleaned console has no such character
STAMP = r"(?:<[0-9]{1,3}>)?\[ {0,10}[0-9]{1,10}\.[0-9]{6,9}\](?: ?\[ {0,10}[TC][0-9]{1,10}\])?"
BEFORE = re.compile(rf"^(?:{STAMP} ?|<[0-9]{{1,3}}>)", re.MULTILINE)
WITHIN = re.compile(rf"{STAMP} ?")
TELLING = re.compile(r"\.[0-9]{6,9}\]|<[0-9]{1,3}>")  # what each of these has, found ten times as fast
AT_END = re.compile(r"not(?: \0?|\0)$", re.MULTILINE)
CASE = r"not(?:[ \t][^\n]*|\0)?$|(?:ot|t)? \0$|(?:ot|t) ok(?![\w.])[^\n]*"
"""What may be left of a TAP `not ok`. Only what ends in `not ` leaves an `ok` at the beginning of a line; what is left
of other cuts (`ot ok`) is no case, so that the plan does not fit.
"""
END = (
    r"1\.\.[0-9]*\0$"
    r"|[ \t]*(?:B(?:a(?:il?)?)?\0|[Bb]ail ?(?:ou?t?)?\0?)$|[ \t]*Bail (?!out!)[^\n]*"
    r"|[ \t]*(?:(?:ail|il|l) )?out![^\n]*|ut![^\n]*"
)
"""What may be left of a TAP plan, or of `Bail out!`."""
DIRECTIVE = re.compile(r"#[ \t]*(?:s|sk|ski|t|to|tod)?\0$", re.IGNORECASE)


def unstamped(text: str) -> str:
    """A console without time stamps and levels. Where one stands within a line, that line ends there, with CUT."""
    return WITHIN.sub(f"{CUT}\n", BEFORE.sub("", text)) if TELLING.search(text) else text


def parted(text: str) -> str:
    """The same, and what a cut may have left of `not ok` at a line's end has a line of its own."""
    return AT_END.sub(f"\nnot{CUT}", unstamped(text))
