"""The Test Anything Protocol, versions 12 to 14, amid whatever else a guest prints.

Source: the TAP 14 specification. Our own parser, since a verdict hangs on it: on a console full of other lines the
packaged ones take `okay` for a test point, cut descriptions at any `#`, and raise on a version they do not know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bootmatrix.model import Case
from bootmatrix.protocols import Told

PLAN = re.compile(r"1\.\.(\d{1,7})(?:\s+#?\s*(.*)|\s*)$")
POINT = re.compile(r"(not )?ok(?:[ \t]+(\d{1,9}))?(?![\w.])(.*)$")
DIRECTIVE = re.compile(r"\s#\s*(SKIP|TODO)\S*(?:\s+(.*))?$", re.IGNORECASE)
BAIL = re.compile(r"\s*Bail out!\s*(.*)$", re.IGNORECASE)
OLD_SKIP = re.compile(r"^(?:skip\S*:?)\s*", re.IGNORECASE)
MAX_POINTS = 1_000_000


@dataclass
class _Reading:
    """What was read so far. `plan_at` is the number of points before the plan."""

    cases: list[Case] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    plan: int | None = None
    plan_at: int = 0
    reason: str | None = None
    trouble: str = ""

    def complain(self, what: str) -> None:
        self.trouble = self.trouble or what


def parse(text: str) -> Told:
    """Lines that are no TAP are ignored, as the specification asks; subtests count by their parent's point."""
    reading = _Reading()
    in_yaml = False
    for line in text.splitlines():
        if in_yaml or (line.strip() == "---" and line[:1] in " \t" and reading.cases):
            in_yaml = line.strip() != "..." and not POINT.match(line)
            if in_yaml or line.strip() == "...":
                continue
        if bail := BAIL.match(line):
            reading.complain(f"Bail out! {bail[1]}".strip())
            break
        if point := POINT.match(line):
            _point(reading, point)
        elif plan := PLAN.match(line):
            _plan(reading, int(plan[1]), (plan[2] or "").strip())
    return _told(reading)


def _point(reading: _Reading, found: re.Match[str]) -> None:
    rest = found[3]
    directive = DIRECTIVE.search(_unescape_guard(rest))
    kind = directive[1].upper() if directive else ""
    description = (rest[: directive.start()] if directive else rest).strip().removeprefix("-").strip()
    number = int(found[2]) if found[2] else len(reading.cases) + 1
    reading.ids.append(number)
    message = (directive[2] or kind.lower()).strip() if directive else ""
    if kind == "SKIP" or (kind == "TODO" and found[1]):
        status = "skipped"
    else:
        status = "failed" if found[1] else "passed"
    reading.cases.append(Case(_unescape(description) or f"test {number}", status, message))


def _unescape_guard(text: str) -> str:
    r"""An escaped `\#` starts no directive: hide it at the same length."""
    return re.sub(r"\\[\\#]", "\0\0", text)


def _unescape(text: str) -> str:
    return re.sub(r"\\([\\#])", r"\1", text)


def _plan(reading: _Reading, count: int, reason: str) -> None:
    if reading.plan is not None:
        reading.complain("the report has two plans")
        return
    reading.plan, reading.plan_at = count, len(reading.cases)
    reading.reason = OLD_SKIP.sub("", reason) if count == 0 else None


def _told(reading: _Reading) -> Told:
    cases, plan = tuple(reading.cases), reading.plan
    if reading.trouble:
        return Told(cases, trouble=reading.trouble)
    if plan is None:
        what = "the report has no plan (1..N): it may not be whole" if cases else "the console shows no TAP"
        return Told(cases, trouble=what)
    if plan != len(cases):
        return Told(cases, trouble=f"the plan promises {plan} tests, the report has {len(cases)}")
    if 0 < reading.plan_at < len(cases):
        return Told(cases, trouble="the plan stands amid the tests: it must be the first or the last line")
    if len(set(reading.ids)) != len(reading.ids) or any(not 1 <= number <= plan for number in reading.ids):
        return Told(cases, trouble=f"the tests' numbers are not 1 to {plan}, each once")
    if plan == 0:
        return Told(skipped=reading.reason or "the guest skipped all its tests")
    return Told(cases)
