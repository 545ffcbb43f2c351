"""The frozen values that travel from the matrix to the reports, and the plug-ins' contracts.

A module is loaded when a name of it is first asked for: what reads a matrix needs no results.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

HOMES = {
    "backend": "Boot Counter Launch Probe Rejected Runner Tender",
    "check": "CheckResult CheckStatus",
    "growth": "Growth Side",
    "outcome": "BUILTIN NOT_THE_GUESTS OUTCOMES TOO_SLOW Cell Ending Outcome OutcomeKind parse_outcome",
    "pair": "PairFinding PairVerdict",
    "phase": "Phase PhaseName Sign Signs",
    "quarantine": "Quarantine",
    "result": "Attempt Better Case CaseStatus Measure Report Result Run improves measured repro",
    "units": "MIB",
    "verdicts": "BAD_VERDICTS GOOD_VERDICTS RANKS SEVERITY STEADY_VERDICTS VERDICTS Verdict",
    "world": "Block Interface Network",
}

if TYPE_CHECKING:
    from bootmatrix.model.backend import (
        Boot as Boot,
        Counter as Counter,
        Launch as Launch,
        Probe as Probe,
        Rejected as Rejected,
        Runner as Runner,
        Tender as Tender,
    )
    from bootmatrix.model.check import CheckResult as CheckResult, CheckStatus as CheckStatus
    from bootmatrix.model.growth import Growth as Growth, Side as Side
    from bootmatrix.model.outcome import (
        BUILTIN as BUILTIN,
        NOT_THE_GUESTS as NOT_THE_GUESTS,
        OUTCOMES as OUTCOMES,
        TOO_SLOW as TOO_SLOW,
        Cell as Cell,
        Ending as Ending,
        Outcome as Outcome,
        OutcomeKind as OutcomeKind,
        parse_outcome as parse_outcome,
    )
    from bootmatrix.model.pair import PairFinding as PairFinding, PairVerdict as PairVerdict
    from bootmatrix.model.phase import Phase as Phase, PhaseName as PhaseName, Sign as Sign, Signs as Signs
    from bootmatrix.model.quarantine import Quarantine as Quarantine
    from bootmatrix.model.result import (
        Attempt as Attempt,
        Better as Better,
        Case as Case,
        CaseStatus as CaseStatus,
        Measure as Measure,
        Report as Report,
        Result as Result,
        Run as Run,
        improves as improves,
        measured as measured,
        repro as repro,
    )
    from bootmatrix.model.units import MIB as MIB
    from bootmatrix.model.verdicts import (
        BAD_VERDICTS as BAD_VERDICTS,
        GOOD_VERDICTS as GOOD_VERDICTS,
        RANKS as RANKS,
        SEVERITY as SEVERITY,
        STEADY_VERDICTS as STEADY_VERDICTS,
        VERDICTS as VERDICTS,
        Verdict as Verdict,
    )
    from bootmatrix.model.world import Block as Block, Interface as Interface, Network as Network
else:
    _HOME = {name: module for module, names in HOMES.items() for name in names.split()}

    def __getattr__(name: str) -> object:
        try:
            module = import_module(f"{__name__}.{_HOME[name]}")
        except KeyError:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
        value = globals()[name] = getattr(module, name)
        return value
