r"""The Test Anything Protocol, versions 12 to 14, and the kernel's KTAP, amid whatever else a guest prints.

Sources: the TAP 14 specification, Linux' Documentation/dev-tools/ktap.rst. Our own parser, since a verdict hangs on it:
on a console full of other lines the packaged ones take `okay` for a test point, cut descriptions at any `#`, and raise
on a version they do not know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix import torn, volatile
from bootmatrix.model import CaseStatus
from bootmatrix.protocols import MOST, TOO_MANY, CaseReport, case, cut
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from bootmatrix.model import Case

# Points and plans stand in the first column. YAML blocks and subtests are indented: a point of the parent counts for
# them, but a bail-out ends everything wherever it stands.
LINE = re.compile(
    r"^(?:(?P<failed>not )?(?P<point>ok)(?:[ \t]+(?P<number>[0-9]+)(?![\w.]))?(?![\w.])(?P<rest>[^\n]*)"
    r"|1\.\.(?P<plan>[0-9]+)(?:[ \t]+(?P<reason>[^\n]*))?$(?P<digits>(?=\n(?:(?!(?:not )?ok\b)[^\n]*\n)?[0-9]{1,9}$))?"
    r"|(?P<version>K?TAP version )"
    r"|[ \t]*(?i:bail out!)(?P<bail>[^\n]*)"
    rf"|(?P<part>{torn.CASE})|(?P<end>{torn.END}))",
    re.MULTILINE,
)
DIRECTIVE = re.compile(r"\s#\s*(?:(SKIP)\S*|(TODO|XFAIL)\b\S*)(?:\s+(.*))?$", re.IGNORECASE)
OLD_SKIP = re.compile(r"^#?\s*(?:skip\S*\s*)?", re.IGNORECASE)
DIGITS = 9  # of a number: one that is longer is beyond every plan
SHOWN = 60  # characters of a line that is in doubt
REMEDY = "keep other output off this console (quiet, loglevel=0)"


@dataclass
class _Document:
    """One report, as far as it is read. `plan_at` is the number of points before the plan. `part` is a line that may be
    a part of a failure, and `torn` one that is followed by a point, which may be its other part.
    """

    ids: list[int] = field(default_factory=list)
    plan: int | None = None
    plan_at: int = 0
    reason: str = ""
    part: str = ""
    torn: str = ""

    @property
    def begun(self) -> bool:
        return bool(self.ids) or self.plan is not None

    @property
    def whole(self) -> bool:
        return self.plan == len(self.ids)


@dataclass
class _Reading:
    """All reports of a console: their cases, what the first lacks that is not whole, why the first skipped all."""

    cases: list[Case] = field(default_factory=list)
    document: _Document = field(default_factory=_Document)
    number: int = 1
    trouble: str = ""
    skipped: str = ""

    def close(self) -> None:
        trouble = _trouble(self.document)
        if trouble and not self.trouble:
            self.trouble = f"report {self.number}: {trouble}" if self.number > 1 else trouble
        self.skipped = self.skipped or self.document.reason or "the guest skipped all its tests"
        self.document, self.number = _Document(), self.number + 1


def parse(text: str) -> CaseReport:
    """Lines that are no TAP are ignored, as the specification asks. A report that is not whole is `trouble`, and so is
    one in which a line may be a part of a failure that a message cut. Of several reports all count.
    """
    reading = _Reading()
    for found in LINE.finditer(torn.parted(text)):
        if found["bail"] is not None:
            return CaseReport(tuple(reading.cases), f"Bail out! {cut(found['bail'].strip(torn.CUT))}".strip())
        if trouble := _read(reading, found):
            return CaseReport(tuple(reading.cases), trouble)
        if len(reading.cases) > MOST:
            return CaseReport(trouble=TOO_MANY)
    silent = reading.number == 1 and not reading.document.begun and not reading.document.torn
    if reading.number == 1 or reading.document.begun or reading.document.torn:
        reading.close()
    cases = tuple(reading.cases)
    return CaseReport(cases, reading.trouble, "" if cases or reading.trouble else reading.skipped, silent)


def _read(reading: _Reading, found: re.Match[str]) -> str:
    """Takes in one line; says why nothing that follows can mend the report."""
    here = reading.document
    if found["part"] is not None:
        here.part = here.part or found["part"]
    elif found["end"] is not None:
        here.torn = here.torn or found["end"]
    elif found["point"]:
        if here.whole and 0 < here.plan_at == len(here.ids):  # the plan was the last line: another report begins
            reading.close()
        _point(reading, found)
    elif found["version"]:
        if here.begun:
            reading.close()
    else:
        if here.plan is not None and not here.whole:
            return "the TAP report has two plan lines (1..N)"
        if here.plan is not None:
            reading.close()
        _plan(reading.document, found)
    return ""


def _plan(here: _Document, found: re.Match[str]) -> None:
    here.plan, here.plan_at = _number(found["plan"]), len(here.ids)
    reason = found["reason"] or ""
    here.reason = OLD_SKIP.sub("", cut(reason))
    if found["digits"] is not None or (here.plan and reason.strip() and not reason.startswith("#")):
        here.torn = here.torn or found[0]


def _point(reading: _Reading, found: re.Match[str]) -> None:
    here, rest = reading.document, found["rest"]
    number = _number(found["number"]) if found["number"] else len(here.ids) + 1
    here.torn = here.torn or here.part or (found[0] if torn.DIRECTIVE.search(rest) else "")
    rest = rest.rstrip(torn.CUT)
    directive = DIRECTIVE.search(_hide_escapes(rest))
    description = (rest[: directive.start()] if directive else rest).strip().removeprefix("-")
    message = ""
    status = CaseStatus.FAILED if found["failed"] else CaseStatus.PASSED
    if directive:
        message = directive[3] or (directive[1] or directive[2]).lower()
        if directive[1] or found["failed"]:  # a TODO that passes is a pass
            status = CaseStatus.SKIPPED
    here.ids.append(number)
    reading.cases.append(case(_unescape(description) or f"test {number}", status, message))


def _hide_escapes(text: str) -> str:
    r"""An escaped `\#` starts no directive: hide it at the same length."""
    return re.sub(r"\\[\\#]", "\0\0", text)


def _unescape(text: str) -> str:
    return re.sub(r"\\([\\#])", r"\1", text)


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= DIGITS else 10**DIGITS


def _trouble(document: _Document) -> str:
    """Why a report is not whole."""
    count, plan = len(document.ids), document.plan
    if document.torn:
        line = volatile.stable(document.torn.strip(torn.CUT + " "))[:SHOWN]
        return f"the line '{line}' looks like a failure, plan or bail-out that another line has cut: {REMEDY}"
    if plan is None:
        return "the report has no plan (1..N): it may not be whole" if count else "the console shows no TAP"
    if plan != count:
        return f"the plan promises {how_many(plan, 'test')}, the report has {count:,}"
    if 0 < document.plan_at < count:
        return "the plan line is between the tests: it must come first or last"
    if set(document.ids) != set(range(1, count + 1)):
        return f"the tests' numbers are not 1 to {plan}, each once"
    return ""
