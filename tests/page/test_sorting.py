"""The list of tests by verdict, name or time, as the page's address has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from page.conftest import until

if TYPE_CHECKING:
    from pathlib import Path

    from page.conftest import Open
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
VALUES = {
    "verdict": "[...list.rows].map((row) => tests.verdicts[row])",
    "time": "[...list.rows].map((row) => -tests.seconds[row])",
    "name": "[...list.rows].map((row) => nameOf(row))",
}


def natural(name: str) -> tuple[str, int]:
    head, _, number = name.partition("depth=")
    return head, int(number or 0)


@pytest.mark.parametrize("by", VALUES)
def test_a_click_sorts_and_another_turns_it(page: Page, by: str) -> None:
    button = page.locator(f"#sorting [data-sort={by}]")
    if by != "verdict":
        button.click()
    until(page, f"state.sort === '{by}'")
    values = page.evaluate(VALUES[by])
    assert values == sorted(values, key=natural if by == "name" else None)
    assert len(set(values)) > 1
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("#sorting [aria-pressed=true]").count() == 1
    button.focus()
    page.keyboard.press("Enter")
    until(page, f"state.sort === '-{by}'")
    assert page.evaluate(VALUES[by]) == values[::-1]
    assert page.evaluate("document.activeElement.dataset.sort") == by, "the focus stays"


def test_the_address_keeps_it(page: Page, demo_page: Path, show: Open) -> None:
    page.locator("#sorting [data-sort=time]").click()
    until(page, "location.hash === '#sort=time'")
    longest = page.evaluate("idOf(list.rows[0])")
    assert page.locator("#list a").first.get_attribute("data-test") == longest
    other = show(demo_page, "#sort=time&filter=verdict%3Dpassed,failed")
    values = other.evaluate(VALUES["time"])
    assert values == sorted(values)
    assert len(values) == 344
    other.evaluate("location.hash = '#sort=nonsense'")
    until(other, "state.sort === 'verdict' && list.rows.length === 384")


def test_next_goes_by_the_order_of_the_list(page: Page) -> None:
    page.evaluate("go({ sort: 'time' })")
    until(page, "state.sort === 'time'")
    page.locator("#list a").first.click()
    page.locator("#panel[open]").wait_for()
    second = page.evaluate("idOf(list.rows[1])")
    page.keyboard.press("j")
    until(page, f"state.test === {second!r}")
