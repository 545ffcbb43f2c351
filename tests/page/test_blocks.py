"""The matrix uses its room: no name is cut while there is any, and few columns with many rows stand side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from page.conftest import until, written

from bootmatrix.model import Result, Run, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from page.conftest import Open
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
SIZES = ((1440, 900), (1920, 1080), (390, 844))
LOOK = """(() => {
  const element = byId("grid"), style = getComputedStyle(element);
  const room = element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const sides = [...element.querySelectorAll("table")].map((table) => table.getBoundingClientRect());
  const wide = Math.max(...sides.map(({ right }) => right)) - Math.min(...sides.map(({ left }) => left));
  return {
    used: wide / room,
    over: element.scrollWidth > element.clientWidth,
    tables: sides.length,
    cut: [...element.querySelectorAll("th span")]
      .filter((e) => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1).map((e) => e.innerText),
  };
})()"""


def matrix(folder: Path, columns: int, rows: int, test: str = "network-restart", backend: str = "qemu") -> Path:
    every = [
        Result(f"{backend}-{column}", f"{test}-{row}", Verdict.PASSED, axes={"backend": f"{backend}-{column}"})
        for row in range(rows)
        for column in range(columns)
    ]
    return written(Run("run", "2026-11-23T23:06:15Z", 1.0, "0.1", "run", {}, every, axes=("backend",)), folder)


def looks(page: Page) -> list[dict[str, Any]]:
    """How the grid takes its room in each size of the window."""
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        until(page, f"innerWidth === {width} && grid.width === byId('grid').clientWidth")
        found.append(page.evaluate(LOOK))
    return found


def test_few_columns_and_many_rows_stand_in_blocks(tmp_path: Path, show: Open) -> None:
    page = show(matrix(tmp_path, 2, 60))
    found = looks(page)
    assert [each["tables"] for each in found] == [4, 5, 1]
    assert all(each["used"] > 2 / 3 for each in found)
    assert all(not each["cut"] and not each["over"] for each in found)
    page.set_viewport_size({"width": 1440, "height": 900})
    until(page, "document.querySelectorAll('#grid table').length === 4")
    assert page.locator("#grid tbody tr").count() == 60
    assert page.locator("#grid td button[tabindex='0']").count() == 1
    page.locator("#grid td button[data-row='14'][data-column='1']").focus()
    page.keyboard.press("ArrowDown")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label == "passed: network-restart-15, qemu-1", "on to the next block"


def test_long_names_are_whole(tmp_path: Path, show: Open) -> None:
    page = show(matrix(tmp_path, 2, 12, test="virtio-net restart-after-suspend-with-a-very-long-name"))
    found = looks(page)
    assert [each["cut"] for each in found] == [[], [], []]
    assert [each["over"] for each in found] == [False, False, False]


def test_many_columns_are_named_upright(tmp_path: Path, show: Open) -> None:
    page = show(matrix(tmp_path, 20, 5, backend="debian-12-solo5-hvt"))
    assert page.locator("#grid thead th[scope=col] > span").count() == 20
    found = looks(page)
    assert [each["cut"] for each in found] == [[], [], []]
    assert [each["over"] for each in found] == [False, False, True], "twenty boxes are wider than a phone"
    assert all(each["used"] > 2 / 3 for each in found)


def test_a_single_box(tmp_path: Path, show: Open) -> None:
    found = looks(show(matrix(tmp_path, 1, 1)))
    assert [(each["tables"], each["cut"], each["over"]) for each in found] == [(1, [], False)] * 3
