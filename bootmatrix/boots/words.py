"""A command line must be one that Linux can start: what cannot be given to a program is told before it is tried.

Facts from execve(2) and linux/binfmts.h: MAX_ARG_STRLEN is 32 pages of 4 KiB, the end included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.errors import printable
from bootmatrix.model import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 32 * 4096 - 1  # bytes of one word
MOST = 1 << 20  # bytes of all words: half of what Linux takes with the usual stack
SHOWN = 60  # characters


def check(argv: Sequence[str]) -> None:
    """Raises Rejected for a command line that no program can be started with."""
    text = "".join(argv)
    if len(text) <= LONGEST and text.isascii() and "\0" not in text:
        return  # as nearly all are
    total = 0
    for word in argv:
        try:
            size = len(word.encode("utf-8", "surrogateescape"))
        except UnicodeEncodeError:
            what = f"'{printable(word, SHOWN)}' has a half of a surrogate pair, which is no character"
            raise Rejected(what, "write the whole character") from None
        if "\0" in word:
            what = f"'{printable(word, SHOWN)}' has a NUL character, which no program can be given"
            raise Rejected(what, "remove it")
        if size > LONGEST:
            what = (
                f"'{printable(word, SHOWN)}' is {size:,} bytes long, but a program takes words of at most {LONGEST:,}"
            )
            raise Rejected(what, "shorten the arguments, or give the guest a file or a disk: `files`, `blocks`")
        total += size + 1
    if total > MOST:
        what = f"the command line has {total:,} bytes, but may have at most {MOST:,}"
        raise Rejected(what, "shorten the arguments, or give the guest a file or a disk: `files`, `blocks`")
