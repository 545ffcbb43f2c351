"""Limits for values that are read from a run's files, since anybody may have written those.

Each bound is an annotation that pydantic asks for its check, so that it costs nothing in Python; who makes a
value in a program is not held to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

    from pydantic_core import CoreSchema

LONGEST = 1e9  # seconds of a run, or of a boot
YEARS = range(1970, 2200)  # that can be reckoned with on both sides
FIRST, OTHER = r"[^./\x00-\x1f\x7f]", r"[^/\x00-\x1f\x7f]"  # of a name that a folder can have, and that hides nothing
NAME_LENGTH = 255
DAY = r"(?:19[7-9]|2[01][0-9])[0-9]-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
TIME = rf"{DAY}T{CLOCK}:[0-5][0-9](?:\.[0-9]{{1,6}})?(?:Z|[+-]{CLOCK})"


@dataclass(frozen=True)
class OneOf:
    """A word of a StrEnum: read as its member; written as the text that it is, also where a plug-in gave a text."""

    words: type[StrEnum]

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        from pydantic_core import core_schema  # noqa: PLC0415  # only where a run is read or written

        written = core_schema.simple_ser_schema("str")
        return core_schema.enum_schema(self.words, list(self.words), sub_type="str", serialization=written)


@dataclass(frozen=True)
class Between:
    """A number from `low` to below `high`; never NaN."""

    low: float
    high: float

    def __get_pydantic_core_schema__(self, source: Any, _handler: Any) -> CoreSchema:
        from pydantic_core import core_schema  # noqa: PLC0415

        if source is int:
            return core_schema.int_schema(ge=int(self.low), lt=int(self.high))
        return core_schema.float_schema(ge=self.low, lt=self.high, allow_inf_nan=False)


class FolderName:
    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        from pydantic_core import core_schema  # noqa: PLC0415

        return core_schema.str_schema(pattern=f"^{FIRST}{OTHER}*$", max_length=NAME_LENGTH)


class Stamp:
    """A time of the form that `is_time` wants, or empty; without the days that a month has: who reckons asks that."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        from pydantic_core import core_schema  # noqa: PLC0415

        return core_schema.str_schema(pattern=f"^(?:{TIME})?$")


class OneDeep:
    """Attempts at the guests of a test: none of those has guests itself."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        from pydantic_core import core_schema  # noqa: PLC0415

        return core_schema.no_info_after_validator_function(_without_guests, handler(source))


def _without_guests(found: Mapping[str, Any]) -> Mapping[str, Any]:
    if any(each.guests for each in found.values()):
        raise ValueError("a guest has no guests")
    return found


Name = Annotated[str, FolderName()]
Time = Annotated[str, Stamp()]
Seconds = Annotated[float, Between(0, LONGEST)]
Size = Annotated[int, Between(0, 1 << 53)]  # what every reader of JSON has as a whole number
Number = Annotated[float, Between(float("-inf"), float("inf"))]


def is_name(text: object) -> bool:
    """Whether a run, a cell or a test can have this name: each is a folder's, too."""
    return isinstance(text, str) and len(text) <= NAME_LENGTH and bool(re.fullmatch(f"{FIRST}{OTHER}*", text))


def is_time(text: object) -> bool:
    """ISO 8601 with a zone, in a year that can be reckoned with."""
    try:
        found = datetime.fromisoformat(text)  # type: ignore[arg-type]  # else it says so itself
    except (TypeError, ValueError):
        return False
    return found.tzinfo is not None and found.year in YEARS
