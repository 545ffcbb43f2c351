"""What the files of a run are called: names that every file system and every store of artifacts takes.

GitHub's refuses `" : < > | * ?` and line ends in a name; Windows, where artifacts are unpacked, blanks and dots at its
end, too. Ids of cells and tests mostly have such names themselves, values of axes and parameters not always.
"""

from __future__ import annotations

import hashlib
import re

PLAIN = re.compile(r"(?![.-])[A-Za-z0-9._+@=,-]*[A-Za-z0-9_+@=,-]")
OTHER = re.compile(r"[^A-Za-z0-9._+@=,-]")
LONGEST = 200  # characters: a path's component ends at 255 bytes, and a log's name has more to it
READABLE, DIGITS = 160, 10  # characters of a name that was not plain, and of its digest: no plain one has a `~`
LOG = re.compile(r"(?:image|build)-[A-Za-z0-9._+@=,~-]{1,230}\.log")


def plain(name: str) -> str:
    """The name itself, if it can be a folder's anywhere; else one that is like it, and no other name's."""
    if len(name) <= LONGEST and PLAIN.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
    return f"{OTHER.sub('_', name[:READABLE]).lstrip('.-')}~{digest}"


def consoles(test: str) -> str:
    """The folder of a test's consoles, relative to the run's; `test` is its whole id."""
    cell, _, name = test.partition("/")
    return f"consoles/{plain(cell)}/{plain(name)}"


def log(kind: str, name: str) -> str:
    """The file of what making an `image` or a `build` printed, relative to the run's folder."""
    return f"logs/{kind}-{plain(name)}.log"
