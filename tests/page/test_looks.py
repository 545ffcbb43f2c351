"""Light and dark, on a phone, and with more tests than a document could have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from page.conftest import until, written
from reports.examples import result, run

if TYPE_CHECKING:
    from pathlib import Path

    from page.conftest import Open
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
GROUND = "getComputedStyle(document.body).backgroundColor"
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
BEYOND = """(root) => [...document.querySelector(root).querySelectorAll("*")]
  .filter((e) => !e.closest(".grid, pre, .unseen, svg") && e.getBoundingClientRect().right > 361)
  .map((e) => e.className)"""
WORST = """grid.buttons.map((row) =>
  Math.min(...row.filter((button) => button).map((button) => run.severity.map(slug).indexOf(button.className))))"""
LIGHT, DARK = "rgb(251, 251, 250)", "rgb(16, 19, 23)"


def test_it_is_as_the_system_has_it_until_the_reader_chooses(demo_page: Path, show: Open) -> None:
    page = show(demo_page, color_scheme="dark")
    assert page.evaluate(GROUND) == DARK
    page.click("#theme")
    assert (page.locator("#theme").inner_text(), page.evaluate(GROUND)) == ("Theme: light", LIGHT)
    page.reload()
    assert page.evaluate(GROUND) == LIGHT, "it is remembered"
    page.click("#theme")
    page.emulate_media(color_scheme="light")
    assert (page.locator("#theme").inner_text(), page.evaluate(GROUND)) == ("Theme: dark", DARK)
    page.click("#theme")
    assert page.evaluate(GROUND) == LIGHT


@pytest.mark.parametrize(
    "address",
    ["", "#test=gcc-debian-12-x86_64-qemu%2Ftap", "#rows=test&rows=os&columns=compiler&columns=arch&columns=backend"],
)
def test_a_phone_has_nothing_beyond_its_side(demo_page: Path, show: Open, address: str) -> None:
    page = show(demo_page, address, **PHONE)
    if "test=gcc" in address:
        page.locator("#panel[open]").wait_for()
    else:
        page.click("#pivot summary")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate(BEYOND, "#panel" if "test=gcc" in address else "main") == []


def elements(page: Page) -> int:
    number: int = page.evaluate("document.getElementsByTagName('*').length")
    return number


def test_of_10_000_tests_only_those_in_sight_are_in_the_document(large_page: Path, show: Open) -> None:
    page = show(large_page)
    print(f"10,000 tests, {large_page.stat().st_size:,} bytes: {page.evaluate('performance.now()'):.0f} ms")  # noqa: T201
    assert page.locator("#tests-title").inner_text() == "Tests 10,000"
    assert elements(page) < 6000
    page.locator("#list a").first.focus()
    page.keyboard.press("End")
    until(page, "document.activeElement.dataset.index === '9999'")
    assert page.locator("#list li").count() < 60
    last = page.locator("#list li").last
    assert (last.get_attribute("aria-posinset"), last.get_attribute("aria-setsize")) == ("10000", "10000")
    assert last.locator(".verdict").inner_text() == "skipped"
    page.keyboard.press("Home")
    until(page, "document.activeElement.dataset.index === '0'")
    assert page.locator("#list .verdict").first.inner_text() == "contradicted"
    assert elements(page) < 6000


def test_scrolling_brings_others_in_sight(large_page: Path, show: Open) -> None:
    page = show(large_page)
    page.evaluate("scrollTo(0, byId('list').getBoundingClientRect().top + scrollY + 5000 * rowHeight())")
    page.locator("#list a[data-index='5005']").wait_for()
    shown = "(index) => document.querySelector(`#list a[data-index='${index}']`).getBoundingClientRect().top"
    assert 0 <= page.evaluate(shown, 5005) <= 900
    assert page.locator("#list li").count() < 60


def test_the_worst_come_first(large_page: Path, show: Open) -> None:
    page = show(large_page)
    ranks = page.evaluate("[...list.rows].map((row) => tests.verdicts[row])")
    assert ranks == sorted(ranks)
    rows = page.evaluate("[...list.rows].filter((row) => tests.verdicts[row] === 7)")
    assert rows == sorted(rows), "those of a verdict in the run's order"


def test_many_rows_of_the_grid_come_when_they_are_asked_for(large_page: Path, show: Open) -> None:
    page = show(large_page)
    assert page.locator("#grid tbody tr").count() == 60
    assert "60 rows, the worst first" in page.locator("#grid .remark").inner_text()
    worst = page.evaluate(WORST)
    assert worst == sorted(worst)
    page.locator("#grid .remark button").click()
    assert page.locator("#grid tbody tr").count() > 200


@pytest.mark.parametrize(
    ("verdicts", "headline"),
    [
        ((), "No tests"),
        (("passed",), "1 test as expected"),
        (("passed", "skipped"), "All 2 tests as expected"),
        (("failed",), "1 of 1 test is not as expected"),
        (("failed", "error", "flaky"), "2 of 3 tests are not as expected"),
    ],
)
def test_small_runs(tmp_path: Path, show: Open, verdicts: tuple[str, ...], headline: str) -> None:
    every = [result(verdict, test=f"t{number}", attempts=()) for number, verdict in enumerate(verdicts)]
    page = show(written(run(*every), tmp_path))
    assert page.locator("#headline").inner_text() == headline
    assert page.locator("#list li").count() == len(verdicts)
    assert page.locator("#changes").is_hidden(), "nothing is known of earlier runs"
    if verdicts:
        page.locator("#list a").first.click()
        page.locator("#panel[open]").wait_for()
        assert page.locator("#panel .attempt").count() == 0
