"""What a boot's checks came to, in words: results, complaints that speak against a pass, and a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.model import CheckResult, CheckStatus
from bootmatrix.quantities import human_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.checks.sequence import Made

LARGEST, LARGEST_OF_ONE = 256 << 10, 64 << 10  # bytes of a log, and characters of one report in it
LONGEST = 2000  # characters of a message or of numbers that go into the results
FEW = 3  # names in one sentence


def results(made: Sequence[Made], why: str) -> Iterator[CheckResult]:
    """`why` is why nothing more could be asked, as a sentence's beginning."""
    failed = _any_failed(made)
    for each in made:
        status, message = each.status, each.message
        if status is None:
            before = "an earlier check failed" if failed and each.began is None else f"{why} before it was done"
            status, message = CheckStatus.NOT_RUN if each.began is None else CheckStatus.FAILED, before
        rounds = f"rounds={each.rounds}" if each.rounds > 1 else ""
        numbers = texts.cut(" ".join(filter(None, (each.report.numbers, rounds))), LONGEST)
        yield CheckResult(each.name, status, round(each.seconds, 4), texts.line(message, LONGEST), numbers)


def complaints(made: Sequence[Made]) -> Iterator[str]:
    """Of each that failed."""
    for each in made:
        if each.status == CheckStatus.FAILED:
            yield texts.line(f"the check '{each.name}' failed: {each.message}", LONGEST)


def undone(made: Sequence[Made], why: str) -> Iterator[str]:
    """Of all that were not done, unless that is for one that failed."""
    failed = _any_failed(made)
    names = [each.name for each in made if each.status is None and (each.began is not None or not failed)]
    if names:
        shown = ", ".join(f"'{name}'" for name in names[:FEW])
        more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
        what = f"check {shown} was" if len(names) == 1 else f"checks {shown}{more} were"
        yield f"{why} before the {what} done"


def overtime(made: Sequence[Made]) -> Iterator[str]:
    """Of each that has passed, but not in its own time: a boot that was starved before has more of it."""
    for each in made:
        if each.status == CheckStatus.PASSED and each.seconds > each.check.within:
            took, has = human_time(each.seconds), human_time(each.check.within)
            yield texts.line(f"the check '{each.name}' passed after {took} only, and has {has}", LONGEST)


def log(made: Sequence[Made]) -> bytes:
    """Each with its message and its whole report, as much of it as is kept."""
    parts = []
    for each in made:
        status = each.status or ("not done" if each.began is not None else CheckStatus.NOT_RUN)
        head = f"== {each.name}: {status} in {human_time(each.seconds)}"
        message = texts.line(each.message, LONGEST)
        report = texts.cut(texts.visible(each.report.text), LARGEST_OF_ONE)
        parts.append("\n".join(part for part in (head, message, report.strip("\n"), each.report.numbers) if part))
    return "\n\n".join(parts).encode("utf-8", "replace")[:LARGEST] + b"\n"


def _any_failed(made: Sequence[Made]) -> bool:
    return any(each.status == CheckStatus.FAILED for each in made)
