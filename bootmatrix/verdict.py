"""From how a boot ended to what it means: pure. An exit status and a console that disagree are never a pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from bootmatrix import patterns, protocols
from bootmatrix.model import Ending, Outcome, parse_outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.matrix.parts import Expect
    from bootmatrix.matrix.schema import TestFields
    from bootmatrix.model import Attempt, Case, Measure, Runner

UNKNOWN = "unknown"  # the detail of `exited` where a tender hides the guest's status
OURS = frozenset({"rejected", "broken"})  # outcomes that say nothing of the guest
LONGEST = 200  # characters of a console that are quoted as evidence
DIGITS = 10  # of a status: a longer number is none


@dataclass(frozen=True)
class Judgement:
    """What one attempt came to."""

    verdict: str
    reason: str
    outcome: Outcome
    cases: tuple[Case, ...] = ()
    metrics: tuple[Measure, ...] = ()


@dataclass(frozen=True)
class Spoken:
    """What the console says: `complaints` are against the expectations, `conclusive` if there were any to meet.

    `refuted`: it also shows what a guest that merely skipped itself would not print.
    """

    complaints: tuple[str, ...]
    conclusive: bool
    refuted: bool
    told: protocols.Told


def judge(fields: TestFields, runner: Runner, ending: Ending, *, told: bool = False) -> Judgement:
    """`told`: the guest printed its status and we ended it when it did not power off."""
    outcome, disagreement = settle(fields, runner, ending, told=told)
    if outcome.kind in OURS and not expected(fields.expect, outcome):
        return Judgement("error", outcome.detail or outcome.kind, outcome)
    spoken = listen(fields, ending.console, ending.tender)
    verdict, reason = ("contradicted", disagreement) if disagreement else _weigh(fields.expect, outcome, spoken)
    return Judgement(verdict, reason, outcome, spoken.told.cases)


def settle(fields: TestFields, runner: Runner, ending: Ending, *, told: bool) -> tuple[Outcome, str]:
    """The outcome from all that was seen, and where its witnesses disagree, both said."""
    if ending.stopped:
        return Outcome("hung", ending.stopped, "ended by bootmatrix"), ""
    printed = _printed(fields, ending.console)
    if told:
        outcome = printed[-1][1] if printed else Outcome("hung", "the status line has no number", "ended by bootmatrix")
        return outcome, _two_statuses(printed)
    by_tender = runner.outcome(ending)
    if by_tender.kind in OURS or by_tender.disputed:
        return by_tender, by_tender.disputed
    full = ending.status if by_tender.number is None else by_tender.number
    status = _raw_status(runner, full, by_tender)
    if status in fields.exit_codes and status is not None:
        by_tender = _mapped(fields.exit_codes[status], by_tender, f"exit status {status}")
        knows = True
    else:
        knows = by_tender.kind != "exited" or (by_tender.detail != UNKNOWN and full != 0)
    if not fields.console_exit:
        return by_tender, ""
    if trouble := _two_statuses(printed):
        return by_tender, trouble
    if not printed:
        return by_tender, "" if knows else f"{by_tender}, but without the status line that console_exit asks for"
    return _agree(by_tender, full, printed[-1], knows=knows)


def _raw_status(runner: Runner, full: int | None, outcome: Outcome) -> int | None:
    """The status that `exit_codes` speak of, in full; they never overrule a runner that saw the guest crash."""
    if outcome.kind != "exited" or outcome.detail == UNKNOWN:
        return None
    if full and not runner.hides_status:
        return full
    return int(outcome.detail) if outcome.detail.lstrip("-").isdecimal() else None


def _agree(by_tender: Outcome, status: int | None, printed: tuple[int, Outcome], *, knows: bool) -> tuple[Outcome, str]:
    """What tender and console say together; a tender that saw only a power-off leaves it to the console."""
    number, by_console = printed
    if by_tender.kind == "exited":
        same = number == status or (by_console.kind, by_console.detail) == (by_tender.kind, by_tender.detail)
        if same or not knows:
            return by_console, ""
    elif by_tender.kind == by_console.kind:
        return by_tender, ""
    what = f"the console says status {number} ({by_console}), the tender {by_tender} ({by_tender.evidence})"
    return by_tender, what


def _printed(fields: TestFields, console: str) -> list[tuple[int, Outcome]]:
    """The statuses that the guest printed, and what they mean: the first, and the first other one if there is any."""
    found: dict[int, Outcome] = {}
    for number, line in _statuses(fields.console_exit, console):
        evidence = f"'{line.strip()[:LONGEST]}' on the console"
        if number in fields.exit_codes:
            printed = Outcome("exited", str(number))
            found[number] = _mapped(fields.exit_codes[number], printed, f"console status {number}")
        else:
            found[number] = Outcome("exited", str(number), evidence)
        if len(found) > 1:
            break
    return list(found.items())


def _statuses(expression: str, console: str) -> Iterator[tuple[int, str]]:
    for match in patterns.every(expression, console) if expression else ():
        word = match[1] or ""
        if len(word) <= DIGITS and word.removeprefix("-").isdecimal():
            yield int(word), match[0]


def _two_statuses(printed: list[tuple[int, Outcome]]) -> str:
    return f"the console says status {printed[0][0]} and status {printed[1][0]}" if len(printed) > 1 else ""


def _mapped(word: str, said: Outcome, source: str) -> Outcome:
    """`failed` keeps the guest's own code, except where that would read as success."""
    evidence = f"{source}, which exit_codes calls {word}"
    if word == "failed":
        return Outcome("exited", "1" if said.ok else said.detail, evidence, said.status)
    return replace(parse_outcome(word), evidence=evidence, status=said.status)


