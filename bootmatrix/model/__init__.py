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
    from bootmatrix.model.backend import Boot as Boot
    from bootmatrix.model.backend import Counter as Counter
    from bootmatrix.model.backend import Launch as Launch
    from bootmatrix.model.backend import Probe as Probe
    from bootmatrix.model.backend import Rejected as Rejected
    from bootmatrix.model.backend import Runner as Runner
    from bootmatrix.model.backend import Tender as Tender
    from bootmatrix.model.check import CheckResult as CheckResult
    from bootmatrix.model.check import CheckStatus as CheckStatus
    from bootmatrix.model.growth import Growth as Growth
    from bootmatrix.model.growth import Side as Side
    from bootmatrix.model.outcome import BUILTIN as BUILTIN
    from bootmatrix.model.outcome import NOT_THE_GUESTS as NOT_THE_GUESTS
    from bootmatrix.model.outcome import OUTCOMES as OUTCOMES
    from bootmatrix.model.outcome import TOO_SLOW as TOO_SLOW
    from bootmatrix.model.outcome import Cell as Cell
    from bootmatrix.model.outcome import Ending as Ending
    from bootmatrix.model.outcome import Outcome as Outcome
    from bootmatrix.model.outcome import OutcomeKind as OutcomeKind
    from bootmatrix.model.outcome import parse_outcome as parse_outcome
    from bootmatrix.model.pair import PairFinding as PairFinding
    from bootmatrix.model.pair import PairVerdict as PairVerdict
    from bootmatrix.model.phase import Phase as Phase
    from bootmatrix.model.phase import PhaseName as PhaseName
    from bootmatrix.model.phase import Sign as Sign
    from bootmatrix.model.phase import Signs as Signs
    from bootmatrix.model.quarantine import Quarantine as Quarantine
    from bootmatrix.model.result import Attempt as Attempt
    from bootmatrix.model.result import Better as Better
    from bootmatrix.model.result import Case as Case
    from bootmatrix.model.result import CaseStatus as CaseStatus
    from bootmatrix.model.result import Measure as Measure
    from bootmatrix.model.result import Report as Report
    from bootmatrix.model.result import Result as Result
    from bootmatrix.model.result import Run as Run
    from bootmatrix.model.result import improves as improves
    from bootmatrix.model.result import measured as measured
    from bootmatrix.model.result import repro as repro
    from bootmatrix.model.units import MIB as MIB
    from bootmatrix.model.verdicts import BAD_VERDICTS as BAD_VERDICTS
    from bootmatrix.model.verdicts import GOOD_VERDICTS as GOOD_VERDICTS
    from bootmatrix.model.verdicts import RANKS as RANKS
    from bootmatrix.model.verdicts import SEVERITY as SEVERITY
    from bootmatrix.model.verdicts import STEADY_VERDICTS as STEADY_VERDICTS
    from bootmatrix.model.verdicts import VERDICTS as VERDICTS
    from bootmatrix.model.verdicts import Verdict as Verdict
    from bootmatrix.model.world import Block as Block
    from bootmatrix.model.world import Interface as Interface
    from bootmatrix.model.world import Network as Network
else:
    _HOME = {name: module for module, names in HOMES.items() for name in names.split()}

    def __getattr__(name: str) -> object:
        try:
            module = import_module(f"{__name__}.{_HOME[name]}")
        except KeyError:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
        value = globals()[name] = getattr(module, name)
        return value
