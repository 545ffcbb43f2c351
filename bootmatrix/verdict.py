"""From how a boot ended to what it means: pure. An exit status and a console that disagree are never a pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bootmatrix import patterns, protocols
from bootmatrix.model import Ending, Outcome, parse_outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bootmatrix.matrix.schema import Expect, TestFields
    from bootmatrix.model import Attempt, Case, Runner

UNKNOWN = "unknown"  # the detail of `exited` where a tender hides the guest's status


@dataclass(frozen=True)
class Judgement:
    """What one attempt came to."""

    verdict: str
    reason: str
    outcome: Outcome
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True)
class Spoken:
    """What the console says: `complaints` are against the expectations, `conclusive` if there were any to meet."""

    complaints: tuple[str, ...]
    conclusive: bool
    told: protocols.Told


def judge(fields: TestFields, runner: Runner, ending: Ending, *, told: bool = False) -> Judgement:
    """`told`: the guest printed its status and we ended it when it did not power off."""
    outcome, disagreement = settle(fields, runner, ending, told=told)
    if outcome.kind in {"rejected", "broken"} and not expected(fields.expect, outcome):
        return Judgement("error", outcome.detail or outcome.kind, outcome)
    spoken = listen(fields, ending.console)
    if disagreement:
        return Judgement("contradicted", disagreement, outcome, spoken.told.cases)
    if outcome.kind == "skipped" or (spoken.told.skipped and outcome.ok):
        return Judgement("skipped", spoken.told.skipped or f"the guest skipped itself: {outcome.evidence}", outcome)
    return _weigh(fields.expect, outcome, spoken)


def settle(fields: TestFields, runner: Runner, ending: Ending, *, told: bool) -> tuple[Outcome, str]:
    """The outcome from all that was seen, and where its witnesses disagree, both said."""
    if ending.stopped:
        return Outcome("hung", ending.stopped, "ended by bootmatrix"), ""
    by_console = console_status(fields, ending.console)
    if told and by_console:
        return by_console[1], ""
    by_tender = runner.outcome(ending)
    if by_tender.kind in {"rejected", "broken"}:
        return by_tender, ""
    status = _told_by_tender(runner, ending, by_tender)
    mapped = status in fields.exit_codes
    if mapped and status is not None:
        by_tender = _mapped(fields.exit_codes[status], status, "exit status")
    if not fields.console_exit:
        return by_tender, ""
    silent = by_tender.kind == "exited" and ending.status == 0  # a power-off: the tender does not know more
    if by_console is None:
        missing = "the guest powered off without the status line that console_exit asks for"
        return by_tender, missing if silent and not mapped else ""
    printed, outcome = by_console
    if silent or printed == ending.status or (outcome.kind, outcome.detail) == (by_tender.kind, by_tender.detail):
        return outcome, ""
    return (
        by_tender,
        f"the console says status {printed} ({outcome}), the tender {by_tender} ({by_tender.evidence})",
    )


def _told_by_tender(runner: Runner, ending: Ending, outcome: Outcome) -> int | None:
    """The status that `exit_codes` speak of."""
    if not runner.hides_status:
        return ending.status
    return int(outcome.detail) if outcome.kind == "exited" and outcome.detail.isdecimal() else None


def console_status(fields: TestFields, console: str) -> tuple[int, Outcome] | None:
    """The status that the guest printed last, and what it means."""
    found = patterns.last(fields.console_exit, console) if fields.console_exit else None
    if not found or found[1] is None or not found[1].lstrip("-").isdecimal():
        return None
    status = int(found[1])
    if status in fields.exit_codes:
        return status, _mapped(fields.exit_codes[status], status, "console status")
    return status, Outcome("exited", str(status), f"'{found[0].strip()}' on the console")


def _mapped(word: str, status: int, source: str) -> Outcome:
    """`failed` keeps the status as its code, except where that would read as success."""
    evidence = f"{source} {status}, which exit_codes calls {word}"
    if word == "failed":
        return Outcome("exited", str(status or 1), evidence)
    return replace(parse_outcome(word), evidence=evidence)


def listen(fields: TestFields, console: str) -> Spoken:
    """Hold the console against the expected patterns and the guest's own test cases."""
    expect = fields.expect
    complaints = []
    at = 0
    for pattern in expect.console:
        end = patterns.find(pattern, console, at)
        if end < 0:
            again = patterns.find(pattern, console) >= 0
            complaints.append(
                f"the console shows {pattern} too early" if again else f"the console never shows {pattern}"
            )
            break
        at = end
    complaints += [f"the console never shows {p}" for p in expect.console_any if patterns.find(p, console) < 0]
    complaints += [f"the console shows {p}" for p in expect.console_not if patterns.find(p, console) >= 0]
    told = protocols.parse(fields.cases, console) if fields.cases else protocols.Told()
    if told.failed:
        names = ", ".join(case.name for case in told.failed[:3]) + (" …" if len(told.failed) > 3 else "")  # noqa: PLR2004
        complaints.append(f"{len(told.failed)} of {len(told.cases)} cases failed: {names}")
    if told.trouble:
        complaints.append(told.trouble)
    return Spoken(tuple(complaints), bool(expect.console or expect.console_any or fields.cases), told)