def listen(fields: TestFields, console: str, tender: str) -> Spoken:
    """Hold what was said against the expected patterns and the guest's own test cases."""
    expect = fields.expect
    missing = [*_out_of_order(expect, console)]
    missing += [f"the console never shows {p}" for p in expect.console_any if patterns.find(p, console) < 0]
    missing += [f"the tender never says {p}" for p in expect.tender if patterns.find(p, tender) < 0]
    wrong = [f"the console shows {p}" for p in expect.console_not if patterns.find(p, console) >= 0]
    told = protocols.parse(fields.cases, console) if fields.cases else protocols.Told()
    if told.failed:
        names = ", ".join(case.name for case in told.failed[:3]) + (" …" if len(told.failed) > 3 else "")  # noqa: PLR2004
        wrong.append(f"{len(told.failed)} of {len(told.cases)} cases failed: {names}")
    if told.trouble:
        (missing if told.silent else wrong).append(told.trouble)
    conclusive = bool(expect.console or expect.console_any or fields.cases)
    return Spoken((*missing, *wrong), conclusive, bool(wrong), told)


def _out_of_order(expect: Expect, console: str) -> Iterator[str]:
    """The first pattern of the sequence that does not come after the one before it."""
    at = 0
    for pattern in expect.console:
        end = patterns.find(pattern, console, at)
        if end < 0:
            early = patterns.find(pattern, console) >= 0
            yield f"the console shows {pattern} too early" if early else f"the console never shows {pattern}"
            return
        at = end


def expected(expect: Expect, outcome: Outcome) -> bool:
    for word in expect.outcome:
        wanted = parse_outcome(word)
        same = not wanted.detail or fnmatchcase(outcome.detail, wanted.detail)
        if word == "failed":
            same = outcome.detail not in {"0", UNKNOWN}
        if wanted.kind == outcome.kind and (same or (wanted.detail == "0" and outcome.detail == UNKNOWN)):
            return True
    return False


def _weigh(expect: Expect, outcome: Outcome, spoken: Spoken) -> tuple[str, str]:
    """Verdict and reason of an outcome that nothing disputes."""
    right = expected(expect, outcome)
    if not spoken.refuted and (outcome.kind == "skipped" or (spoken.told.skipped and (right or outcome.ok))):
        return "skipped", spoken.told.skipped or f"the guest skipped itself: {outcome.evidence}"
    said = "; ".join(spoken.complaints)
    if right and said:
        return "contradicted", f"{outcome} as expected, but {said}"
    if right and outcome.detail == UNKNOWN and not spoken.conclusive:
        why = f"{outcome.evidence}; name a console pattern of success under expect: {{console: …}}"
        return "contradicted", f"nothing tells how the guest ended: {why}"
    if right:
        return "passed", str(outcome)
    if outcome.kind == "hung":
        return "timed out", "; ".join(filter(None, (outcome.detail, said)))
    beside = f", {outcome.status}," if outcome.kind == "exited" and str(outcome.number) != outcome.detail else ""
    what = f"{outcome}{beside if outcome.status else ''} instead of {' or '.join(expect.outcome)}"
    if spoken.conclusive and not said:
        return "contradicted", f"{what}, but the console shows all that is expected"
    return "failed", "; ".join(filter(None, (what, said)))


def conclude(attempts: Sequence[Attempt], expected_failure: str | None) -> tuple[str, str]:
    """The test's verdict and reason after all its attempts; an attempt that the infrastructure ended counts last, and
    makes no guest flaky.
    """
    guests = [attempt for attempt in attempts if attempt.verdict != "error"]
    last = (guests or attempts)[-1]
    verdict, reason = last.verdict, last.reason
    if verdict == "passed" and len(guests) > 1:
        verdict, reason = "flaky", f"passed at attempt {last.number}, after: {guests[0].reason}"
    elif verdict == "passed" and len(attempts) > 1:
        reason = f"{reason}; {_by_infrastructure(attempts[:-1])}"
    elif verdict in {"timed out", "skipped"} and any(attempt.verdict != verdict for attempt in guests):
        verdict, reason = "failed", f"no attempt passed; the last: {reason}"
    if expected_failure and verdict in {"passed", "flaky"}:
        return "unexpected pass", f"marked as an expected failure ({expected_failure}), but it passed"
    if expected_failure and verdict in {"failed", "contradicted", "timed out"}:
        return "expected failure", f"{expected_failure} ({reason})"
    return verdict, reason


def _by_infrastructure(ended: Sequence[Attempt]) -> str:
    """Which attempts it ended, and why the last of them."""
    numbers = ", ".join(str(attempt.number) for attempt in ended)
    which = f"attempt {numbers} was" if len(ended) == 1 else f"attempts {numbers} were"
    return f"{which} ended by the infrastructure: {ended[-1].reason}"
