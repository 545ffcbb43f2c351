"""A page of Markdown, such as GitHub shows as a job's summary: what matters most comes first.

GitHub drops a summary of more than 1 MiB whole. So this one is smaller: entries are left out, never cut, and it says
how many and where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from bootmatrix import model, paired, texts
from bootmatrix.grouping import sum_up, worst_first
from bootmatrix.history import findings
from bootmatrix.markdown import Paper, block, cell, code, folded, header, plain, row
from bootmatrix.model import BAD_VERDICTS, SEVERITY, STEADY_VERDICTS, Verdict
from bootmatrix.quantities import how_many, human_time
from bootmatrix.screen.signs import UNICODE

from . import _changes, _pivot, _texts, _timings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bootmatrix.grouping import Group, Sum
    from bootmatrix.model import Run

LIMIT = 960 << 10  # bytes of all entries; what remains to 1 MiB is for headings and remarks
GROUPS, ROWS = 50, 200  # reasons of a kind, and tests in the table
LONGEST = 2000  # characters of a sentence
CONSOLE, REASON = 20, 30  # lines of a console and of a reason
ELSEWHERE = "they are in report.json"


class Report(model.Report):
    filename: ClassVar[str] = "summary.md"
    shows: ClassVar[tuple[str, ...]] = ("changes",)

    def write(self, run: Run, folder: Path, target: Path) -> None:
        total, folder = sum_up(run.results, STEADY_VERDICTS), folder.resolve()
        with _texts.written(target) as file:
            paper = Paper(file, LIMIT)
            paper.put(_headline(run, total))
            if changes := findings.changes(folder):
                _changes.put(changes, paper)
            _put_groups(paper, "Not as expected", total, BAD_VERDICTS, folder)
            _put_groups(paper, "Undecided", total, (Verdict.UNDECIDED,), folder)
            _put_groups(paper, "Flaky", total, (Verdict.FLAKY,), folder)
            _put_groups(paper, "In quarantine", total, (Verdict.QUARANTINED,), folder)
            _put_pairs(paper, total)
            _put_matrix(paper, run)
            _timings.put(run, folder, paper)


def _headline(run: Run, total: Sum) -> str:
    counts = [f"{total.counts[verdict]:,} {verdict}" for verdict in SEVERITY if total.counts[verdict]]
    good = not run.interrupted and not any(total.counts[verdict] for verdict in BAD_VERDICTS)
    ended = "interrupted; " if run.interrupted else ""
    words = [f"{how_many(len(run.results), 'test')} in {human_time(run.seconds)}"]
    words += [f"{total.reused:,} of them reused from earlier runs"] if total.reused else []
    words += [f"commit {code(run.commit[:12])}"] if run.commit else []
    words += [f"branch {code(run.branch)}"] if run.branch else []
    words += [f"run {code(run.id)}"]
    return f"## {'✓' if good else '✗'} {ended}{', '.join(counts) or 'no test'}\n\n{' · '.join(words)}\n"


def _put_groups(paper: Paper, title: str, total: Sum, verdicts: tuple[Verdict, ...], folder: Path) -> None:
    groups, rest = total.most(GROUPS, verdicts)
    if not groups:
        return
    paper.put(f"\n### {title}\n")
    groups = worst_first(groups)
    shown = paper.offer((_group(group, folder) for group in groups), 0.5)
    rest += sum(group.count for group in groups[shown:])
    if rest:
        paper.put(f"\n… and {how_many(rest, 'test')} with other reasons: {ELSEWHERE}.\n")


def _group(group: Group, folder: Path) -> str:
    ids = ", ".join(map(code, group.ids)) + (" …" if group.count > len(group.ids) else "")
    count = f"{group.count:,} tests: " if group.count > 1 else ""
    parts = [f"\n**{group.verdict}** · {count}{ids}\n", block(_shortened(group.reason))]
    if group.repro:
        parts += ["repeat it:\n", block(texts.line(group.repro, 1000), "sh")]
    if group.console:
        parts += [folded("the console's last lines", block(_texts.last_lines(folder, group.console, CONSOLE)))]
    return "\n".join(parts)


def _shortened(reason: str) -> str:
    lines = [texts.cut(line.rstrip(), texts.LINE) for line in texts.visible(reason).strip().split("\n")]
    return "\n".join(lines if len(lines) <= REASON else [*lines[: REASON - 1], "…"])


def _put_pairs(paper: Paper, total: Sum) -> None:
    """What came of tests that booted in turn."""
    if not total.pairs:
        return
    paper.put("\n### In turn\n\n")
    told = paired.largest_first(total.pairs)
    shown = paper.offer((f"- {code(test)}: {plain(paired.sentence(found), LONGEST)}\n" for test, found in told), 0.7)
    if shown < len(told):
        paper.put(f"\n… and {how_many(len(told) - shown, 'more test')}: {ELSEWHERE}.\n")


def _put_matrix(paper: Paper, run: Run) -> None:
    axes = run.axes or _axes(run)
    pivot = _pivot.of(run.results, axes)
    if not pivot.rows:
        return
    paper.put("\n### The matrix\n\n")
    rows = list(pivot.rows)
    if len(rows) > ROWS:
        rows.sort(key=lambda row: not _pivot.is_bad(row))
    titles = [" ".join(map(cell, column)) or "all cells" for column in pivot.columns]
    paper.put(header(["test", *titles]))
    shown = paper.offer(map(_matrix_row, rows[:ROWS]), 0.9)
    signs = ", ".join(f"{UNICODE.of[verdict]} {verdict}" for verdict in pivot.verdicts())
    paper.put(f"\n{signs}; a box that stands for several cells shows the worst verdict and its count.\n")
    if shown < len(rows):
        paper.put(f"\n… and {how_many(len(rows) - shown, 'more test')}: {ELSEWHERE}.\n")


def _matrix_row(told_of: tuple[str, Iterable[_pivot.Box | None]]) -> str:
    test, boxes = told_of
    return row([cell(test), *(str(box) if box else "" for box in boxes)])


def _axes(run: Run) -> tuple[str, ...]:
    """Of a run that does not say which of the values are axes: all that its first test has."""
    return next((tuple(result.values) for result in run.results), ())
