"""From how a boot ended to what it means: pure. An exit status and a console that disagree are never a pass."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from bootmatrix import patterns
from bootmatrix.judging import cases, nearest
from bootmatrix.judging.settling import OURS, UNKNOWN, settle
from bootmatrix.model import Outcome, OutcomeKind, Verdict, parse_outcome
from bootmatrix.protocols import CaseReport
from bootmatrix.quantities import how_many
from bootmatrix.watching import lastwords

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bootmatrix.matrix.keys.parts import Expect, Pattern
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.model import Attempt, Case, Ending, Growth, Measure, Runner
    from bootmatrix.watching.stop import Stop


@dataclass(frozen=True)
class Judgement:
    """What one attempt came to."""

    verdict: Verdict
    reason: str
    outcome: Outcome
    cases: tuple[Case, ...] = ()
    metrics: tuple[Measure, ...] = ()
    growth: tuple[Growth, ...] = ()


@dataclass(frozen=True)
class Spoken:
    """What the console says: `complaints` are against the expectations, `conclusive` if there were any to meet.

    `refuted`: it also shows what a guest that merely skipped itself would not print. `outside` are the complaints of
    those who looked on from outside.
    """

    complaints: tuple[str, ...]
    conclusive: bool
    refuted: bool
    told: CaseReport
    outside: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """All that speaks against a pass."""
        return "; ".join((*self.outside, *self.complaints))


def judge(
    fields: TestFields,
    runner: Runner,
    ending: Ending,
    stop: Stop | None = None,
    *,
    root: Path | None = None,
    complaints: Sequence[str] = (),
    undone: Sequence[str] = (),
) -> Judgement:
    """`stop` is why we ended the boot, if we did.

    `root` is the folder of the matrix, where the project's own protocols are looked for. `complaints` are those of
    witnesses: what they found out from outside speaks against a pass; `undone` is what they could not find out any
    more.
    """
    outcome, disagreement = settle(fields, runner, ending, stop)
    if outcome.kind in OURS and not expected(fields.expect, outcome):
        kind = Verdict.SKIPPED if is_skip(fields, outcome, ending.tender) else Verdict.ERROR
        return Judgement(kind, outcome.detail or outcome.kind, outcome)
    try:
        spoken = listen(fields, ending, root, complaints, undone)
    except cases.Unreadable as error:
        refused = Outcome(OutcomeKind.REJECTED, str(error), f"it ended as {outcome}")
        return Judgement(Verdict.ERROR, str(error), refused)
    verdict, reason = (Verdict.CONTRADICTED, disagreement) if disagreement else _weigh(fields.expect, outcome, spoken)
    if verdict == Verdict.TIMED_OUT:
        reason = _endless(runner, ending, reason, spoken)
    return Judgement(verdict, reason, outcome, spoken.told.cases)


def is_skip(fields: TestFields, outcome: Outcome, tender: str = "") -> bool:
    """Whether the matrix calls this refusal a skip."""
    words = f"{outcome.detail}\n{tender}"
    return outcome.kind == OutcomeKind.REJECTED and any(
        patterns.find(each, words) >= 0 for each in fields.skip_rejected
    )


def _endless(runner: Runner, ending: Ending, reason: str, spoken: Spoken) -> str:
    """Why a boot timed out, and what may be the matter with a guest that seems to have done all it should."""
    if spoken.conclusive and not spoken.said:
        reason = f"{reason}, although the console shows all that is expected"
        if question := runner.way_out.get(ending.arch) or runner.way_out.get(""):
            reason = f"{reason}; {question}"
    if line := lastwords.panic(runner.panic, ending.console):
        reason = f"{reason}; the console shows '{line}', which matches `panic`"
    return reason


def listen(
    fields: TestFields,
    ending: Ending,
    root: Path | None = None,
    complaints: Sequence[str] = (),
    undone: Sequence[str] = (),
) -> Spoken:
    """Hold what was said against the expected patterns and the guest's own test cases."""
    expect, console, tender = fields.expect, ending.console, ending.tender
    missing = [*_out_of_order(expect, console)]
    missing += [_never(p, console) for p in expect.console_any if patterns.find(p, console) < 0]
    missing += ["the console is empty"] if missing and not console.strip() else []
    missing += [f"the tender's messages never show {p}" for p in expect.tender if patterns.find(p, tender) < 0]
    wrong = [f"the console shows {p}" for p in expect.console_not if patterns.find(p, console) >= 0]
    told = cases.told(fields.cases, console, root) if fields.cases else CaseReport()
    if told.failed:
        names = ", ".join(case.name for case in told.failed[:3]) + (" …" if len(told.failed) > 3 else "")  # noqa: PLR2004
        wrong.append(f"{len(told.failed):,} of {how_many(len(told.cases), 'case')} failed: {names}")
    if told.trouble:
        (missing if told.silent else wrong).append(told.trouble)
    conclusive = bool(expect.console or expect.console_any or (fields.cases and not told.open))
    return Spoken((*missing, *wrong), conclusive, bool(wrong or complaints), told, (*complaints, *undone))


