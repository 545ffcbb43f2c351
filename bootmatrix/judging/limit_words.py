"""How the judgement of a limit is told: values as people read them, and exactly where they would look the same."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bootmatrix.model import Better
from bootmatrix.quantities import human_size, human_time

if TYPE_CHECKING:
    from bootmatrix.model import Measure

NEAR = 1e-3  # as a share: `20.0 MiB` and `20 MiB` are told exactly

FINEST = 6  # digits of a share


def pair(measure: Measure, first: float, second: float) -> tuple[str, str]:
    """Two values of a measure."""
    shown = _shown(measure, first), _shown(measure, second)
    if first == second or (shown[0] != shown[1] and abs(first - second) >= NEAR * abs(second)):
        return shown
    return _exactly(measure, first), _exactly(measure, second)


def side(measure: Measure) -> str:
    return "at least" if measure.better == Better.HIGHER else "at most"


def by(value: float, of: float, most: float | None = None) -> str:
    """`12% above`; empty where no share says it. Exact enough not to look like the share that it may be at `most`."""
    if not of:
        return ""
    share = abs(value - of) / abs(of)
    if not math.isfinite(share):
        return ""
    digits = _digits(share)
    while most is not None and digits < FINEST and f"{share:.{digits}%}" == f"{most:.{digits}%}":
        digits += 1
    return f"{share:.{digits}%} {'above' if value > of else 'below'}"


def _digits(share: float) -> int:
    """As many as show that there is a difference, and not more than tell something."""
    return 0 if share >= 0.1 else 1 if share >= 0.01 else 2 if share >= 0.001 else 4  # noqa: PLR2004


def _shown(measure: Measure, value: float) -> str:
    if measure.unit == "s":
        return human_time(value)
    if measure.unit == "B":
        return human_size(value)
    number = f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"
    return number if measure.unit in {"", measure.name} else f"{number} {measure.unit}"


def _exactly(measure: Measure, value: float) -> str:
    return f"{value:,.12g} {measure.unit}".rstrip()
