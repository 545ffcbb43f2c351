"""The page says which functions no boot executed, and which only some did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from counting.covered import ALL, run
from page.conftest import watched, written

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_functions_are_told_by_who_executes_them(browser: Browser, tmp_path: Path) -> None:
    boots = {**ALL, "arm-virtio/z": [(f"<b>{number}", "", 0, 0) for number in range(600)]}
    with watched(browser) as shown:
        page = shown(written(run(tmp_path, boots), tmp_path))
        section = page.locator("#covered")
        assert section.locator(".legend").inner_text() == "4 of 605 executed in 6 boots"
        assert section.locator("h3").all_inner_texts() == [
            "No boot executes these: 601",
            "Only arch=arm executes these: 1",
        ]
        never, alone = section.locator(".kind").all()
        assert never.locator(".function").first.inner_text().strip() == "<b>0"
        assert alone.locator(".function").inner_text() == "fdt f.c:1"
        assert never.locator(".function").count() == 8
        never.locator("button").click()
        assert never.locator(".function").count() == 500
        assert "… and 101 more" in never.locator(".remark").inner_text()


def test_without_coverage_nothing_is_told_of_functions(browser: Browser, tmp_path: Path) -> None:
    with watched(browser) as shown:
        assert shown(written(run(tmp_path, {"arm-qemu/a": None}), tmp_path)).locator("#covered").is_hidden()
