"""Rows as a database has them, and what we take of them: in a damaged or a hostile one anything may stand anywhere."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select, type_coerce
from sqlalchemy.types import NullType

from bootmatrix.model import VERDICTS, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import ColumnElement, Select, Table

LONGEST = 1 << 16  # characters of a text
KNOWN: dict[str, Verdict] = {verdict: verdict for verdict in VERDICTS}

T = TypeVar("T")


@dataclass
class Damage:
    """How many rows were left out."""

    rows: int = 0


def raw(*columns: ColumnElement[Any] | Table) -> Select[Any]:
    """A query for these columns as they are, whatever type they should have."""
    every = [each for one in columns for each in getattr(one, "columns", [one])]
    named: list[ColumnElement[Any]] = [type_coerce(column, NullType()).label(column.name) for column in every]
    return select(*named)


def sound(found: Iterable[Any], make: Callable[..., T], damage: Damage) -> Iterator[T]:
    """What `make` makes of the columns of each row; it raises ValueError or LookupError for one that is damaged."""
    for row in found:
        try:
            made = make(*row)
        except (ValueError, LookupError, RecursionError):  # RecursionError: JSON that is nested too deep
            damage.rows += 1
        else:
            yield made


def text(value: object) -> str:
    if type(value) is not str or len(value) > LONGEST:
        raise ValueError
    return value


def verdict(value: Any) -> Verdict:
    """LookupError for a text that is none."""
    if type(value) is not str:
        raise ValueError
    return KNOWN[value]


def flag(value: object) -> bool:
    if value not in (0, 1) or not isinstance(value, int):
        raise ValueError
    return bool(value)


def count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def number(value: Any) -> float:
    if type(value) not in (float, int) or not math.isfinite(value):
        raise ValueError
    return float(value)


def moment(value: Any) -> float | None:
    """Seconds since 1970; None where it is not known."""
    return None if value is None else number(value)


def axes(value: Any) -> dict[str, str]:
    """SQLite has it as a text, PostgreSQL as what that text says."""
    found = json.loads(text(value)) if isinstance(value, str) else value
    if type(found) is not dict or not all(type(key) is type(each) is str for key, each in found.items()):
        raise ValueError
    return found
