"""What changed as Markdown, for an issue or a comment on GitHub. Texts that came from a guest stay texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.history import summary
from bootmatrix.screen.words import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.history.told import Changes, Night

MOST = 60_000  # bytes: GitHub takes 65,536 characters
SPARE = 200  # of them for how many more there are


def text(tonight: Night, changes: Changes) -> str:
    """At most MOST bytes; what asks for attention first comes first."""
    said: list[str] = []
    left = MOST - SPARE
    for line in _lines(tonight, changes):
        left -= len(line.encode()) + 1
        if left < 0:
            said.append("\n… and more, in changes.json")
            break
        said.append(line)
    return "\n".join(said) + "\n"


def _lines(tonight: Night, changes: Changes) -> Iterator[str]:
    yield _quoted(summary.heading(tonight, changes))
    if not changes.changes:
        yield "\nNothing has changed."
    if changes.notes:
        yield ""
    yield from (f"- {_quoted(note)}" for note in changes.notes)
    for kind, group in summary.by_kind(changes):
        yield f"\n### {summary.title(kind, len(group))}\n"
        shown, rest = summary.alike(group)
        for said, tests in shown:
            yield f"- {_quoted(summary.ids(tests))}\n  {_quoted(said)}"
        if rest:
            yield f"- … and {rest:,} more, in changes.json"


def _quoted(words: str) -> str:
    """In a code span nothing is a link, a mention, an image or HTML."""
    return f"`{safe(words).replace('`', chr(39))}`"
