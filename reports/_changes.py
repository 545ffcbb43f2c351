"""What changed since earlier runs, as Markdown: what asks for attention first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.counting import part
from bootmatrix.history import summary
from bootmatrix.history.findings import ChangeKind
from bootmatrix.markdown import cell, code, header, row
from bootmatrix.quantities import human_size, human_time, the_last

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.history.findings import Change, Changes
    from bootmatrix.markdown import Paper

MOST = 50  # lines of a kind
MEASURED = (ChangeKind.WORSE, ChangeKind.BETTER)


def put(changes: Changes, paper: Paper) -> None:
    if not changes.changes and not changes.notes:
        return
    branch = f" of {code(changes.branch)}" if changes.branch else ""
    paper.put(f"\n### What changed\n\nAgainst {the_last(len(changes.nights), 'run')}{branch}.\n")
    for kind, group in summary.by_kind(changes):
        _put_kind(kind, group, paper)
    paper.offer((f"\n{code(note, 500)}\n" for note in changes.notes[:MOST]), 0.1)


def _put_kind(kind: ChangeKind, group: list[Change], paper: Paper) -> None:
    """Of measures a row each; else a line for all tests of which the same is to be said."""
    paper.put(f"\n**{kind}** · {len(group):,}\n\n")
    if kind in MEASURED:
        paper.put(header(["test", "measure", "before", "after"], 2))
        rows, rest = [(_measured(change), 1) for change in group[:MOST]], len(group[MOST:])
    else:
        same, rest = summary.alike(group, lambda change: " · ".join(_words(change)), MOST)
        rows = [(_line(said, tests), len(tests)) for said, tests in same]
    shown = paper.offer((row for row, _ in rows), 0.2)
    rest += sum(count for _, count in rows[shown:])
    if rest:
        paper.put(f"\n… and {rest:,} more: they are in report.json.\n")


def _line(said: str, tests: list[str]) -> str:
    more = f" … ({len(tests):,} tests)" if len(tests) > summary.NAMED else ""
    return f"- {', '.join(map(code, tests[: summary.NAMED]))}{more} · {said}\n"


def _words(change: Change) -> Iterator[str]:
    if change.detail:
        yield code(change.detail)
    if change.rate:
        rate, low, high = change.rate
        yield f"flaky or failed in {rate:.1%} of the runs (95% interval: {low:.1%} to {high:.1%})"
    if change.since:
        commit = f", commit {code(change.since.commit[:12])}" if change.since.commit else ""
        yield f"since run {code(change.since.run)}{commit}"


def _measured(change: Change) -> str:
    before, after = (_value(value, change.unit) for value in (change.before, change.after))
    where = f" ({part.told(change.functions)})" if change.functions else ""
    return row([cell(change.test), cell(f"{change.measure}{where}"), before, after])


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return {"s": human_time, "B": human_size}[unit](value) if unit in {"s", "B"} else cell(f"{value:g} {unit}")
