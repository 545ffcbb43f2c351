"""What a test came to, as elements of its `testcase`: JUnit's own, and Maven Surefire's for attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from junit_xml import TestCase

from bootmatrix import paired
from bootmatrix.model import BAD_VERDICTS, CaseStatus, Verdict
from bootmatrix.texts import visible

from ._junit_texts import first_line

if TYPE_CHECKING:
    from bootmatrix.model import Attempt, Case, Result

    from ._junit_texts import Consoles

FAILURES = {*BAD_VERDICTS} - {Verdict.ERROR}
TELLING = FAILURES | {Verdict.ERROR, Verdict.FLAKY, Verdict.QUARANTINED}  # the verdicts with a console
RERUN = FAILURES - {Verdict.UNEXPECTED_PASS}
# Surefire's order (surefire-test-report.xsd); Jenkins' junit-10.xsd takes any, and both know no properties.
ORDER = ("properties", "failure", "rerunFailure", "flakyFailure", "skipped", "error", "system-out")


def judge(case: Any, result: Result) -> None:
    if result.verdict in {Verdict.PASSED, Verdict.FLAKY}:
        return
    reason = visible(result.reason)
    summary = first_line(reason) or result.verdict
    if result.verdict in FAILURES:
        case.add_failure_info(f"{result.verdict}: {summary}", _evidence(result), result.verdict.replace(" ", "-"))
    elif result.verdict == Verdict.ERROR:
        kind = "infrastructure" if result.infrastructure else "configuration"
        case.add_error_info(summary, _evidence(result), kind)
    else:
        _skip(case, reason or summary, "" if result.verdict == Verdict.SKIPPED else result.verdict)


def _skip(case: Any, reason: str, verdict: str = "") -> None:
    """The whole reason as the message, which Jenkins shows, and as the text, which GitLab shows."""
    text = f"{verdict}: {reason}" if verdict else reason
    case.add_skipped_info(" ".join(text.split()), text)


def _evidence(result: Result) -> str:
    lines = [result.reason, *([f"the test is at {result.where}"] if result.where else [])]
    lines += [f"repeat it: {result.repro}"]
    if result.attempts:
        lines += [
            f"attempt {a.number}: {a.outcome} after {a.seconds:.3f} s ({a.outcome.evidence})" for a in result.attempts
        ]
    return visible("\n".join(lines))


def reruns(result: Result, consoles: Consoles) -> list[ET.Element]:
    """Surefire: a flakyFailure for each attempt that failed before a pass, a rerunFailure for each after the first.

    A flakyFailure has its console: the test's own is that of the pass. What the infrastructure ended is neither.
    """
    own = [attempt for attempt in result.attempts if not attempt.broken]
    if result.verdict == Verdict.FLAKY:
        return [_rerun("flakyFailure", a, consoles.of(a)) for a in own if a.verdict != Verdict.PASSED]
    return [_rerun("rerunFailure", attempt) for attempt in own[1:]] if result.verdict in RERUN else []


def _rerun(tag: str, attempt: Attempt, printed: str = "") -> ET.Element:
    reason = visible(attempt.reason)
    element = ET.Element(tag, message=first_line(reason), type=attempt.outcome.kind)
    ET.SubElement(element, "stackTrace").text = f"attempt {attempt.number}: {reason}"
    if printed:
        ET.SubElement(element, "system-out").text = printed
    return element


def told(case: Case, result: Result, name: str) -> TestCase:
    """A case that the guest reported."""
    made = TestCase(name, visible(result.cell), 0.0)
    message = visible(case.message) or case.status
    if case.status == CaseStatus.FAILED and result.verdict in {Verdict.EXPECTED_FAILURE, Verdict.QUARANTINED}:
        _skip(made, message, result.verdict)
    elif case.status == CaseStatus.FAILED:
        made.add_failure_info(message, message, "guest")
    elif case.status == CaseStatus.SKIPPED:
        _skip(made, message)
    return made


def properties(result: Result, axes: tuple[str, ...]) -> ET.Element:
    """What is known of one test, for the dialect whose test cases have properties; `axes` are the cell's own."""
    known: dict[str, str] = {"verdict": result.verdict, "attempts": str(len(result.attempts))}
    if result.attempts:
        known |= {"outcome": str(result.attempts[-1].outcome), "accelerator": result.accelerator}
    if kept := result.quarantine:
        known |= {"quarantine.owner": kept.owner, "quarantine.reason": kept.reason, "quarantine.until": kept.until}
    known |= {f"param.{key}": value for key, value in result.values.items() if axes and key not in axes}
    known |= {f"label.{key}": value for key, value in result.labels.items()}
    known |= {f"pair.{each.axis}.{each.name}".rstrip("."): paired.sentence([each]) for each in result.pairs}
    known |= {f"measure.{m.name}": f"{m.value:.12g} {m.unit}".rstrip() for m in result.measures}
    element = ET.Element("properties")
    for key, value in known.items():
        if value:
            ET.SubElement(element, "property", name=visible(key), value=visible(value))
    return element


def extend(case: ET.Element, extra: list[ET.Element]) -> None:
    """Add these, in Surefire's order; its `skipped` has no type, which junit-xml always writes."""
    case.extend(extra)
    for skipped in case.iterfind("skipped"):
        skipped.attrib.pop("type", None)
    case[:] = sorted(case, key=lambda element: ORDER.index(element.tag))
