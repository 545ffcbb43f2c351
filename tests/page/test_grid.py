"""The grid sums the tests that it stands for, by any keys, and leads to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from page import demo
from page.conftest import until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
NONE = "\N{EN DASH}"
BOXES = """() => Object.fromEntries([...document.querySelectorAll("#grid td button")].map((button) => {
  const [what, where] = button.getAttribute("aria-label").split(": ");
  return [where, what];
}))"""


def goes(page: Page, keys: str) -> None:
    page.evaluate(f"location.hash = '#{keys}'")
    until(page, f"hashOf({{}}) === '#{keys}'")


def summed(folder: Path, keys: list[str]) -> dict[str, str]:
    """What each box must say, from the results themselves."""
    from bootmatrix import results  # noqa: PLC0415
    from bootmatrix.model import SEVERITY  # noqa: PLC0415

    boxes: dict[str, list[str]] = {}
    for result in results.open_run(folder / "results.json").results:
        where = ", ".join({**result.values, "test": result.axes["test"]}.get(key, NONE) for key in keys)
        boxes.setdefault(where, []).append(result.verdict)
    said = {}
    for where, verdicts in boxes.items():
        worst = min(verdicts, key=SEVERITY.index)
        having, total = f"{verdicts.count(worst)}", f"{len(verdicts)}"
        number = "" if total == "1" else total if having == total else f"{having}/{total}"
        said[where] = f"{number} {worst}".strip()
    return said


def test_it_shows_the_worst_of_the_tests_of_a_box(page: Page, demo_page: Path) -> None:
    assert page.evaluate(BOXES) == summed(demo_page.parent, ["test", "arch", "backend"])
    assert page.evaluate("run.keys") == [*demo.AXES, "depth", "pages", "smp", "test"]


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(["arch"], ["backend"]), (["os", "test"], ["compiler", "depth"]), ([], ["arch"]), (["backend"], []), ([], [])],
)
def test_any_keys_make_rows_and_columns(page: Page, demo_page: Path, rows: list[str], columns: list[str]) -> None:
    goes(page, "&".join([*(f"rows={key}" for key in rows or [""]), *(f"columns={key}" for key in columns or [""])]))
    assert page.evaluate(BOXES) == summed(demo_page.parent, [*rows, *columns])


def test_its_headers_are_nested_and_scoped(page: Page) -> None:
    heads = page.locator("#grid thead tr").first.locator("th[scope=colgroup]")
    assert heads.all_inner_texts() == list(demo.AXES["arch"])
    assert {head.get_attribute("colspan") for head in heads.all()} == {str(len(demo.AXES["backend"]))}
    assert page.locator("#grid tbody th[scope=row]").first.inner_text() == "hello"
    assert page.locator("#grid thead tr").last.locator("th[scope=col]").count() == 1 + 12


def test_each_verdict_has_a_sign_of_its_own(page: Page) -> None:
    goes(page, "columns=backend&columns=arch&columns=os&columns=compiler")
    shapes = page.evaluate("run.severity.map((v) => document.getElementById(`sign-${slug(v)}`).innerHTML)")
    assert len(set(shapes)) == len(shapes) == 11
    used = (
        "[...document.querySelectorAll('#grid use')].every((use) => document.querySelector(use.getAttribute('href')))"
    )
    assert page.evaluate(used)


def test_a_key_moves_by_its_controls(page: Page, demo_page: Path) -> None:
    page.click("#pivot summary")
    page.get_by_label("Where os is").focus()
    page.get_by_label("Where os is").select_option("rows")
    page.locator("#grid th", has_text="debian-13").first.wait_for()
    assert page.evaluate("[state.rows, state.columns]") == [["test", "os"], ["arch", "backend"]]
    assert page.evaluate("document.activeElement.dataset.pivot") == "place os", "the focus stays on the control"
    page.get_by_label("Move os up").click()
    until(page, "state.rows[0] === 'os'")
    page.get_by_label("Where test is").select_option("summed")
    until(page, "state.rows.length === 1")
    assert page.evaluate(BOXES) == summed(demo_page.parent, ["os", "arch", "backend"])
    page.get_by_text("Swap rows and columns").click()
    until(page, "state.columns[0] === 'os'")
    page.get_by_text("Reset").click()
    until(page, "location.hash === ''")


def test_a_box_narrows_the_list_to_its_tests(page: Page) -> None:
    box = page.locator("#grid td button[aria-label*='/4 failed: tap, x86_64, qemu']")
    box.click()
    page.locator("#narrowed .pair").first.wait_for()
    assert page.locator("#tests-title").inner_text() == "Tests 4 of 384"
    assert {text.split()[0] for text in page.locator("#list .id").all_inner_texts()} == {"tap"}
    assert page.locator("#list .verdict").first.inner_text() == "failed"
    page.get_by_text("Show all", exact=True).click()
    until(page, "state.at.length === 0")
    assert page.locator("#tests-title").inner_text() == "Tests 384"


def test_a_box_of_one_test_opens_it(page: Page) -> None:
    goes(page, "rows=test&rows=depth&columns=compiler&columns=os&columns=arch&columns=backend")
    page.locator("#grid td button").first.click()
    page.locator("#panel[open]").wait_for()
    assert page.evaluate("state.test") == "gcc-debian-12-x86_64-qemu/hello"


def test_empty_combinations_have_no_button(page: Page) -> None:
    goes(page, "columns=depth")
    row = page.locator("#grid tbody tr", has_text="hello")
    assert row.locator("td").count() == 3
    assert row.locator("td.empty").count() == 2
    assert row.locator("button").count() == 1


def test_arrow_keys_move_between_boxes(page: Page) -> None:
    first = page.locator("#grid td button[tabindex='0']")
    assert first.count() == 1, "one stop for the Tab key"
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").endswith(": net, x86_64, solo5-hvt")
    assert page.locator("#grid td button[tabindex='0']").count() == 1


def test_the_filter_holds_for_the_grid(page: Page) -> None:
    page.fill("#filter", "backend=solo5-* test=hello")
    page.locator("#tests-title", has_text="of 384").wait_for()
    assert {where.split(", ")[0] for where in page.evaluate(BOXES)} == {"hello"}
    assert all("qemu" not in where for where in page.evaluate(BOXES))
