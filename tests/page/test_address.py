"""What the reader looks at is in the page's address, and all of it can be reached by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from page.conftest import until

if TYPE_CHECKING:
    from pathlib import Path

    from page.conftest import Open
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
STATE = "({ ...state })"


@pytest.fixture
def page(demo_page: Path, show: Open) -> Page:
    return show(demo_page)


def focused(page: Page) -> str:
    element = "document.activeElement"
    found: str = page.evaluate(
        f"{element}.id || {element}.dataset.index || {element}.dataset.test || {element}.className"
    )
    return found


def test_a_link_shows_what_its_sender_saw(page: Page, demo_page: Path, show: Open) -> None:
    page.fill("#filter", 'arch=x86_64 "test=stack,hello"')
    page.locator("#tests-title", has_text="of 384").wait_for()
    page.click("#pivot summary")
    page.get_by_label("Where compiler is").select_option("columns")
    page.locator("#grid th", has_text="clang").first.wait_for()
    page.locator("#grid td button[aria-label*='4 passed: stack']").first.click()
    page.locator("#narrowed .pair").first.wait_for()
    page.locator("#list a").first.click()
    page.locator("#panel[open]").wait_for()
    state = page.evaluate(STATE)
    assert state["filter"] == 'arch=x86_64 "test=stack,hello"'
    assert state["at"][0] == ["test", "stack"]
    assert state["test"].partition("/")[2].startswith("stack@depth=")
    other = show(demo_page, f"#{page.url.partition('#')[2]}")
    other.locator("#panel[open]").wait_for()
    assert other.evaluate(STATE) == state
    for part in ("#grid", "#narrowed", "#tests-title", "#panel", "#filter-note"):
        assert other.locator(part).inner_text() == page.locator(part).inner_text()
    assert other.input_value("#filter") == state["filter"]
    assert other.evaluate("[...list.rows].map(idOf)") == page.evaluate("[...list.rows].map(idOf)")


def test_back_and_forward(page: Page) -> None:
    page.click(".chip.failed")
    page.locator("#tests-title", has_text="6 of 384").wait_for()
    page.locator("#list a").first.click()
    page.locator("#panel[open]").wait_for()
    page.go_back()
    page.locator("#panel:not([open])").wait_for(state="attached")
    assert page.locator("#tests-title").inner_text() == "Tests 6 of 384"
    page.go_back()
    page.locator("#tests-title", has_text="Tests 384").wait_for()
    assert page.input_value("#filter") == ""
    page.go_forward()
    page.go_forward()
    page.locator("#panel[open]").wait_for()
    assert page.input_value("#filter") == "verdict=failed"


def test_chips_add_and_take_verdicts(page: Page) -> None:
    page.fill("#filter", "test=tap")
    page.click(".chip.failed")
    page.click(".chip.passed")
    until(page, "state.filter === 'test=tap verdict=failed,passed'")
    assert page.locator(".chip[aria-pressed=true]").count() == 2
    page.click(".chip.failed")
    page.click(".chip.passed")
    until(page, "state.filter === 'test=tap'")
    assert page.locator(".chip[aria-pressed=true]").count() == 0


def test_an_address_of_nonsense_is_the_whole_page(demo_page: Path, show: Open) -> None:
    page = show(demo_page, "#rows=nokey&columns=arch&columns=arch&at=nokey%3D1&filter=nokey%3D1&x=%zz&test")
    assert page.locator("#tests-title").inner_text() == "Tests 384"
    assert page.evaluate("[state.rows, state.columns, state.at]") == [[], ["arch"], []]
    assert "no axis or parameter 'nokey'" in page.locator("#filter-note").inner_text()


def test_slash_goes_to_the_filter_and_escape_leaves_it(page: Page) -> None:
    page.keyboard.press("/")
    assert focused(page) == "filter"
    page.keyboard.type("test=tap")
    page.keyboard.press("Enter")
    page.locator("#tests-title", has_text="48 of 384").wait_for()
    assert page.locator("#filter-note").get_attribute("aria-live") == "polite"
    assert page.locator("#filter-note").inner_text() == "48 tests of 384"
    page.keyboard.press("Escape")
    assert focused(page) != "filter"
    page.click("#clear")
    page.locator("#tests-title", has_text="Tests 384").wait_for()


def test_the_panel_takes_the_focus_and_gives_it_back(page: Page) -> None:
    page.locator("#list a").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert focused(page) == "3"
    chosen = page.evaluate("idOf(list.rows[3])")
    page.keyboard.press("Enter")
    page.locator("#panel[open]").wait_for()
    assert focused(page) == "panel-title"
    assert page.locator("#panel").get_attribute("aria-labelledby") == "panel-title"
    page.keyboard.press("j")
    until(page, f"state.test !== {chosen!r}")
    page.keyboard.press("k")
    until(page, f"state.test === {chosen!r}")
    for _ in range(40):
        page.keyboard.press("Tab")
        inside = "document.activeElement === document.body || byId('panel').contains(document.activeElement)"
        assert page.evaluate(inside), "the focus stays in the dialog"
    page.keyboard.press("Escape")
    page.locator("#panel:not([open])").wait_for(state="attached")
    assert focused(page) == "3"


def test_the_tab_key_reaches_everything(page: Page) -> None:
    reached: list[str] = []
    page.keyboard.press("Tab")
    assert focused(page) == "skip"
    while not any(each.isdecimal() for each in reached[-1:]) and len(reached) < 200:
        page.keyboard.press("Tab")
        reached.append(focused(page))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    for part in ("theme", "filter", "grid"):
        assert part in reached
    assert any(each.startswith("chip") for each in reached)
    assert page.evaluate("state.test") == ""
    page.keyboard.press("Tab")
    assert not focused(page).isdecimal(), "one stop for the whole list"


def test_skip_leads_to_the_tests(page: Page) -> None:
    page.locator("#skip").focus()
    page.keyboard.press("Enter")
    assert focused(page) == "tests"
    assert page.evaluate("state.filter") == ""
