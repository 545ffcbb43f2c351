"""JSON for other programs: one object, a result a line, as docs/report.schema.json has it.

results.json is how bootmatrix itself keeps a run and changes as it needs; what is here stays. A key may be added within
a version, none is removed or gets another meaning.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

from bootmatrix import model
from bootmatrix.history import findings

from . import _texts
from ._dumping import dumped

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.history.findings import Changes
    from bootmatrix.model import Attempt, Measure, Result, Run

SCHEMA = 1


class Report(model.Report):
    filename: ClassVar[str] = "report.json"
    shows: ClassVar[tuple[str, ...]] = ("changes",)

    def write(self, run: Run, folder: Path, target: Path) -> None:
        with _texts.written(target) as file:
            file.write(dumped(_head(run, folder)).removesuffix("}") + ', "results": [')
            before = "\n"
            for result in run.results:
                file.write(before + dumped(_result(result)))
                before = ",\n"
            file.write("\n]}\n")


def _head(run: Run, folder: Path) -> dict[str, Any]:
    changes = findings.changes(folder)
    return {
        "schema": SCHEMA,
        "run": {
            "id": run.id,
            "started": run.started,
            "seconds": run.seconds,
            "interrupted": run.interrupted,
            "commit": run.commit,
            "branch": run.branch,
            "axes": list(run.axes),
            "command": run.command,
            "version": run.version,
            "host": dict(run.host),
        },
        "total": len(run.results),
        "counts": run.counts(),
        **({"changes": _changes(changes)} if changes else {}),
    }


def _changes(changes: Changes) -> dict[str, Any]:
    return {
        "branch": changes.branch,
        "runs": [
            {"run": night.run, "started": night.started, "commit": night.commit, "partial": night.partial}
            for night in changes.nights
        ],
        "notes": list(changes.notes),
        "counts": changes.counts(),
        "changes": [
            {
                "kind": change.kind,
                "test": change.test,
                "detail": change.detail,
                "since": {"run": change.since.run, "commit": change.since.commit} if change.since else None,
                "rate": list(change.rate) if change.rate else None,
                "measure": change.measure,
                "before": change.before,
                "after": change.after,
                "unit": change.unit,
                **({"functions": [asdict(each) for each in change.functions]} if change.functions else {}),
            }
            for change in changes.changes
        ],
    }


def _result(result: Result) -> dict[str, Any]:
    """The shape of one test; `attempts` are in the order in which they were made."""
    last = result.attempts[-1] if result.attempts else None
    return {
        "id": result.id,
        "cell": result.cell,
        "test": result.test,
        "axes": result.values,
        **({"labels": dict(result.labels)} if result.labels else {}),
        "verdict": result.verdict,
        "good": result.good,
        "reason": result.reason,
        "seconds": result.seconds,
        "started": result.started,
        "infrastructure": result.infrastructure,
        "reused": result.reused,
        "accelerator": result.accelerator,
        "image": result.image,
        "digest": result.digest,
        "host": result.host,
        "repro": result.repro,
        "console": last.console if last else "",
        "tender": last.tender if last else "",
        "quarantine": asdict(result.quarantine) if result.quarantine else None,
        "measures": [_measure(measure) for measure in result.measures if math.isfinite(measure.value)],
        **({"pairs": [asdict(found) for found in result.pairs]} if result.pairs else {}),
        "attempts": [_attempt(attempt) for attempt in result.attempts],
    }


def _measure(measure: Measure) -> dict[str, Any]:
    return {"name": measure.name, "value": measure.value, "unit": measure.unit, "better": measure.better}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "verdict": attempt.verdict,
        "reason": attempt.reason,
        "outcome": {"kind": attempt.outcome.kind, "detail": attempt.outcome.detail},
        "started": attempt.started,
        "seconds": attempt.seconds,
        "accelerator": attempt.accelerator,
        "console": attempt.console,
        "tender": attempt.tender,
        **({"files": list(attempt.files)} if attempt.files else {}),
        **({"checks": [asdict(check) for check in attempt.checks]} if attempt.checks else {}),
        **({"growth": [asdict(growth) for growth in attempt.growth]} if attempt.growth else {}),
        **({"phases": [{"name": phase.name, "at": phase.at} for phase in attempt.phases]} if attempt.phases else {}),
        **({"unjudged": list(attempt.unjudged)} if attempt.unjudged else {}),
        "cases": [{"name": case.name, "status": case.status, "message": case.message} for case in attempt.cases],
        **({"guests": {name: _attempt(each) for name, each in attempt.guests.items()}} if attempt.guests else {}),
    }
