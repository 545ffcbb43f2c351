"""The panel of a soaked test draws what has a bound: read off, enlarged, and several cells over one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from page.conftest import until, watched, written

from bootmatrix.model import Attempt, Growth, Outcome, OutcomeKind, Result, Run, Side, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
STARTED = "2026-11-23T23:06:15.123Z"
MIB = 1 << 20
CELLS = {"flat": 0, "leak": MIB}


def soaked(folder: Path, cell: str, rate: int) -> Result:
    """For 100 s, a sample a second."""
    name = f"consoles/{cell}/server/1.usage.csv"
    (folder / name).parent.mkdir(parents=True)
    lines = (f"{at}.000,{at}.0,{80 * MIB},pss,{8 * MIB + rate * at}\n" for at in range(1, 101))
    (folder / name).write_text(f"seconds,cpu_seconds,memory_bytes,memory_kind,guest_bytes\n{''.join(lines)}")
    side, kind = (Side.ABOVE, Verdict.FAILED) if rate else (Side.WITHIN, Verdict.PASSED)
    slope = rate * 3600.0
    growth = Growth("memory", "B", slope, slope * 0.9, slope * 1.1, MIB, side, seconds=90.0, of="guest")
    outcome = Outcome(OutcomeKind.STOPPED)
    attempt = Attempt(1, kind, "it grows", outcome, STARTED, 101.0, files=(name,), growth=(growth,))
    return Result(cell, "server", kind, "it grows", attempts=(attempt,), seconds=101.0)


def opened(page: Page, test: str) -> None:
    page.evaluate(f"go({{ test: '{test}' }})")
    until(page, "document.querySelector('#panel[open] .soak .chart')")


def legend(page: Page) -> list[str]:
    return page.locator(".soak .legend li").all_inner_texts()


def test_a_soak_is_drawn_read_off_enlarged_and_held_against_other_cells(browser: Browser, tmp_path: Path) -> None:
    told = [soaked(tmp_path, cell, rate) for cell, rate in CELLS.items()]
    other = Result("leak", "other", Verdict.PASSED, attempts=told[0].attempts)
    with watched(browser) as shown:
        page = shown(written(Run("1", STARTED, 3.0, "0", "bootmatrix run", {}, (*told, other)), tmp_path))
        opened(page, "leak/server")
        said = page.locator(".soak figcaption").inner_text()
        assert (
            "memory (the guest's own) grows by 3.5 GiB/h (3.2 GiB/h to 3.9 GiB/h), 1 MiB/h are allowed: above" in said
        )
        assert legend(page) == ["this cell: 108 MiB at 1 min 40 s"]
        assert page.locator(".soak .wedge").count() == 1

        chart = page.locator(".soak .chart")
        box = chart.bounding_box()
        assert box
        left, top, wide = box["x"], box["y"] + box["height"] / 2, box["width"]
        page.mouse.move(left + wide * 0.55, top)
        (read,) = legend(page)
        assert 45 < float(read.split()[-2]) < 55

        whole = page.locator(".soak .curve > path").get_attribute("d")
        page.mouse.move(left + wide * 0.3, top)
        page.mouse.down()
        page.mouse.move(left + wide * 0.5, top)
        page.mouse.up()
        assert page.locator(".soak .curve > path").get_attribute("d") != whole
        assert "enlarged" in (chart.get_attribute("class") or "")
        chart.press("0")
        assert page.locator(".soak .curve > path").get_attribute("d") == whole
        chart.press("Home")
        assert chart.get_attribute("aria-valuetext") == "this cell: 9 MiB at 1.00 s"
        chart.press("+")
        assert "enlarged" in (chart.get_attribute("class") or "")
        assert page.locator("#panel[open]").count() == 1

        page.get_by_role("button", name="Other cells").click()
        until(page, "document.querySelectorAll('.soak .legend li').length === 2")
        assert legend(page)[1] == "flat: 8 MiB at 1.00 s, grows by 0 B/h (0 B/h to 0 B/h)"
        assert page.locator(".soak button").first.inner_text() == "1 other cell drawn"


def test_a_growth_without_a_curve_is_told_in_words(browser: Browser, tmp_path: Path) -> None:
    result = soaked(tmp_path, "leak", MIB)
    (tmp_path / result.attempts[0].files[0]).write_text("nonsense\n1,2\n")
    with watched(browser) as shown:
        page = shown(written(Run("1", STARTED, 3.0, "0", "bootmatrix run", {}, (result,)), tmp_path))
        page.evaluate("go({ test: 'leak/server' })")
        until(page, "document.querySelector('#panel[open] .attempt')")
        assert page.locator(".soak .chart").count() == 0