def _out_of_order(expect: Expect, console: str) -> Iterator[str]:
    """The first pattern of the sequence that does not come after the one before it."""
    at = 0
    for pattern in expect.console:
        end = patterns.find(pattern, console, at)
        if end < 0:
            early = patterns.find(pattern, console) >= 0
            yield f"the console shows {pattern} too early" if early else _never(pattern, console)
            return
        at = end


def _never(pattern: Pattern, console: str) -> str:
    near = nearest.line(pattern, console)
    return f"the console never shows {pattern}" + (f" (the nearest line is '{near}')" if near else "")


def expected(expect: Expect, outcome: Outcome) -> bool:
    for word in expect.outcome:
        wanted = parse_outcome(word)
        same = not wanted.detail or fnmatchcase(outcome.detail, wanted.detail)
        if word == "failed":
            same = outcome.detail not in {"0", UNKNOWN}
        if wanted.kind == outcome.kind and (same or (wanted.detail == "0" and outcome.detail == UNKNOWN)):
            return True
    return False


def _weigh(expect: Expect, outcome: Outcome, spoken: Spoken) -> tuple[Verdict, str]:
    """Verdict and reason of an outcome that nothing disputes."""
    right, said = expected(expect, outcome), spoken.said
    if not spoken.refuted and (outcome.kind == OutcomeKind.SKIPPED or (spoken.told.skipped and (right or outcome.ok))):
        return Verdict.SKIPPED, spoken.told.skipped or f"the guest skipped itself: {outcome.evidence}"
    if right and spoken.outside:
        return Verdict.FAILED, said
    if right and said:
        return Verdict.CONTRADICTED, f"{outcome} as expected, but {said}"
    if right and outcome.detail == UNKNOWN and not spoken.conclusive:
        why = f"{outcome.evidence}; add a console pattern that only a success prints: expect: {{console: …}}"
        return Verdict.CONTRADICTED, f"it is unknown how the guest ended: {why}"
    if right:
        return Verdict.PASSED, str(outcome)
    if outcome.kind == OutcomeKind.HUNG:
        return Verdict.TIMED_OUT, "; ".join(filter(None, (outcome.detail, said)))
    beside = (
        f", {outcome.status}," if outcome.kind == OutcomeKind.EXITED and str(outcome.number) != outcome.detail else ""
    )
    what = f"{outcome}{beside if outcome.status else ''} instead of {' or '.join(expect.outcome)}"
    if spoken.conclusive and not said:
        return Verdict.CONTRADICTED, f"{what}, but the console shows all that is expected"
    return Verdict.FAILED, "; ".join(filter(None, (what, said)))


def conclude(attempts: Sequence[Attempt], expected_failure: str | None) -> tuple[Verdict, str]:
    """The test's verdict and reason after all its attempts; an attempt that the infrastructure ended counts last, and
    makes no guest flaky.
    """
    guests = [attempt for attempt in attempts if attempt.verdict != Verdict.ERROR]
    last = (guests or attempts)[-1]
    verdict, reason = last.verdict, last.reason
    if verdict == Verdict.PASSED and len(guests) > 1:
        verdict, reason = Verdict.FLAKY, f"passed at attempt {last.number}, after: {guests[0].reason}"
    elif verdict == Verdict.PASSED and len(attempts) > 1:
        reason = f"{reason}; {_by_infrastructure(attempts[:-1])}"
    elif verdict == Verdict.UNDECIDED and len(guests) > 1:
        reason = f"{reason}; at attempt {last.number}, after: {guests[0].reason}"
    elif verdict in {Verdict.TIMED_OUT, Verdict.SKIPPED} and any(attempt.verdict != verdict for attempt in guests):
        verdict, reason = Verdict.FAILED, f"no attempt passed; the last: {reason}"
    if expected_failure and verdict in {Verdict.PASSED, Verdict.FLAKY}:
        return Verdict.UNEXPECTED_PASS, f"marked as an expected failure ({expected_failure}), but it passed"
    if expected_failure and verdict in {Verdict.FAILED, Verdict.CONTRADICTED, Verdict.TIMED_OUT}:
        return Verdict.EXPECTED_FAILURE, f"{expected_failure} ({reason})"
    return verdict, reason


def _by_infrastructure(ended: Sequence[Attempt]) -> str:
    """Which attempts it ended, and why the last of them."""
    numbers = ", ".join(str(attempt.number) for attempt in ended)
    which = "attempt" if len(ended) == 1 else "attempts"
    return f"{which} {numbers} failed because of the infrastructure: {ended[-1].reason}"
