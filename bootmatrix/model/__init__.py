"""The frozen values that travel from the matrix to the reports, and the plug-ins' contracts."""

from bootmatrix.model.backend import MIB, Boot, Launch, Probe, Rejected, Runner, Tender
from bootmatrix.model.outcome import OUTCOMES, Cell, Ending, Outcome, parse_outcome
from bootmatrix.model.result import (
    BUILTIN,
    GOOD_VERDICTS,
    SEVERITY,
    VERDICTS,
    Attempt,
    Case,
    Measure,
    Quarantine,
    Report,
    Result,
    Run,
    repro,
)

__all__ = [
    "BUILTIN",
    "GOOD_VERDICTS",
    "MIB",
    "OUTCOMES",
    "SEVERITY",
    "VERDICTS",
    "Attempt",
    "Boot",
    "Case",
    "Cell",
    "Ending",
    "Launch",
    "Measure",
    "Outcome",
    "Probe",
    "Quarantine",
    "Rejected",
    "Report",
    "Result",
    "Run",
    "Runner",
    "Tender",
    "parse_outcome",
    "repro",
]
