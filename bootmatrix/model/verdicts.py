"""The words for what a test came to, and the groups of them that matter: which fail a run, and which are news at all.

Each is the text that results, reports, databases and matrix.yaml have: a member prints, sorts, hashes and is written as
that text, and equals it.
"""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    PASSED = "passed"
    FLAKY = "flaky"
    FAILED = "failed"
    CONTRADICTED = "contradicted"
    TIMED_OUT = "timed out"
    ERROR = "error"
    SKIPPED = "skipped"
    EXPECTED_FAILURE = "expected failure"
    UNEXPECTED_PASS = "unexpected pass"  # noqa: S105  # no password
    QUARANTINED = "quarantined"
    UNDECIDED = "undecided"


VERDICTS = tuple(Verdict)
SEVERITY = (
    Verdict.CONTRADICTED,
    Verdict.FAILED,
    Verdict.TIMED_OUT,
    Verdict.UNEXPECTED_PASS,
    Verdict.ERROR,
    Verdict.QUARANTINED,
    Verdict.UNDECIDED,
    Verdict.FLAKY,
    Verdict.PASSED,
    Verdict.EXPECTED_FAILURE,
    Verdict.SKIPPED,
)
"""The verdicts, the worst first."""
RANKS: dict[str, int] = {verdict: rank for rank, verdict in enumerate(SEVERITY)}
"""The place of each in SEVERITY."""
GOOD_VERDICTS = frozenset(
    {
        Verdict.PASSED,
        Verdict.FLAKY,
        Verdict.SKIPPED,
        Verdict.EXPECTED_FAILURE,
        Verdict.QUARANTINED,
        Verdict.UNDECIDED,
    }
)
"""Those that fail no run."""
BAD_VERDICTS = tuple(verdict for verdict in SEVERITY if verdict not in GOOD_VERDICTS)
"""Those that do, the worst first."""
STEADY_VERDICTS = GOOD_VERDICTS - {Verdict.FLAKY, Verdict.QUARANTINED, Verdict.UNDECIDED}
"""Those of a test with which nothing is the matter: it is counted, and no reader needs its reason."""
