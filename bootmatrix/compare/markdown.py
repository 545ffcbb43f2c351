"""A comparison as Markdown, for an issue or a discussion on GitHub. Texts that came from a guest stay texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bootmatrix.compare import words
from bootmatrix.screen.words import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.compare.judge import Comparison, Measured

MOST = 60_000  # bytes: GitHub takes 65,536 characters
SPARE = 200  # of them for the line that says that there is more
PLAIN = re.compile(r"(?!.*(?:://|www\.))[\w .,:;%+→()/=?…-]*")  # nothing of it is more than a text
STRONG = {"worse", "better"}


def text(told: Comparison) -> str:
    """At most MOST bytes; the answer comes first."""
    said: list[str] = []
    left = MOST - SPARE
    for line in _lines(told):
        left -= len(line.encode("utf-8", "replace")) + 1
        if left < 0:
            said.append("\n… and more: `--format json` has all")
            break
        said.append(line)
    return "\n".join(said) + "\n"


def _lines(told: Comparison) -> Iterator[str]:
    yield f"### {_plain(words.heading(told))}"
    rows = list(words.overview(told))
    if rows:
        yield ""
        yield from _table(words.HEADER, rows)
    notes = [f"- {_plain(note)}" for note in words.notes(told)]
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
    yield f"\n<details><summary>{_html(words.title(one))}</summary>\n"
    header = ("test", "median", *words.HEADER[-2:])
    yield from _table(header, [(_code(row.name), *words.row(row, one.unit, one.better)) for row in rows])
    yield "\n</details>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(words_: str) -> str:
    if words_ in STRONG:
        return f"**{words_}**"
    return words_ if words_.startswith("`") else _plain(words_)


def _plain(line: str) -> str:
    """As it is where that is harmless."""
    return line if PLAIN.fullmatch(line) else _code(line)


def _code(line: str) -> str:
    """In a code span nothing is a link, a mention, an image or HTML; a bar would end a table's cell."""
    return f"`{safe(line).replace('`', chr(39)).replace('|', chr(0xA6))}`"


def _html(line: str) -> str:
    """Inside of HTML a code span would be no such thing."""
    return "".join(char if PLAIN.fullmatch(char) else f"&#{ord(char)};" for char in safe(line))
