"""docs/checks.md names each kind of check, each of its keys, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import pytest

from bootmatrix import quantities
from bootmatrix.checks import check, ping, trying, udp
from bootmatrix.matrix.keys import kinds
from bootmatrix.matrix.keys.checks import Check, OneCheck

if TYPE_CHECKING:
    from bootmatrix.matrix.keys.parts import Strict

PAGE = (Path(__file__).resolve().parents[2] / "docs/checks.md").read_text()
COMMON = "Keys of a check"
READ = {"interval": quantities.pause, "limit": quantities.size}  # keys whose defaults have a unit
MODELS: dict[str, type[Strict]] = {name: getattr(kinds, name.capitalize()) for name in OneCheck.kinds}


def section(title: str) -> str:
    """What stands below a heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str, header: str) -> dict[str, list[str]]:
    """A table's rows by their first cell, without its marks."""
    found: dict[str, list[str]] = {}
    for line in section(title).partition(f"| {header} |")[2].split("\n\n")[0].splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        found[re.findall(r"`([^`]+)`", cells[0])[0]] = cells
    return found


def shown(default: Any) -> set[str]:
    """How a default may be written."""
    if isinstance(default, bool):
        return {str(default).lower()}
    if default in (None, [], {}, ""):
        return {"none"}
    return {str(default[0] if isinstance(default, list) else default)}


def test_every_kind_is_documented_and_no_other() -> None:
    assert tuple(rows(COMMON, "kind")) == Check.kinds


def test_every_common_key_is_documented_and_no_other() -> None:
    wanted = {each.alias or name for name, each in OneCheck.model_fields.items() if name not in OneCheck.kinds}
    table = rows(COMMON, "key")
    assert set(table) == wanted
    assert quantities.seconds(table["within"][2]) == OneCheck.model_fields["within"].default


@pytest.mark.parametrize("kind", OneCheck.kinds)
def test_every_key_of_a_kind_is_documented_and_no_other(kind: str) -> None:
    table = rows(kind, "key")
    assert list(table) == list(MODELS[kind].model_fields)
    for name, each in MODELS[kind].model_fields.items():
        cell = table[name][2].strip("`")
        if each.is_required():
            assert cell == "required", name
        elif name in READ:
            assert READ[name](cell) == each.default, name
        else:
            assert cell in shown(each.default) or float(cell) == each.default, name
        if get_origin(each.annotation) is Literal:
            assert tuple(re.findall(r"`([^`]+)`", table[name][1])) == get_args(each.annotation)


def test_limits_are_the_documented_ones() -> None:
    assert f"1 to {kinds.MOST_PINGS:,} |" in section("ping")
    assert f"0 to {kinds.LARGEST_PING} |" in section("ping")
    assert f"1 to {kinds.MOST_ASKED:,} |" in section("udp")
    assert f"1 to {kinds.MOST_ASKED:,} |" in section("http")
    assert f"first {check.LONGEST >> 10} KiB" in section("Reports")
    assert ping.WAIT == udp.WAIT == 2.0
    assert (trying.FIRST_PAUSE, trying.LONGEST_PAUSE) == (0.01, 0.1)
