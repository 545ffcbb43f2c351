"""The key `limits`: bounds of what a boot measures, as numbers with units or against what earlier runs measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from bootmatrix import quantities

NO_LIMIT = "none"  # takes back what another layer has set
RELATIVE = re.compile(r"([+-])\s*([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*%")
NUMBER = re.compile(r"(-?[0-9]{1,15}(?:\.[0-9]{1,9})?)\s*(.*)")
OWN = {
    "boot_time": "s",
    "firmware_time": "s",
    "entry_time": "s",
    "first_byte_time": "s",
    "ready_time": "s",
    "memory_peak": "B",
    "unikernel_size": "B",
    "instructions": "instructions",
}
"""What bootmatrix measures of boots, where it can, and the unit of each: less of it is better."""


@dataclass(frozen=True)
class Kind:
    """What is known of a measure before it is made: its unit, and whether more of it is better."""

    unit: str
    higher: bool = False


@dataclass(frozen=True)
class Bound:
    """`at` is an absolute one; else `share` is by how much the measure may be above the earlier median (0.01: by 1 %),
    or, where more is better, below it. `text` is how it was written.
    """

    text: str
    at: float | None = None
    share: float = 0.0


def _written(value: str) -> str:
    """Digits must be somewhere: what they mean depends on the measure's unit."""
    if value != NO_LIMIT and not RELATIVE.fullmatch(value) and not NUMBER.fullmatch(value):
        raise ValueError(
            f"'{value}' is not a limit; write a quantity such as 50 ms or 20 MiB, a share such as +1 %, or {NO_LIMIT}"
        )
    return value


Limit = Annotated[
    str,
    AfterValidator(_written),
    WithJsonSchema({"type": ["string", "number"], "examples": ["50 ms", "20 MiB", "+1 %", NO_LIMIT]}),
]


def is_own(name: str) -> bool:
    """Whether bootmatrix measures it, of a test or of a guest, and not the guest itself."""
    return name.rpartition(".")[2] in OWN


def is_relative(text: str) -> bool:
    return bool(RELATIVE.fullmatch(text))


def bound(text: str, kind: Kind) -> Bound:
    """What a limit of such a measure means, but for NO_LIMIT; ValueError if it can mean nothing."""
    if found := RELATIVE.fullmatch(text):
        wanted = "-" if kind.higher else "+"
        if found[1] != wanted:
            better = "more" if kind.higher else "less"
            raise ValueError(f"'{text}' is on the wrong side, for {better} of it is better; write {wanted}{found[2]} %")
        return Bound(f"{wanted}{found[2]}%", share=float(found[2]) / 100)
    return Bound(text, at=_quantity(text, kind.unit))


def _quantity(text: str, unit: str) -> float:
    if unit == "s":
        return quantities.seconds(text)
    if unit == "B":
        return quantities.size(text)
    found = NUMBER.fullmatch(text)
    if not found or found[2] not in {"", unit}:
        wanted = f"a number of {unit}, such as 100 {unit}" if unit else "a number without a unit, such as 100"
        raise ValueError(f"'{text}' is not {wanted}")
    return float(found[1])
