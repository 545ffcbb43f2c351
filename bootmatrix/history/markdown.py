"""What changed as Markdown, for an issue or a comment on GitHub. Texts that came from a guest stay texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.history import summary
from bootmatrix.markdown import code, comment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.history.findings import Changes, Night

LONGEST = 4096  # characters of a line


def text(tonight: Night, changes: Changes) -> str:
    """For an issue or a comment; what asks for attention first comes first."""
    return comment(_lines(tonight, changes), ", in changes.json")


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
    return code(words, LONGEST)
