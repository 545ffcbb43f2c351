"""A strict reader of InfluxDB's line protocol, by its reference: what it refuses, some server may take for another."""

from __future__ import annotations

import re
from dataclasses import dataclass

KEY = r"[A-Za-z][A-Za-z0-9_]*"
TAG_VALUE = r"(?:[^\x00-\x1f\x7f\\,= ]|\\[,= ])+"
FIELD_VALUE = r'-?[0-9]+i|-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?|True|False|"(?:[^\x00-\x1f\x7f\\"]|\\["\\])*"'
LINE = re.compile(
    rf"({KEY})((?:,{KEY}={TAG_VALUE})*) ({KEY}=(?:{FIELD_VALUE})(?:,{KEY}=(?:{FIELD_VALUE}))*)(?: ([0-9]+))?"
)
TAG = re.compile(rf",({KEY})=({TAG_VALUE})")
FIELD = re.compile(rf"(?:^|,)({KEY})=({FIELD_VALUE})")
Value = int | float | bool | str


@dataclass(frozen=True)
class Line:
    """`time` is in nanoseconds, None if the line has none."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, Value]
    time: int | None


def read(raw: bytes) -> list[Line]:
    text = raw.decode()
    assert not text or text.endswith("\n")
    return [_line(each) for each in text[:-1].split("\n")] if text else []


def _line(text: str) -> Line:
    found = LINE.fullmatch(text)
    assert found, f"no line protocol: {text!r}"
    tags = [(key, re.sub(r"\\(.)", r"\1", value)) for key, value in TAG.findall(found[2])]
    fields = [(key, _value(value)) for key, value in FIELD.findall(found[3])]
    assert len({key for key, _ in (*tags, *fields)}) == len(tags) + len(fields), f"a name twice: {text!r}"
    time = int(found[4]) if found[4] else None
    assert time is None or time < 1 << 63
    return Line(found[1], dict(tags), dict(fields), time)


def _value(text: str) -> Value:
    if text in {"True", "False"}:
        return text == "True"
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return int(text[:-1]) if text.endswith("i") else float(text)
