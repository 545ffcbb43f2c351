"""Times and sizes as people write them: `30 s`, `64 MiB`."""

from __future__ import annotations

import re

SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
BYTES = {
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "k": 1 << 10,
    "kib": 1 << 10,
    "m": 1 << 20,
    "mib": 1 << 20,
    "g": 1 << 30,
    "gib": 1 << 30,
}
EXACT = 1e15  # from here on a number is not told to its last digit
WEEK = 7 * 24 * 3600.0  # poll(2) counts milliseconds in 31 bits: 24 days


def seconds(text: object) -> float:
    """`500 ms`, `30 s`, `2 min`, `1 h`; a number alone counts seconds. Raises ValueError with the remedy."""
    found = pause(text)
    if not found:
        raise ValueError(f"'{text}' must be longer than zero; write a time such as 500 ms")
    return found


def pause(text: object) -> float:
    """As `seconds`, but it may be 0."""
    found = _quantity(text, SECONDS, "a time such as 500 ms, 30 s, 2 min or 1 h")
    if found > WEEK:
        raise ValueError(f"'{text}' is more than a week")
    return found


def size(text: object) -> int:
    """`64 MiB`, `512 KiB`, `1 GiB`, or MB and so on for powers of 1000; bytes. Raises ValueError with the remedy."""
    return int(_quantity(text, BYTES, "a size with its unit, such as 64 MiB or 1 GiB"))


def rate(text: object) -> float:
    """`1 MiB/h`, `10/min`: so much an hour, in bytes or without a unit. Raises ValueError with the remedy."""
    amount, slash, time = str(text).rpartition("/")
    each = SECONDS.get(time.strip().lower()) if slash and time.strip() else None
    if each is None:
        raise ValueError(f"'{text}' is not a growth such as 1 MiB/h or 10/min")
    found = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*", amount, re.ASCII)
    return (float(found[1]) if found else size(amount)) * 3600 / each


def _quantity(text: object, units: dict[str, float] | dict[str, int], wanted: str) -> float:
    found = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]*)\s*", str(text), re.ASCII)
    unit = units.get(found[2].lower()) if found else None
    if not found or unit is None:
        raise ValueError(f"'{text}' is not {wanted}")
    return float(found[1]) * unit


def human_size(count: float) -> str:
    """Bytes for people: `1.5 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":  # noqa: PLR2004
            return f"{count:.0f} {unit}" if unit == "B" or count == int(count) else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError


def human_rate(amount: float, unit: str) -> str:
    """So much an hour, for people: `1.5 MiB/h`, `-20 KiB/h`, `12 objects/h`; `unit` is `B` of sizes."""
    sign = "-" if amount < 0 else ""
    if unit == "B":
        return f"{sign}{human_size(abs(amount))}/h"
    number = f"{abs(amount):,.0f}" if 1000 <= abs(amount) < EXACT else f"{abs(amount):.4g}"  # noqa: PLR2004
    return f"{sign}{number}{' ' if unit else ''}{unit}/h"


def human_time(count: float) -> str:
    """Seconds for people: `4.2 ms`, `0.15 s`, `12 s`, `3 min 20 s`."""
    if 0 < count < 0.0995:  # noqa: PLR2004
        return f"{count * 1000:.1f} ms" if count < 0.00995 else f"{count * 1000:.0f} ms"  # noqa: PLR2004
    if round(count) < 60:  # noqa: PLR2004
        return f"{count:.2f} s" if count < 10 else f"{count:.0f} s"  # noqa: PLR2004
    minutes, rest = divmod(round(count), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004


def how_many(count: int, what: str) -> str:
    """`1 test`, `2,000 tests`, `2 tries`."""
    return f"1 {what}" if count == 1 else f"{count:,} {_several(what)}"


def how_many_are(count: int, what: str) -> str:
    """`1 line is`, `2 lines are`."""
    return f"{how_many(count, what)} {'is' if count == 1 else 'are'}"


def the_last(count: int, what: str) -> str:
    """`the last run`, `the last 2 runs`."""
    return f"the last {what if count == 1 else how_many(count, what)}"


def _several(what: str) -> str:
    return f"{re.sub('(?<=[^aeiou])y$', 'ie', what)}s"
