"""The frozen values that travel from the matrix to the reports, and the plug-ins' contracts."""

from bootmatrix.model.backend import MIB, Boot, Counter, Launch, Probe, Rejected, Runner, Tender
from bootmatrix.model.check import CheckResult, CheckStatus
from bootmatrix.model.outcome import NOT_THE_GUESTS, OUTCOMES, Cell, Ending, Outcome, OutcomeKind, parse_outcome
from bootmatrix.model.pair import PairFinding, PairVerdict
from bootmatrix.model.result import (
    BUILTIN,
    Attempt,
    Better,
    Case,
    CaseStatus,
    Measure,
    Quarantine,
    Report,
    Result,
    Run,
    improves,
    repro,
)
from bootmatrix.model.verdicts import (
    BAD_VERDICTS,
    GOOD_VERDICTS,
    RANKS,
    SEVERITY,
    STEADY_VERDICTS,
    VERDICTS,
    Verdict,
)
from bootmatrix.model.world import Block, Interface, Network

__all__ = [
    "BAD_VERDICTS",
    "BUILTIN",
    "GOOD_VERDICTS",
    "MIB",
    "NOT_THE_GUESTS",
    "OUTCOMES",
    "RANKS",
    "SEVERITY",
    "STEADY_VERDICTS",
    "VERDICTS",
    "Attempt",
    "Better",
    "Block",
    "Boot",
    "Case",
    "CaseStatus",
    "Cell",
    "CheckResult",
    "CheckStatus",
    "Counter",
    "Ending",
    "Interface",
    "Launch",
    "Measure",
    "Network",
    "Outcome",
    "OutcomeKind",
    "PairFinding",
    "PairVerdict",
    "Probe",
    "Quarantine",
    "Rejected",
    "Report",
    "Result",
    "Run",
    "Runner",
    "Tender",
    "Verdict",
    "improves",
    "parse_outcome",
    "repro",
]
