r"""The Test Anything Protocol, versions 12 to 14, amid whatever else a guest prints.

Source: the TAP 14 specification. Our own parser, since a verdict hangs on it: on a console full of other lines the
packaged ones take `okay` for a test point, cut descriptions at any `#`, and raise on a version they do not know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix.protocols import MOST, TOO_MANY, Told, case, cut

if TYPE_CHECKING:
    from bootmatrix.model import Case

# Points and plans stand in the first column. YAML blocks and subtests are indented: a point of the parent counts for
# them, but a bail-out ends everything wherever it stands.
LINE = re.compile(
    r"^(?:(?P<failed>not )?(?P<point>ok)(?:[ \t]+(?P<number>[0-9]+)(?![\w.]))?(?![\w.])(?P<rest>[^\n]*)"
    r"|1\.\.(?P<plan>[0-9]+)(?:[ \t]+#?(?P<reason>[^\n]*))?$"
    r"|[ \t]*(?i:bail out!)(?P<bail>[^\n]*))",
    re.MULTILINE,
)
DIRECTIVE = re.compile(r"\s#\s*(?:(SKIP)\S*|(TODO)\b\S*)(?:\s+(.*))?$", re.IGNORECASE)
OLD_SKIP = re.compile(r"^skip\S*\s*", re.IGNORECASE)
DIGITS = 9  # of a number: one that is longer is beyond every plan


@dataclass
class _Reading:
    """What was read so far. `plan_at` is the number of points before the plan."""

    cases: list[Case] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    plan: int | None = None
    plan_at: int = 0
    reason: str = ""


def parse(text: str) -> Told:
    """Lines that are no TAP are ignored, as the specification asks; a report that is not whole is `trouble`."""
    reading = _Reading()
    for found in LINE.finditer(text):
        if found["bail"] is not None:
            return Told(tuple(reading.cases), f"Bail out! {cut(found['bail'])}".strip())
        if found["point"]:
            _point(reading, found)
        elif reading.plan is not None:
            return Told(tuple(reading.cases), "the report has two plans")
        else:
            reading.plan, reading.plan_at = _number(found["plan"]), len(reading.cases)
            reading.reason = OLD_SKIP.sub("", cut(found["reason"] or ""))
        if len(reading.cases) > MOST:
            return Told(trouble=TOO_MANY)
    cases = tuple(reading.cases)
    if trouble := _trouble(reading):
        return Told(cases, trouble, silent=not cases and reading.plan is None)
    return Told(cases, skipped="" if reading.plan else reading.reason or "the guest skipped all its tests")


def _point(reading: _Reading, found: re.Match[str]) -> None:
    rest, number = found["rest"], _number(found["number"]) if found["number"] else len(reading.cases) + 1
    directive = DIRECTIVE.search(_hide_escapes(rest))
    description = (rest[: directive.start()] if directive else rest).strip().removeprefix("-")
    message = ""
    status = "failed" if found["failed"] else "passed"
    if directive:
        message = directive[3] or (directive[1] or directive[2]).lower()
        if directive[1] or found["failed"]:  # a TODO that passes is a pass
            status = "skipped"
    reading.ids.append(number)
    reading.cases.append(case(_unescape(description) or f"test {number}", status, message))


def _hide_escapes(text: str) -> str:
    r"""An escaped `\#` starts no directive: hide it at the same length."""
    return re.sub(r"\\[\\#]", "\0\0", text)


def _unescape(text: str) -> str:
    return re.sub(r"\\([\\#])", r"\1", text)


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= DIGITS else 10**DIGITS


def _trouble(reading: _Reading) -> str:
    """Why the report is not whole."""
    count, plan = len(reading.cases), reading.plan
    if plan is None:
        return "the report has no plan (1..N): it may not be whole" if count else "the console shows no TAP"
    if plan != count:
        return f"the plan promises {plan} tests, the report has {count}"
    if 0 < reading.plan_at < count:
        return "the plan stands amid the tests: it must be the first or the last line"
    if set(reading.ids) != set(range(1, count + 1)):
        return f"the tests' numbers are not 1 to {plan}, each once"
    return ""
