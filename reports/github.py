"""GitHub's workflow commands, which a job prints so that they become annotations: an error, warning or notice a line.

GitHub shows ten of each level for a step and fifty for a job, and drops what comes after; so tests that share a reason
share a line, the largest groups are chosen, and the worst of them comes first. `%` and line ends are written as the
runner decodes them, in a property `,` and `:` too (actions/toolkit, packages/core/src/command.ts).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from bootmatrix import model, texts
from bootmatrix.grouping import sum_up, worst_first
from bootmatrix.history import findings
from bootmatrix.history.findings import ChangeKind
from bootmatrix.model import BAD_VERDICTS, STEADY_VERDICTS, Verdict
from bootmatrix.quantities import how_many

from . import _place, _texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bootmatrix.grouping import Group, Sum
    from bootmatrix.history.findings import Change
    from bootmatrix.model import Run

PATH = 4096  # characters: the longest path there is
MOST = 10  # annotations of a level that a step has
TITLE, NAME, COMMAND, MESSAGE = 200, 120, 400, 1000  # characters


class Report(model.Report):
    filename: ClassVar[str] = "annotations.txt"
    shows: ClassVar[tuple[str, ...]] = ("changes",)

    def write(self, run: Run, folder: Path, target: Path) -> None:
        total = sum_up(run.results, STEADY_VERDICTS)
        history = findings.changes(folder)
        changes = history.changes if history else ()
        with _texts.written(target) as file:
            file.writelines(_level("error", total, BAD_VERDICTS, ()))
            worse = [c for c in changes if c.kind == ChangeKind.WORSE]
            file.writelines(_level("warning", total, (Verdict.UNDECIDED, Verdict.FLAKY), worse))
            file.writelines(
                _level("notice", total, (Verdict.QUARANTINED,), [c for c in changes if c.kind == ChangeKind.FIXED])
            )


def _level(level: str, total: Sum, verdicts: tuple[Verdict, ...], changes: Iterable[Change]) -> Iterator[str]:
    """At most ten; if there are more, the tenth says how many tests the others have."""
    of_them = sum(total.counts[verdict] for verdict in verdicts)
    groups, rest = total.most(MOST, verdicts)
    changes = list(changes)
    if rest or len(groups) + len(changes) > MOST:
        groups, rest = total.most(MOST - 1, verdicts)
        shown = changes[: MOST - 1 - len(groups)]
    else:
        shown = changes
    yield from (_group(level, group) for group in worst_first(groups))
    yield from (_command(level, f"{change.kind}: {change.test}", change.detail) for change in shown)
    left = len(changes) - len(shown)
    if rest or left:
        more = [f"{rest:,} of {of_them:,} tests with other reasons"] if rest else []
        more += [how_many(left, "more change")] if left else []
        yield _command(level, "and more", f"{' and '.join(more)}: see summary.md and report.json of the run")


def _group(level: str, group: Group) -> str:
    """The reason, as much of it as the tests' names and the command leave room for."""
    others = f" and {group.count - 1:,} more" if group.count > 1 else ""
    names = ", ".join(texts.line(each, NAME) for each in group.ids[1:])
    tail = f"\nalso {names}{' …' if group.count > len(group.ids) else ''}" if names else ""
    tail += f"\nrepeat it: {texts.line(group.repro, COMMAND)}" if group.repro else ""
    reason = texts.cut(texts.visible(group.reason[: 2 * MESSAGE]).strip(), MESSAGE - len(tail))
    return _command(level, f"{group.verdict}: {texts.line(group.ids[0], NAME)}{others}", reason + tail, group.where)


def _command(level: str, title: str, message: str, where: str = "") -> str:
    properties = {"title": texts.line(title, TITLE)}
    properties |= {key: texts.line(text, PATH) for key, text in _place.of(where).items()}
    told_of = ",".join(
        f"{key}={_escaped(text).replace(':', '%3A').replace(',', '%2C')}" for key, text in properties.items()
    )
    return f"::{level} {told_of}::{_escaped(texts.cut(texts.visible(message), MESSAGE))}\n"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
