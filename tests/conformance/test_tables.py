"""The tables of what was found: for people, for docs and for programs."""

from __future__ import annotations

import json

import pytest

from bootmatrix.conformance import tables
from bootmatrix.conformance.capabilities import CAPABILITIES
from bootmatrix.conformance.findings import Finding, Status
from bootmatrix.conformance.holding import Held
from bootmatrix.conformance.suite import Column

PROVEN = Finding("exit-0", Status.PROVEN)
IMPOSSIBLE = Finding("exit-1", Status.IMPOSSIBLE, "it has none")
WRONG = Finding("exit-0", Status.WRONG, "a | b <c>", "/nowhere/1.console.log")
LEFT = Finding("exit-1", Status.NOT_RUN, "it has none")


def held(*found: Finding) -> Held:
    return Held(Column("toy", "x86_64"), found)


def test_markdown_has_a_row_for_each_capability_and_numbers_the_reasons() -> None:
    every = [held(PROVEN, IMPOSSIBLE), Held(Column("toy", "aarch64"), (WRONG, LEFT))]
    assert "".join(tables.of_markdown(every, CAPABILITIES[:2])) == (
        "| capability | toy x86_64 | toy aarch64 |\n| --- | --- | --- |\n"
        "| `exit-0` | proven | **wrong** (1) |\n| `exit-1` | impossible (2) | not run (2) |\n"
        "\n1. `a ¦ b <c>`\n2. it has none\n"
    )


def test_nothing_is_numbered_where_all_is_proven() -> None:
    told = "".join(tables.of_markdown([held(PROVEN)], CAPABILITIES[:1]))
    assert told == "| capability | toy x86_64 |\n| --- | --- |\n| `exit-0` | proven |\n"


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        ((PROVEN, IMPOSSIBLE), ["  exit-0          proven", "  exit-1          impossible  it has none"]),
        ((WRONG,), ["  exit-0          wrong       a | b <c>", f"{'':30}/nowhere/1.console.log"]),
        ((PROVEN, LEFT), ["  exit-0          proven", "  exit-1          not run     it has none"]),
    ],
)
def test_text_has_a_line_for_each_capability(found: tuple[Finding, ...], lines: list[str]) -> None:
    told = list(tables.text(held(*found)))
    assert told[:-1] == lines
    assert told[-1].startswith("toy on x86_64: 1 ")


def test_what_was_left_for_one_reason_is_told_once() -> None:
    assert list(tables.text(held(LEFT, IMPOSSIBLE))) == ["toy on x86_64: not run: it has none"]


def test_json_has_all_of_it() -> None:
    (column,) = json.loads(tables.of_json([held(WRONG)]))
    assert (column["backend"], column["arch"]) == ("toy", "x86_64")
    told = {"capability": "exit-0", "status": "wrong", "words": "a | b <c>", "console": "/nowhere/1.console.log"}
    assert column["capabilities"] == [told]


def test_no_word_of_a_guest_can_do_anything_to_a_terminal_or_a_table() -> None:
    evil = held(Finding("exit-0", Status.WRONG, "\x1b[31m<img src=x>\n| `a` [b](c)"))
    assert "\x1b" not in "".join(tables.text(evil))
    cell = "".join(tables.of_markdown([evil], CAPABILITIES[:1]))
    assert "\x1b" not in cell
    assert cell.splitlines()[-1].startswith("1. ``<img")
