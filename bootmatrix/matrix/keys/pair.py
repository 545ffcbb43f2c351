"""Which boots are to take turns, and how well their difference is to be known."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from bootmatrix.matrix.keys.kinds import Share
from bootmatrix.matrix.keys.marks import AsWritten, Short
from bootmatrix.matrix.keys.parts import Strict
from bootmatrix.matrix.keys.values import Text, Texts, Whole  # noqa: TC001  # pydantic reads them

FEWEST, MOST = 20, 1000  # boots of each: of fewer nothing is known for sure


def _narrow(value: float) -> float:
    if not 0.01 <= value <= 50:  # noqa: PLR2004
        raise ValueError(f"{value:g}% is not between 0.01% and 50%")
    return value


Half = Annotated[Share, AfterValidator(_narrow)]


class Pair(Strict):
    """Tests that differ in one axis or parameter alone boot in turn, until their difference is known well enough."""

    axis: Annotated[Text, AsWritten()] = Field(description="The axis or parameter.")
    base: Annotated[Text, AsWritten()] = Field(
        "", description="Its value that the others are held against; without it, the first."
    )
    until: Half = Field(2.0, description="How exactly: half of the 95% interval's width, in percent.")
    most: Whole = Field(30, ge=FEWEST, le=MOST, description="How often each is booted at the most.")
    of: Annotated[Texts, AsWritten()] = Field(
        ["boot_time", "memory_peak"], description="The measures that are to be known so exactly."
    )


PairOrAxis = Annotated[Pair, Short("axis")]
