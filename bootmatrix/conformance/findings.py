"""What a run of the guests says of a runner: each capability is proven, impossible, wrong, or was not run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bootmatrix import files, texts
from bootmatrix.model import NOT_THE_GUESTS, Verdict
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bootmatrix.conformance.capabilities import Capability
    from bootmatrix.model import Attempt, Result

LARGEST = 8 << 20  # bytes of a console that are looked through
WORDS = 400  # characters of a reason


class Status(StrEnum):
    PROVEN = "proven"
    IMPOSSIBLE = "impossible"
    WRONG = "wrong"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Finding:
    """`words` are why it is not proven; `console` is the file with what the guest printed, if it was kept. `failed`
    of one that was not run: something failed that should not, and is no lack of this host. `ours`: that was the
    infrastructure.
    """

    capability: str
    status: Status
    words: str = ""
    console: str = ""
    failed: bool = False
    ours: bool = False


def impossible(capability: Capability, reason: str) -> Finding:
    return Finding(capability.name, Status.IMPOSSIBLE, reason)


def not_run(capability: Capability, reason: str) -> Finding:
    return Finding(capability.name, Status.NOT_RUN, reason)


def judged(wanted: Sequence[Capability], results: Sequence[Result], folder: Path) -> list[Finding]:
    """Of a run's results in the order of `wanted`; `folder` is the run's."""
    built = any(result.attempts or result.verdict != Verdict.ERROR for result in results)
    return [
        _judged(capability, result, folder, built=built) for capability, result in zip(wanted, results, strict=True)
    ]


def _judged(capability: Capability, result: Result, folder: Path, *, built: bool) -> Finding:
    """`built`: any guest was booted at all; else it is no fault of the runner that this one was not."""
    reason = _reason(result)
    if result.verdict == Verdict.SKIPPED:
        return Finding(capability.name, Status.NOT_RUN, reason)
    if result.verdict == Verdict.ERROR and (result.infrastructure or not built):
        return Finding(
            capability.name, Status.NOT_RUN, reason, _console(result, folder), failed=True, ours=result.infrastructure
        )
    wrong = _wrong(capability, result, folder)
    if not wrong:
        return Finding(capability.name, Status.PROVEN)
    return Finding(capability.name, Status.WRONG, f"{wrong}; the truth: {capability.truth}", _console(result, folder))


def _reason(result: Result) -> str:
    """In one line: what is to be done is on a line of its own."""
    return texts.line("; ".join(result.reason.split("\n    ")), WORDS)


def _wrong(capability: Capability, result: Result, folder: Path) -> str:
    """What was seen that is not true, empty if all is."""
    reason = _reason(result) or str(result.verdict)
    if not result.attempts:
        return f"{reason}; if no guest of this backend can, declare it `impossible`"
    last = result.attempts[-1]
    if result.verdict == Verdict.PASSED or (capability.disputable and _is_told(capability, last)):
        return _lost(capability, last, folder)
    if last.outcome.kind in NOT_THE_GUESTS and not result.infrastructure:
        return f"{reason}; if no guest of this backend can, declare it `impossible`"
    return reason


def _is_told(capability: Capability, attempt: Attempt) -> bool:
    """Whether the outcome is the true one, whatever speaks against it."""
    return attempt.verdict == Verdict.CONTRADICTED and str(attempt.outcome) in capability.test["expect"]["outcome"]


def _lost(capability: Capability, attempt: Attempt, folder: Path) -> str:
    """Which bytes of the console were lost or changed on the way, empty if none was."""
    if not capability.console:
        return ""
    try:
        seen = files.read(folder / attempt.console, LARGEST)
    except OSError as error:
        return f"its console cannot be read: {error.strerror}"
    if capability.console in seen or capability.console in seen.replace(b"\r\n", b"\n"):
        return ""
    missing = [value for value in dict.fromkeys(capability.console) if value not in seen]
    shown = ", ".join(f"0x{value:02x}" for value in missing[:8])
    return (
        f"the console lacks {how_many(len(missing), 'byte value')} ({shown})"
        if missing
        else "bytes came in another order"
    )


def _console(result: Result, folder: Path) -> str:
    kept = result.attempts[-1].console if result.attempts else ""
    return str(folder / kept) if kept else ""
