"""Texts of a JUnit report: each test's `system-out` with its console.

Readers take marks in a `system-out` as orders: GitLab, Jenkins and testbeats fetch the file that
`[[ATTACHMENT|path]]` names, testbeats reads `[[PROPERTY|name=value]]`. A guest that prints one must not be obeyed, so
its brackets come apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.quantities import human_size

from . import _consoles

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bootmatrix.model import Attempt, Result

ORDER = re.compile(r"\[(?=\[/?[A-Z]+[|\]])")  # the first bracket of a mark that a reader may obey
UNTOLD = re.compile(r"[|\]\r\n]")  # what ends a path within a mark, for one reader or another
ROOM = 16 << 10  # characters of a console in the report; the whole log is a file beside it
LONGEST = 1 << 20  # bytes of a file that are read: a half of them at each end
FIRST = 4  # a quarter of the room is for its beginning, the rest for its end


@dataclass(frozen=True)
class Consoles:
    """A run's consoles: below `folder` (resolved), which a reader finds at `place`; of each, `room` characters."""

    folder: Path
    place: str
    room: int

    def told(self, result: Result) -> str:
        """The `system-out` of a test that was booted."""
        attempt = result.attempts[-1]
        lines = [f"repeat it: {result.repro}", f"outcome: {attempt.outcome} ({attempt.outcome.evidence})"]
        if result.quarantine:  # some readers show no reason of what is skipped
            lines.insert(0, f"quarantine: {result.quarantine}")
        if attempt.accelerator:
            lines.append(f"accelerator: {attempt.accelerator} ({attempt.accelerator_reason or 'as asked'})")
        text = _disarmed("\n".join([*lines, *self._printed(attempt)]))
        return "\n".join([*self._attachments(result.attempts), text])

    def of(self, attempt: Attempt) -> str:
        """What was printed in one attempt, empty if nothing was."""
        return _disarmed("\n".join(self._printed(attempt)))

    def _printed(self, attempt: Attempt) -> Iterable[str]:
        if attempt.guests:
            for name, each in attempt.guests.items():
                yield from (f"--- guest {name}: {each.outcome} ({each.outcome.evidence}) ---", *self._printed(each))
            return
        for label, name in (("console", attempt.console), ("tender", attempt.tender)):
            if name:
                yield from (f"--- {label} ({name}) ---", self._excerpt(name))

    def _attachments(self, attempts: Iterable[Attempt]) -> list[str]:
        """The last attempt's first: GitLab shows one. At the beginning, which Jenkins keeps of a long text."""
        booted = [each for one in reversed(list(attempts)) for each in one.boots]
        names = [name for one in booted for name in (one.console, one.tender) if name]
        paths = [f"{self.place}/{name}" for name in names if self._file(name)]
        return [f"[[ATTACHMENT|{path}]]" for path in paths if texts.visible(path) == path and not UNTOLD.search(path)]

    def _file(self, name: str) -> Path | None:
        """None if that is not a file of this run: results may come from elsewhere."""
        try:
            file = (self.folder / name).resolve()
        except (OSError, ValueError):  # a NUL, or links in a ring
            return None
        return file if file.is_relative_to(self.folder) else None

    def _excerpt(self, name: str) -> str:
        """Head and tail of a console, with a line that says what was cut."""
        try:
            ends = _consoles.ends(self.folder, name, LONGEST // 2, LONGEST // 2)
        except (OSError, ValueError) as error:
            return f"[{name.rpartition('/')[2]} {_consoles.why_not(error)}]"
        return _cut(texts.clean(ends.head), texts.clean(ends.tail), ends.left, self.room)


def _cut(head: str, tail: str, left: int, room: int) -> str:
    """A text in so much room, of which `left` bytes between head and tail have not been read."""
    if not left:
        if len(tail) <= room:
            return tail
        head, tail = tail[: room // FIRST], tail[room // FIRST :]
    shown, last = head[: room // FIRST], tail[max(0, len(tail) - (room - room // FIRST)) :]
    lost = human_size(len(head) - len(shown) + left + len(tail) - len(last))
    return f"{shown}\n[{lost} omitted; see the file]\n{last}"


def _disarmed(text: str) -> str:
    return ORDER.sub("[ ", texts.visible(text))


def first_line(text: str) -> str:
    return text.partition("\n")[0]
