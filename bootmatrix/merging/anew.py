"""Recomputes what a shard cannot be trusted with, since anybody may have written it.

A shard is believed in what became of a test, as attempts, consoles, times and numbers. What a reader would take for our
own word is made anew or left out: how to repeat a test, what the matrix says of it, whether its pass may be reused.
Of a shard whose matrix is not ours, everything is left out that is no more than a claim.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bootmatrix.judging import quarantine
from bootmatrix.judging.verdict import expected
from bootmatrix.matrix.expanding import cells
from bootmatrix.matrix.problems import NAME
from bootmatrix.model import Quarantine, Verdict, repro

if TYPE_CHECKING:
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.matrix.load import Matrix
    from bootmatrix.matrix.resolve import Boot
    from bootmatrix.model import Attempt, Result

MOST_AXES = 64


def as_planned(result: Result, matrix: Matrix, boot: Boot, fields: TestFields, options: tuple[str, ...]) -> Result:
    """What a shard of ours reported of this boot of the matrix; under quarantine only if the matrix says so. `fields`
    are the test's, and `options` those with which it is repeated.
    """
    cell, name, _, params = boot
    entry = quarantine.of(matrix, cell, name, params)
    verdict, reason = _borne_out(result, fields)
    if verdict == Verdict.QUARANTINED and not entry:
        verdict = Verdict.ERROR
        reason = f"its shard reports it as quarantined, but the matrix does not: {reason}"
    own = {**_own(result, options), "where": matrix.places.get(name, ""), "axes": axes_of(boot)}
    return replace(result, **own, quarantine=entry, verdict=verdict, reason=reason)


def _borne_out(result: Result, fields: TestFields) -> tuple[Verdict, str]:
    """A verdict that its own attempts and the matrix bear out, with its reason; else an error."""
    marked, last = fields.expected_failure, result.attempts[-1] if result.attempts else None
    if result.verdict in {Verdict.EXPECTED_FAILURE, Verdict.UNEXPECTED_PASS} and not marked:
        return _disputed(result, "the matrix does not mark it as an expected failure")
    if result.verdict not in {Verdict.PASSED, Verdict.FLAKY}:
        return result.verdict, result.reason
    if last is None or last.verdict != Verdict.PASSED or not expected(fields.expect, last.outcome):
        return _disputed(result, "none of its attempts ended as the matrix expects")
    if marked:
        return Verdict.UNEXPECTED_PASS, f"marked as an expected failure ({marked}): it passed"
    return result.verdict, result.reason


def _disputed(result: Result, why: str) -> tuple[Verdict, str]:
    return Verdict.ERROR, f"its shard reports {result.verdict}, but {why}: {result.reason}"


def axes_of(boot: Boot) -> dict[str, str]:
    """A boot's values, and the names that a selection and a report know it by."""
    cell, name, _, params = boot
    return {**cells.IMPLICIT, **cell.values, **params, "test": name, "cell": cell.id}


def as_told(result: Result, axes: tuple[str, ...]) -> Result:
    """What a shard of an unknown matrix with these axes reported: no image, host or command line that only it says."""
    attempts = tuple(_bare(attempt) for attempt in result.attempts)
    bare: dict[str, Any] = {**dict.fromkeys(("image", "digest", "host", "unikernel"), ""), "pairs": ()}
    return replace(
        result, **_own(result), **bare, attempts=attempts, quarantine=Quarantine(), axes=_fitting(result, axes)
    )


def _own(result: Result, options: tuple[str, ...] = ()) -> dict[str, Any]:
    """A merged pass is never reused: `key` is empty. The matrix says where its test stands."""
    return {"repro": repro(result.id, options), "key": "", "reused": _word(result.reused), "where": ""}


def _bare(attempt: Attempt) -> Attempt:
    guests = {name: _bare(each) for name, each in attempt.guests.items()}
    accelerator = _word(attempt.accelerator)
    return replace(attempt, command=(), accelerator=accelerator, accelerator_reason="", guests=guests)


def _word(text: str) -> str:
    """A name as the matrix and our runs have them; empty if it is none."""
    return text if NAME.fullmatch(text) else ""


def _fitting(result: Result, axes: tuple[str, ...]) -> dict[str, str]:
    """Its values, if they are those that its cell is called by; parameters are not told from other texts."""
    own = {"test": result.test.partition("@")[0], "cell": result.cell}
    found = {axis: result.axes[axis] for axis in axes if axis in result.axes}
    return {**found, **own} if cells.cell_id(found) == result.cell else own


def axes_told(axes: tuple[str, ...]) -> tuple[str, ...]:
    """The axes that a shard names, if they can be some."""
    return axes if len(axes) <= MOST_AXES and all(map(NAME.fullmatch, axes)) else ()
