"""A comparison as Markdown, for an issue or a discussion on GitHub. Texts that came from a guest stay texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.compare import words
from bootmatrix.markdown import cell, comment, plain, row, within_html

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.compare.judge import Comparison, Measured

STRONG = {"worse", "better"}
LONGEST = 4096  # characters of a line


def text(told: Comparison) -> str:
    """For an issue or a comment; the answer comes first."""
    return comment(_lines(told), ": `--format json` has all")


def _lines(told: Comparison) -> Iterator[str]:
    yield f"### {plain(words.heading(told), LONGEST)}"
    rows = list(words.overview(told))
    if rows:
        yield ""
        yield from _table(words.HEADER, rows)
    notes = [f"- {plain(note, LONGEST)}" for note in words.notes(told)]
    if notes:
        yield ""
    yield from notes
    if told.pairs:
        yield from _verdicts(told)
    for one in told.measures:
        yield from _measure(one)


def _verdicts(told: Comparison) -> Iterator[str]:
    yield f"\n**{words.verdicts(told)}**"
    if told.verdicts:
        yield ""
        shown = told.verdicts[: words.SHOWN]
        rows = [(_code(one.name), one.words, _code(words.reason(one.reason)) if one.reason else "") for one in shown]
        yield from _table(("test", "verdict", "reason"), rows)
    if len(told.verdicts) > words.SHOWN:
        yield f"\n… and {len(told.verdicts) - words.SHOWN:,} more"


def _measure(one: Measured) -> Iterator[str]:
    """Folded: whoever asks about one test opens it."""
    rows = words.largest(one)
    if not rows:
        return
    yield f"\n<details><summary>{within_html(words.title(one))}</summary>\n"
    header = ("test", "median", *words.HEADER[-2:])
    yield from _table(header, [(_code(each.name), *words.row(each, one.unit, one.better)) for each in rows])
    parts = [f"- {_code(each.name)}: {plain(words.functions(each), LONGEST)}" for each in rows if each.functions]
    if parts:
        yield ""
    yield from parts
    yield "\n</details>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield row(header).rstrip("\n")
    yield f"|{'---|' * len(header)}"
    for each in rows:
        yield row([*map(_cell, each)]).rstrip("\n")


def _cell(text: str) -> str:
    if text in STRONG:
        return f"**{text}**"
    return text if text.startswith("`") else plain(text, LONGEST)


def _code(text: str) -> str:
    return cell(text, LONGEST)
