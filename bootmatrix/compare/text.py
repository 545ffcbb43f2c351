"""A comparison as lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from bootmatrix.compare import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.compare.judge import Comparison, Measured
    from bootmatrix.screen.pen import Span

STYLES = {"worse": "bold red", "better": "green", "more": "yellow", "less": "yellow"}


def lines(told: Comparison) -> Iterator[Span]:
    yield words.heading(told), "bold"
    rows = [words.HEADER, *words.overview(told)]
    if len(rows) > 1:
        yield "", ""
        for number, line in enumerate(_aligned(rows)):
            yield line, STYLES.get(rows[number][-1], "") if number else "dim"
    notes = list(words.notes(told))
    if notes:
        yield "", ""
    yield from ((note, "note") for note in notes)
    if told.pairs:
        yield "", ""
        yield from _verdicts(told)
    for one in told.measures:
        yield from _measure(one)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _verdicts(told: Comparison) -> Iterator[Span]:
    yield words.verdicts(told), "bad" if told.verdicts else "good"
    for one in told.verdicts[: words.SHOWN]:
        yield f"  {one.name}", one.after
        yield f"      {one.words}", ""
        if one.reason:
            yield f"      {words.reason(one.reason)}", "dim"
    if len(told.verdicts) > words.SHOWN:
        yield f"  … and {len(told.verdicts) - words.SHOWN:,} more: --format json has all", ""


def _measure(one: Measured) -> Iterator[Span]:
    rows = words.largest(one)
    if not rows:
        return
    yield "", ""
    yield words.title(one), "bold"
    cells = [words.row(row, one.unit, one.better) for row in rows]
    for row, line, (*_, judged) in zip(rows, _aligned(cells), cells, strict=True):
        yield f"  {row.name}", ""
        yield f"      {line}", STYLES.get(judged, "dim")
        if row.functions:
            yield f"      {words.functions(row)}", "dim"
