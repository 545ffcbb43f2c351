"""Decides the outcome from the tender's exit status and the status that the guest prints (`console_exit`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix import patterns, volatile
from bootmatrix.model import Outcome, OutcomeKind, parse_outcome
from bootmatrix.watching import lastwords
from bootmatrix.watching.stop import StopKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.model import Ending, Runner
    from bootmatrix.watching.stop import Stop

UNKNOWN = "unknown"  # the detail of `exited` where a tender hides the guest's status
OURS = frozenset({OutcomeKind.REJECTED, OutcomeKind.BROKEN})  # outcomes that say nothing of the guest
GUESTS = frozenset({OutcomeKind.PANICKED, OutcomeKind.CRASHED})  # their detail may quote what differs from boot to boot
LONGEST = 200  # characters of a console that are quoted as evidence
DIGITS = 10  # of a status: a longer number is none
BY_US = "ended by bootmatrix"
SILENT = "no output followed a line that matches `panic`"


def settle(fields: TestFields, runner: Runner, ending: Ending, stop: Stop | None = None) -> tuple[Outcome, str]:
    """The outcome, and where the witnesses disagree, both said.

    `stop` is why we ended the boot, if we did. Registers, addresses and time stamps become a part of the outcome's
    evidence.
    """
    outcome, disagreement = _settled(fields, runner, ending, stop)
    detail = volatile.stable(outcome.detail) if outcome.kind in GUESTS else outcome.detail
    if detail != outcome.detail:
        evidence = f"{outcome.evidence}: {outcome.detail[:LONGEST]}" if outcome.evidence else outcome.detail[:LONGEST]
        outcome = replace(outcome, detail=detail, evidence=evidence)
    return outcome, disagreement


def _settled(fields: TestFields, runner: Runner, ending: Ending, stop: Stop | None) -> tuple[Outcome, str]:
    printed = _printed(fields, ending.console)
    if ending.stopped:
        return _stopped(runner, ending, stop, [each for _, each in printed]), ""
    if stop and stop.kind == StopKind.STATUS_TOLD:
        outcome = printed[-1][1] if printed else Outcome(OutcomeKind.HUNG, "the status line has no number", BY_US)
        return outcome, _two_statuses(printed)
    by_tender = runner.outcome(ending)
    if stop and by_tender.kind not in GUESTS:
        return Outcome(OutcomeKind.HUNG, SILENT, BY_US), ""
    if by_tender.kind in OURS or by_tender.disputed:
        return by_tender, by_tender.disputed
    full = ending.status if by_tender.number is None else by_tender.number
    status = _raw_status(runner, full, by_tender)
    if status in fields.exit_codes and status is not None:
        by_tender = _mapped(fields.exit_codes[status], by_tender, f"exit status {status}")
        knows = True
    else:
        knows = by_tender.kind != OutcomeKind.EXITED or (by_tender.detail != UNKNOWN and full != 0)
    if not fields.console_exit:
        return by_tender, ""
    if trouble := _two_statuses(printed):
        return by_tender, trouble
    if not printed:
        return (
            by_tender,
            "" if knows else f"{by_tender}, but the console lacks the status line that console_exit requires",
        )
    return _agree(by_tender, full, printed[-1], knows=knows)


def _stopped(runner: Runner, ending: Ending, stop: Stop | None, printed: Sequence[Outcome]) -> Outcome:
    """Of a boot that had not ended by its own word. A guest that panics while it is stopped has panicked, and one that
    has printed another status than success has failed, whatever its checks came to.
    """
    if not stop or stop.outcome == OutcomeKind.HUNG:
        return Outcome(OutcomeKind.HUNG, ending.stopped, BY_US)
    if lastwords.panic(runner.panic, ending.console):
        found = runner.outcome(replace(ending, stopped=""))
        if found.kind in GUESTS:
            return found
    if failure := next((each for each in printed if not each.ok), None):
        return failure
    return Outcome(stop.outcome, "", f"{BY_US}: {ending.stopped}")


def _raw_status(runner: Runner, full: int | None, outcome: Outcome) -> int | None:
    """The status that `exit_codes` speak of, in full; they never overrule a runner that saw the guest crash."""
    if outcome.kind != OutcomeKind.EXITED or outcome.detail == UNKNOWN:
        return None
    if full and not runner.hides_status:
        return full
    return int(outcome.detail) if _is_number(outcome.detail) else None


def _is_number(word: str) -> bool:
    """As C prints it: other scripts' digits, which int() takes, are none."""
    return word.isascii() and word.removeprefix("-").isdecimal()


def _agree(by_tender: Outcome, status: int | None, printed: tuple[int, Outcome], *, knows: bool) -> tuple[Outcome, str]:
    """What tender and console say together; a tender that saw only a power-off leaves it to the console."""
    number, by_console = printed
    if by_tender.kind == OutcomeKind.EXITED:
        same = number == status or (by_console.kind, by_console.detail) == (by_tender.kind, by_tender.detail)
        if same or not knows:
            return by_console, ""
    elif by_tender.kind == by_console.kind:
        return by_tender, ""
    tender = volatile.stable(f"{by_tender} ({by_tender.evidence})")
    return by_tender, f"the console reports status {number} ({by_console}), but the tender reports {tender}"


def _printed(fields: TestFields, console: str) -> list[tuple[int, Outcome]]:
    """The statuses that the guest printed, and what they mean: the first, and the first other one if there is any."""
    found: dict[int, Outcome] = {}
    for number, line in _statuses(fields.console_exit, console):
        evidence = f"'{line.strip()[:LONGEST]}' on the console"
        if number in fields.exit_codes:
            printed = Outcome(OutcomeKind.EXITED, str(number))
            found[number] = _mapped(fields.exit_codes[number], printed, f"console status {number}")
        else:
            found[number] = Outcome(OutcomeKind.EXITED, str(number), evidence)
        if len(found) > 1:
            break
    return list(found.items())


def _statuses(expression: str, console: str) -> Iterator[tuple[int, str]]:
    for match in patterns.every(expression, console) if expression else ():
        word = match[1] or ""
        if len(word) <= DIGITS and _is_number(word):
            yield int(word), match[0]


def _two_statuses(printed: list[tuple[int, Outcome]]) -> str:
    return (
        f"the console reports two different statuses: {printed[0][0]} and {printed[1][0]}" if len(printed) > 1 else ""
    )


def _mapped(word: str, said: Outcome, source: str) -> Outcome:
    """`failed` keeps the guest's own code, except where that would read as success."""
    evidence = f"{source}, which exit_codes calls {word}"
    if word == "failed":
        return Outcome(OutcomeKind.EXITED, "1" if said.ok else said.detail, evidence, said.status)
    return replace(parse_outcome(word), evidence=evidence, status=said.status)
