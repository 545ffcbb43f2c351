"""The test cases that a guest reported, read by a protocol of ours or of the project: its answer is checked."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix import plugins
from bootmatrix.errors import Problem, UserError
from bootmatrix.model import Case
from bootmatrix.protocols import LONGEST, MOST, STATUSES, TOO_MANY, CaseReport, case, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


class Unreadable(UserError):
    """A protocol has a bug: nothing can be said of the guest's cases."""


@functools.cache
def _parser(protocol: str, root: Path) -> Callable[[str], object]:
    return plugins.parser(protocol, root)


def check(protocols: Iterable[str], root: Path) -> None:
    """Import every protocol that is needed, before anything is booted; raises UserError if one cannot be."""
    for protocol in protocols:
        _parser(protocol, root)


def told(protocol: str, console: str, root: Path | None = None) -> CaseReport:
    """What the cleaned console tells; without `root`, the folder of the matrix, by a protocol of ours.

    Raises Unreadable if the protocol fails, or answers what is none, and UserError if it cannot be imported.
    """
    parse = _parser(protocol, root or plugins.HERE)
    try:
        answer = parse(console)
    except (Exception, SystemExit) as error:
        what = f"the protocol '{protocol}' failed: {type(error).__name__}: {error}"
        raise Unreadable(Problem(what, remedy=f"raised at {plugins.raised_at(error)}")) from error
    if wrong := _wrong(answer):
        what = f"the protocol '{protocol}' answers {wrong}"
        raise Unreadable(
            Problem(what, remedy="its `parse(text)` returns a CaseReport, whose cases are made by `case(…)`")
        )
    assert isinstance(answer, CaseReport)  # noqa: S101  # else it was wrong
    return _bounded(answer)


def _wrong(answer: object) -> str:
    """What is wrong with an answer; empty if nothing is."""
    if not isinstance(answer, CaseReport):
        return f"a {type(answer).__name__}, and no CaseReport"
    if not (isinstance(answer.trouble, str) and isinstance(answer.skipped, str)):
        return "a trouble or a skip that is not a text"
    if not isinstance(answer.cases, tuple):
        return f"cases that are a {type(answer.cases).__name__}, and no tuple"
    return next((f"{each!r:.200}, which is not a case" for each in answer.cases if not _is_case(each)), "")


def _is_case(each: object) -> bool:
    texts = isinstance(each, Case) and isinstance(each.name, str) and isinstance(each.message, str)
    return texts and isinstance(each, Case) and each.status in STATUSES


def _bounded(answer: CaseReport) -> CaseReport:
    """No more cases, and no longer texts, than a report can bear."""
    if len(answer.cases) > MOST:
        return CaseReport(trouble=TOO_MANY)
    short = tuple(each if _is_short(each) else case(each.name, each.status, each.message) for each in answer.cases)
    return replace(answer, cases=short, trouble=cut(answer.trouble), skipped=cut(answer.skipped))


def _is_short(each: Case) -> bool:
    return 0 < len(each.name) <= LONGEST + 1 and len(each.message) <= LONGEST + 1
