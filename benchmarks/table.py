"""What was found, as a table for people and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.contract import Target
    from benchmarks.finding import Found

WIDTH = 120  # columns, where there is no terminal
NONE = "-"


def show(found: Sequence[Found], scale: float) -> None:
    """The table on standard output; below it why figures are missing or failed."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    table = Table("figure", "median", "min to max", "sides", "to reach", "reached", box=None, pad_edge=False)
    for one in found:
        table.add_row(*(Text(cell) for cell in row(one)))
    console.print(table)
    for name, why in dict.fromkeys((one.figure, reason(one)) for one in found):
        if why:
            console.print(Text(f"{name}: {why}"))
    if scale != 1:
        console.print(Text(f"at scale {scale:g}: what is to be reached is meant for scale 1"))


def row(found: Found) -> list[str]:
    name = f"{found.figure} {found.measure.name}"
    target = shown_target(found.measure.target, found.measure.unit)
    if found.median is None:
        return [name, "failed" if found.failed else "missing", "", "", target, NONE]
    spread = f"{number(min(found.values))} to {number(max(found.values))}"
    sides = ", ".join(f"{side} {number(value)}" for side, value in found.sides().items())
    reached = {True: "yes", False: "no", None: NONE}[found.reached]
    unit = found.measure.unit
    return [name, f"{number(found.median)} {unit}".strip(), spread, f"{sides} {found.measure.of}", target, reached]


def reason(found: Found) -> str:
    if found.failed:
        return f"failed: {found.failed}"
    return f"cannot be measured here: {found.missing}" if found.missing else ""


def shown_target(target: Target | None, unit: str) -> str:
    if target is None:
        return NONE
    aim = "" if target.aim is None else f" (aim {target.aim:g})"
    return f"{'at least' if target.least else 'at most'} {target.limit:g} {unit}".rstrip() + aim


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004


def write(file: Path, machine: Mapping[str, Any], found: Sequence[Found], options: Mapping[str, float]) -> None:
    """All that was found until now; the folder is made."""
    told = {"machine": machine, **options, "figures": [one.as_dict() for one in found]}
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}")
    fresh.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    fresh.replace(file)