def expected(expect: Expect, outcome: Outcome) -> bool:
    for word in expect.outcome:
        wanted = parse_outcome(word)
        same = not wanted.detail or wanted.detail == outcome.detail
        if word == "failed":
            same = outcome.detail not in {"0", UNKNOWN}
        if wanted.kind == outcome.kind and (same or (wanted.detail == "0" and outcome.detail == UNKNOWN)):
            return True
    return False


def _weigh(expect: Expect, outcome: Outcome, spoken: Spoken) -> Judgement:
    right = expected(expect, outcome)
    said = "; ".join(spoken.complaints)
    wanted = " or ".join(expect.outcome)
    if right and not spoken.complaints:
        if outcome.detail == UNKNOWN and not spoken.conclusive:
            why = f"{outcome.evidence}; name a console pattern of success under expect: {{console: …}}"
            return Judgement("contradicted", f"nothing tells how the guest ended: {why}", outcome, spoken.told.cases)
        return Judgement("passed", str(outcome), outcome, spoken.told.cases)
    if outcome.kind == "hung" and not right:
        return Judgement("timed out", "; ".join(filter(None, (outcome.detail, said))), outcome, spoken.told.cases)
    if right:
        return Judgement("contradicted", f"{outcome} as expected, but {said}", outcome, spoken.told.cases)
    what = f"{outcome} instead of {wanted}"
    if spoken.conclusive and not spoken.complaints:
        return Judgement(
            "contradicted", f"{what}, but the console shows all that is expected", outcome, spoken.told.cases
        )
    return Judgement("failed", "; ".join(filter(None, (what, said))), outcome, spoken.told.cases)


def conclude(attempts: Sequence[Attempt], expected_failure: str | None) -> tuple[str, str]:
    """The test's verdict and reason after all its attempts; an attempt that the infrastructure ended counts last."""
    guests = [attempt for attempt in attempts if attempt.verdict != "error"]
    last = (guests or attempts)[-1]
    verdict, reason = last.verdict, last.reason
    if verdict == "passed" and len(attempts) > 1:
        verdict, reason = "flaky", f"passed at attempt {last.number}, after: {attempts[0].reason}"
    elif verdict == "timed out" and any(attempt.verdict != "timed out" for attempt in guests):
        verdict, reason = "failed", f"no attempt passed; the last: {reason}"
    if expected_failure and verdict in {"passed", "flaky"}:
        return "unexpected pass", f"marked as an expected failure ({expected_failure}), but it passed"
    if expected_failure and verdict in {"failed", "contradicted", "timed out"}:
        return "expected failure", f"{expected_failure} ({reason})"
    return verdict, reason
