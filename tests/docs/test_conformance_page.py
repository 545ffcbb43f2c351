"""docs/conformance.md: its capabilities and keys are those that there are, its table has the form that a run gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bootmatrix import plugins
from bootmatrix.conformance.capabilities import CAPABILITIES, NAMES
from bootmatrix.conformance.kit import KitFile

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/conformance.md").read_text()
CELL = re.compile(r"(proven|impossible|not run)(?: \((\d+)\))?")


def rows(title: str) -> list[list[str]]:
    """The cells of a section's table, its header first."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table if "---" not in line]


def test_every_capability_is_documented_with_its_truth_and_no_other() -> None:
    assert [tuple(row) for row in rows("Capabilities")[1:]] == [(f"`{each.name}`", each.truth) for each in CAPABILITIES]


def test_every_key_of_a_kit_is_documented_and_no_other() -> None:
    told = {row[0].strip("`"): row[1].strip("`") for row in rows("A kit")[1:]}
    assert set(told) == set(KitFile.model_fields)
    assert told["panic"] == KitFile.model_fields["panic"].default


def test_the_table_names_every_runner_and_every_capability_and_nothing_is_wrong() -> None:
    header, *body = rows("The runners that ship")
    backends = {title.split()[0] for title in header[1:]}
    assert backends == set(plugins.builtin_names("runners"))
    assert [row[0].strip("`") for row in body] == list(NAMES)
    reasons = set(re.findall(r"^(\d+)\. \S", PAGE, re.MULTILINE))
    for row in body:
        assert len(row) == len(header)
        for cell in row[1:]:
            found = CELL.fullmatch(cell)
            assert found, cell
            assert (found[1] == "proven") == (found[2] is None)
            assert found[2] is None or found[2] in reasons


@pytest.mark.parametrize("name", plugins.builtin_names("runners"))
def test_what_a_runner_calls_impossible_is_in_the_table(name: str) -> None:
    declared = plugins.runner_class(name, ROOT / "docs").impossible
    header, *body = rows("The runners that ship")
    columns = [at for at, title in enumerate(header) if title.startswith(f"{name} ")]
    assert columns
    for row in body:
        for at in columns:
            assert (row[0].strip("`") in declared) == row[at].startswith("impossible"), (name, row[0])
    assert all(reason in PAGE for reason in declared.values())
