"""What a run came to: those that are not good by their reasons, counts, and where the files are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.grouping import SHOWN, sum_up
from bootmatrix.quantities import human_time
from bootmatrix.screen.words import number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from bootmatrix.grouping import Group, Sum
    from bootmatrix.model import Run
    from bootmatrix.screen.pen import Span

MOST = 50  # reasons that are told
REASON_LINES = 10


def told(run: Run, folder: Path, reports: tuple[Path, ...], *, good: Collection[str], quiet: bool) -> Iterator[Span]:
    """The lines of the summary. If it is to be quiet, and all is good, there are none."""
    total = sum_up(run.results, good)
    as_expected = not total.bad and not run.interrupted
    if quiet and as_expected:
        return
    yield "", ""
    yield from _groups(total, folder)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in total.counts.items() if count) or "no test"
    reused = f", {total.reused} of them as in earlier runs," if total.reused else ""
    ended = "interrupted; " if run.interrupted else ""
    yield f"{ended}{counts}{reused} in {human_time(run.seconds)}", "good" if as_expected else "bad"
    yield from files(folder, (*reports, folder / "results.json"))


def files(folder: Path, written: Iterable[Path]) -> Iterator[Span]:
    """Pages each on its own line, to be opened by a click; the rest as a shell would take it."""
    names = sorted(path.name for path in written)
    yield from ((f"  {folder / name}", "dim") for name in names if name.endswith(".html"))
    others = [name for name in names if not name.endswith(".html")]
    yield f"  {folder}/" + (f"{{{','.join(others)}}}" if len(others) > 1 else "".join(others)), "dim"


def _groups(total: Sum, folder: Path) -> Iterator[Span]:
    shown, rest = total.most(MOST)
    for group in shown:
        yield from _group(group)
    if rest:
        yield f"… and {number(rest, 'test')} with other reasons: they are in {folder / 'results.json'}", "bad"


def _group(group: Group) -> Iterator[Span]:
    ids = ", ".join(group.ids) + (" …" if group.count > SHOWN else "")
    count = f" ({group.count} tests)" if group.count > 1 else ""
    first, *others = group.reason.splitlines() or [""]
    yield f"{ids}{count}: {group.verdict}: {first}", group.verdict
    for line in others[:REASON_LINES]:
        yield f"    {line.strip()}", group.verdict
    if len(others) > REASON_LINES:
        yield "    …", group.verdict
    if group.repro:
        yield f"    repeat it: {group.repro}", "dim"
