r"""Numbers in InfluxDB's line protocol as guests and their hosts write it, each in its own way.

mirage-monitoring writes `memory, memory\ live\ words=123i`, with a comma though there is no tag, and albatross
`kinfo_mem,vm=hello rss=4096i,uptime=1.5`; neither with a time. Anybody may have written what is read here.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from bootmatrix import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 200  # characters of a name
GUEST = frozenset({"vm", "host", "hostname"})  # tags that say which guest it is
KEY = r"(?:\\.|[^\\,= ])++"
TAG = re.compile(rf",({KEY})=({KEY})")
LINE = re.compile(rf"((?:\\.|[^\\, ])++)((?:,(?:{KEY}={KEY})?+)*+) ++")
FIELD = re.compile(rf'({KEY})=(?:"(?:\\.|[^"\\])*+"|([^", ]++))(?:,|$| )')
NUMBER = re.compile(r"([-+]?[0-9]++(?:\.[0-9]*+)?(?:[eE][-+]?[0-9]++)?)[iu]?")


def numbers(line: str) -> Iterator[tuple[str, float]]:
    """The names and values of a line's fields that are numbers, as far as it is one: `memory.live words`, or
    `interface{bridge=service}.mtu` where a tag says more than which guest it is of.
    """
    found = LINE.match(line)
    if not found:
        return
    tags = {_plain(key): _plain(value) for key, value in TAG.findall(found[2])}
    more = ",".join(f"{key}={value}" for key, value in sorted(tags.items()) if key not in GUEST)
    before = _plain(found[1]) + (f"{{{more}}}" if more else "")
    at = found.end()
    while field := FIELD.match(line, at):
        at = field.end()
        number = NUMBER.fullmatch(field[2] or "")
        if number and math.isfinite(value := float(number[1])):
            yield texts.line(f"{before}.{_plain(field[1])}", LONGEST), value
        if line[at - 1 : at] != ",":
            return


def _plain(text: str) -> str:
    return re.sub(r"\\([,= \\])", r"\1", text)
