"""The summary of a run: bad results grouped by their reasons, counts, and where the files are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix import here, logs, paired
from bootmatrix.grouping import SHOWN, sum_up
from bootmatrix.model import VERDICTS, Verdict
from bootmatrix.quantities import how_many, human_time
from bootmatrix.screen.words import fit, safe

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from bootmatrix.grouping import Group, Sum
    from bootmatrix.model import PairFinding, Run
    from bootmatrix.screen.pen import Span

MOST = 50  # reasons that are shown
REASONS = 20  # and of each verdict that fails no run
PAIRS = 20  # and tests that booted in turn
REASON_LINES = 12
CONSOLE_LINES = 10
INDENT = "    "
REPEAT = "repeat it:"


def told(
    run: Run,
    folder: Path,
    reports: tuple[Path, ...],
    *,
    good: Collection[Verdict],
    quiet: bool,
    resume: str = "",
    width: int = 200,
) -> Iterator[Span]:
    """The lines of the summary. If it is to be quiet, and all is good, there are none.

    `resume` is the command that resumes a run that is not complete; no line of a console is wider than
    `width` columns.
    """
    total = sum_up(run.results, frozenset(good) - {Verdict.SKIPPED, Verdict.UNDECIDED})
    open_pairs = [] if Verdict.UNDECIDED in good else [each for each in total.pairs if paired.undecided(each[1])]
    bad = any(total.counts[verdict] for verdict in VERDICTS if verdict not in good)
    as_expected = not run.interrupted and not bad and not open_pairs
    if quiet and as_expected:
        return
    yield "", ""
    yield from _groups(total, good, folder, width)
    if not quiet:
        yield from _told_once(total, Verdict.SKIPPED)
        if Verdict.UNDECIDED in good:
            yield from _told_once(total, Verdict.UNDECIDED)
    yield from _pairs(open_pairs if quiet else total.pairs)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in total.counts.items() if count) or "no test"
    reused = f" ({total.reused} reused from earlier runs)" if total.reused else ""
    ended = "interrupted; " if run.interrupted else ""
    yield f"{ended}{counts}{reused} in {human_time(run.seconds)}", "good" if as_expected else "bad"
    if resume:
        yield f"{INDENT}resume it: {resume}", ""
    yield from files(folder, (*reports, folder / "results.json"))


def files(folder: Path, written: Iterable[Path]) -> Iterator[Span]:
    """Pages each on its own line, to be opened by a click; the rest as a shell would take it."""
    names = sorted(path.name for path in written)
    yield from ((f"  {folder / name}", "dim") for name in names if name.endswith(".html"))
    others = [name for name in names if not name.endswith(".html")]
    yield f"  {folder}/" + (f"{{{','.join(others)}}}" if len(others) > 1 else "".join(others)), "dim"


def _groups(total: Sum, good: Collection[Verdict], folder: Path, width: int) -> Iterator[Span]:
    shown, rest = total.most(MOST, [verdict for verdict in VERDICTS if verdict not in good])
    for group in shown:
        yield from _group(group, folder, width)
    if rest:
        yield f"… and {how_many(rest, 'test')} with other reasons: they are in {folder / 'results.json'}", "bad"


def _group(group: Group, folder: Path, width: int) -> Iterator[Span]:
    ids = ", ".join(group.ids) + (" …" if group.count > SHOWN else "")
    count = f" ({group.count:,} tests)" if group.count > 1 else ""
    first, *others = group.reason.split("\n")
    yield f"{ids}{count}: {group.verdict}: {first}", group.verdict
    for line in others[:REASON_LINES]:
        said = line.removeprefix(INDENT).rstrip()
        theirs = "| " if said.lstrip().startswith(REPEAT) else ""  # a guest or a part of a merge may say so, too
        yield f"{INDENT}{theirs}{said}", group.verdict
    if len(others) > REASON_LINES:
        yield f"{INDENT}…", group.verdict
    if group.repro:
        if group.console or group.verdict != Verdict.UNEXPECTED_PASS:
            yield from _console(group.console, folder, width)
        yield f"{INDENT}{REPEAT} {group.repro}", "dim"


def _console(name: str, folder: Path, width: int) -> Iterator[Span]:
    """The last lines of what was printed, each behind a bar, so that none is taken for ours."""
    if not name:
        yield f"{INDENT}it printed nothing", "dim"
        return
    yield f"{INDENT}{here.near(folder / name)} ends:", "dim"
    for line in logs.last_of(folder / name, CONSOLE_LINES, below=folder):
        yield fit(safe(f"{INDENT}| {line}"), width), ""


def _pairs(pairs: Sequence[tuple[str, Sequence[PairFinding]]]) -> Iterator[Span]:
    """A sentence for each test that booted in turn."""
    told = paired.largest_first(pairs)
    for test, found in told[:PAIRS]:
        yield safe(f"{test}: {paired.sentence(found)}"), "bold" if any(each.real for each in found) else ""
    if len(told) > PAIRS:
        yield f"… and {how_many(len(told) - PAIRS, 'test')} in turn: they are in summary.md", ""


def _told_once(total: Sum, verdict: Verdict) -> Iterator[Span]:
    """A line for each reason of what fails no run, with what would make a skipped one run, if it says so."""
    shown, rest = total.most(REASONS, (verdict,))
    for group in shown:
        what = group.ids[0] if group.count == 1 else how_many(group.count, "test")
        reason = "; ".join(line.strip() for line in group.reason.split("\n"))
        yield f"{what} {verdict}: {reason}", verdict
    if rest:
        yield f"… and {how_many(rest, 'test')} {verdict} for other reasons", verdict
