"""What a value of matrix.yaml may be: texts, times, sizes, patterns, and the ways to write a list."""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import core_schema

from bootmatrix import quantities
from bootmatrix.matrix.keys.marks import SCALAR
from bootmatrix.model import MIB, NOT_THE_GUESTS, OutcomeKind, parse_outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic.json_schema import JsonSchemaValue

COUNT = re.compile(r"(?<=[{,])[1-9]\d*(?=[,}])")
MAX_REPEATS, MAX_REGEX = 100_000, 10_000  # `regex` writes each repetition out: 300 bytes for each
# After which another attempt can be worth it: what the guest did, or a console that disagrees with that.
RETRIED = ("any", *(kind for kind in OutcomeKind if kind not in {*NOT_THE_GUESTS, OutcomeKind.SKIPPED}), "contradicted")


@dataclass(frozen=True)
class Listed:
    """Marks a list that may also be written as its only entry, by the loader and by the JSON Schema alike."""

    kinds: tuple[type, ...] = (str,)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self._list, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = handler(schema)
        return {"anyOf": [found["items"], found]}

    def _list(self, value: Any) -> Any:
        return [value] if isinstance(value, self.kinds) else value


def _whole(value: Any) -> Any:
    """Digits as people write them: `1_0`, blanks and the digits of other scripts are for int() only."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,10}", value):
        return int(value)
    shown = f"'{value}'" if isinstance(value, str) else "this"
    raise ValueError(f"{shown} is not a whole number")


def sized(low: int, high: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        size = quantities.size(value)
        if not low <= size <= high:
            between = f"{quantities.human_size(low)} and {quantities.human_size(high)}"
            raise ValueError(f"'{value}' is not between {between}")
        return size

    return convert


def as_pattern(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


def checked_regex(value: str) -> str:
    _groups(value)
    return value


def one_group(value: str) -> str:
    if _groups(value) != 1:
        raise ValueError(r"must have exactly one capture group, for the status, as in 'EXIT: STATUS=(\d+)'")
    return value


def one_number(value: str) -> str:
    if _groups(value) != 1:
        raise ValueError(r"must have exactly one capture group, for the number, as in 'heap=(\d+)'")
    return value


def _day(value: Any) -> Any:
    """A day as people and YAML write it; Python would also take 20270131 and 2027-W04."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
    shown = f"'{value}'" if isinstance(value, str) else "this"
    raise ValueError(f"{shown} is not a date; write it as 2027-01-31")


def _groups(value: str) -> int:
    """How many groups an expression has, as the module that will search with it says."""
    import regex  # noqa: PLC0415  # 30 ms, only where there is an expression

    repeats = math.prod(int(count[:6]) for count in COUNT.findall(value))
    if repeats > MAX_REPEATS or len(value) > MAX_REGEX:
        raise ValueError(
            f"too expensive: it repeats parts more than {MAX_REPEATS:,} times, or has over {MAX_REGEX:,} characters"
        )
    try:
        return regex.compile(value, regex.MULTILINE).groups
    except (regex.error, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from None


def _absolute(value: str) -> str:
    if not value.startswith("/") or "\0" in value:
        raise ValueError(f"'{value}' is not an absolute path; write it as /usr/local/bin/NAME")
    return value


def _label(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", value):
        raise ValueError(f"'{value}' is not a valid name for a label; use letters, digits, _, . and -, a letter first")
    return value


def _outcome(value: str) -> str:
    try:
        parse_outcome(value)
    except ValueError:
        plain = [each for each in OutcomeKind if each not in {OutcomeKind.EXITED, *NOT_THE_GUESTS}]
        words = ", ".join(("passed", "failed", "exited(N)", *plain))
        raise ValueError(f"'{value}' is not an outcome; possible: {words}") from None
    return value


Text = Annotated[str, WithJsonSchema(SCALAR)]
Texts = Annotated[list[Text], Field(min_length=1), Listed()]
Whole = Annotated[int, BeforeValidator(_whole)]
Port = Annotated[int, Field(ge=1, le=65535), BeforeValidator(_whole)]
Status = Annotated[int, Field(ge=100, le=599), BeforeValidator(_whole)]  # of HTTP
Reason = Annotated[str, Field(min_length=3)]
Seconds = Annotated[
    float,
    BeforeValidator(quantities.seconds),
    WithJsonSchema({"type": ["string", "number"], "examples": ["30 s"]}),
]
Pause = Annotated[
    float, BeforeValidator(quantities.pause), WithJsonSchema({"type": ["string", "number"], "examples": ["2 s"]})
]
SizeSchema = WithJsonSchema({"type": "string", "examples": ["64 MiB"]})
Memory = Annotated[int, BeforeValidator(sized(MIB, 1 << 44)), SizeSchema]
ConsoleSize = Annotated[int, BeforeValidator(sized(1, 256 * MIB)), SizeSchema]
BodySize = Annotated[int, BeforeValidator(sized(1, 1 << 40)), SizeSchema]
OutcomeWord = Annotated[str, AfterValidator(_outcome)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Match = dict[str, Texts]
if TYPE_CHECKING:
    RetryOn = str
else:
    RetryOn = Literal[RETRIED]  # one list of outcomes
LabelName = Annotated[str, AfterValidator(_label)]
HostPath = Annotated[str, AfterValidator(_absolute)]
