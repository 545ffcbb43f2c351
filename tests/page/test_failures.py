"""Why tests failed stands first: each reason once, with its place, its console's end, and the command to repeat it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from page.conftest import until, watched, written
from reports.examples import attempt, result, run, with_console

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from page.conftest import Open
    from playwright.sync_api import Browser, Page

    from bootmatrix.model import Result

pytestmark = pytest.mark.browser
CELLS = ("gcc-debian-12-x86_64-qemu", "gcc-debian-13-x86_64-qemu", "clang-debian-12-x86_64-qemu")
LINES = [f"line {number}" for number in range(30)]
LOG = """build net-gcc ended with status 2: src/net.c:12:9: error: 'mtu' undeclared
    out/run/logs/build-net-gcc.log, line 31:
    src/net.c: In function 'send':
    src/net.c:12:9: error: 'mtu' undeclared
       12 |   if (mtu < size)
          |       ^~~"""
SKIPS = ("this host has no solo5-spt\n    install Solo5", "no /dev/kvm")
REASONS = [f"exited({number}) instead of exited(0)" for number in range(1, 8)]
MANY = 30
IN_SIGHT = """[...document.querySelectorAll(".overview li")].map((li) => [
  li.getBoundingClientRect().bottom < innerHeight,
  ...["a", ".which", ".where", "button"].map((part) => li.querySelector(part).innerText)])"""
NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })"
BACK = "delete navigator.clipboard"


def failing(folder: Path) -> Iterator[Result]:
    """One reason of 6 tests, another of 2, seven of one, a failed build of 2 tests; a console that cannot be read."""
    for cell in CELLS:
        for test in ("net", "tap"):
            made = result("failed", cell, test, reason="crashed(SIGSEGV) instead of exited(0)")
            yield with_console(made, folder, "\n".join(LINES) + "\n\x1b[31mdouble fault\x1b[0m\n\n")
        if cell != CELLS[0]:
            yield result("error", cell, "block", reason=LOG.replace("net-gcc", f"net-{cell}"))
    for cell in CELLS[:2]:
        yield result("timed out", cell, "clock", reason="no end within 30 s")
    for number, reason in enumerate(REASONS):
        yield result("failed", test=f"exit-{number}", reason=reason, where=f"matrix.yaml:{number + 20}:3")
    lost = attempt(1, "failed", console="consoles/none.log", console_bytes=7)
    yield result("failed", test="lost", reason="lost", attempts=(lost,))
    yield result("flaky", test="flaky")
    for cell in CELLS:
        yield result(cell=cell, test="passing")
        for number, reason in enumerate(SKIPS):
            yield result("skipped", cell, f"skip-{number}", reason=reason, where="")


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("failing")
    file = written(run(*failing(folder), axes=("compiler", "os", "arch", "backend")), folder)
    rights = ["clipboard-read", "clipboard-write"]
    with watched(browser) as shown:
        yield shown(file, viewport={"width": 1440, "height": 900}, permissions=rights)


def test_each_reason_is_told_once_the_most_frequent_first(page: Page) -> None:
    cards = page.locator(".card")
    assert page.locator("#failures .legend").inner_text() == "11 reasons, the most frequent first"
    assert cards.count() == 11
    assert [card.locator(".facts-line span").all_inner_texts() for card in cards.all()[:3]] == [
        ["failed", "6 tests"],
        ["timed out", "2 tests"],
        ["error", "2 tests"],
    ]
    assert cards.nth(0).locator("h3").inner_text() == "crashed(SIGSEGV) instead of exited(0)"


def test_the_first_screenful_tells_what_where_why_and_what_to_do(page: Page) -> None:
    seen = page.evaluate(IN_SIGHT)
    assert seen[1] == [True, "no end within 30 s", "clock", "ci/matrix.yaml:7:3", "Copy command"]
    assert len(seen) == 11
    assert all(all(each) for each in seen), "all of it is known of each, and in sight"


def test_a_reason_at_a_glance_leads_to_where_it_is_told(page: Page) -> None:
    page.locator(".overview a", has_text="exited(7)").click()
    title = page.locator(".card h3", has_text="exited(7)")
    until(page, "document.activeElement.textContent.startsWith('exited(7)')")
    found = title.bounding_box()
    assert found
    assert 0 < found["y"] < 850
    assert page.evaluate("location.hash") in {"", "#"}


def test_what_the_tests_have_in_common(page: Page) -> None:
    first, second = page.locator(".card").nth(0), page.locator(".card").nth(1)
    assert first.locator(".common .pair").count() == 0, "every axis with several values has several"
    assert first.locator(".common").inner_text() == "every compiler; every os; test net, tap"
    assert second.locator(".common .pair").all_inner_texts() == ["compiler gcc", "test clock"]
    assert "all 2 of them" in second.locator(".common").inner_text()
    assert second.locator(".test-link").all_inner_texts() == [f"clock {cell}" for cell in CELLS[:2]]


def test_all_tests_of_a_reason_fill_the_list_and_a_link_keeps_it(page: Page) -> None:
    card = page.locator(".card").nth(0)
    assert card.locator(".test-link").count() == 4
    card.get_by_role("button", name="All 6 tests").click()
    page.locator("#tests-title", has_text="Tests 6 of").wait_for()
    assert "crashed(SIGSEGV)" in page.locator("#narrowed").inner_text()
    assert set(page.evaluate("[...list.rows].map(verdictOf)")) == {"failed"}
    page.reload()
    assert page.locator("#tests-title").inner_text().startswith("Tests 6 of")
    page.get_by_role("button", name="Show all", exact=True).click()
    until(page, "state.why === 0")


def test_the_consoles_last_lines_stand_straight_after_the_reason(page: Page) -> None:
    card = page.locator(".card").nth(0)
    assert card.locator("h3 + .printed h4").inner_text() == "Its console ends"
    screen = card.locator("h3 + .printed pre")
    assert screen.is_visible()
    assert screen.inner_text().split("\n") == [*LINES[-11:], "double fault"]
    assert screen.locator("span").evaluate("(e) => getComputedStyle(e).color") != "rgb(214, 221, 229)", "in its colour"
    whole = card.get_by_role("link", name="The whole console").get_attribute("href")
    assert whole == page.evaluate("fileUrl(groups[0].file)")
    assert "It printed nothing." in page.locator(".card", has_text="exited(1)").inner_text()
    lost = "consoles/none.log cannot be read: No such file or directory."
    assert lost in page.locator(".card", has_text="lost").inner_text()


def test_a_failed_build_shows_the_compilers_error(page: Page) -> None:
    card = page.locator(".card.error")
    assert card.count() == 1, "one mistake, whichever build it failed"
    assert card.locator("h3 + .printed pre").inner_text() == "\n".join(line[4:] for line in LOG.split("\n")[2:])
    assert card.get_by_role("link", name="The whole log").get_attribute("href") == (
        "./logs/build-net-gcc-debian-13-x86_64-qemu.log"
    )
    card.locator(".test-link").first.click()
    page.locator("#panel[open]").wait_for()
    panel = page.locator("#panel .why")
    assert panel.locator(".reason").inner_text().endswith("error: 'mtu' undeclared")
    assert "if (mtu < size)" in panel.locator("pre").inner_text()
    assert "ci/matrix.yaml:7:3" in panel.inner_text()


def test_a_guest_that_words_its_reason_as_a_builds_hides_no_console(page: Page) -> None:
    card = f"failureCard({{ ...groups[0], reason: {LOG!r} }})"
    assert page.evaluate(f"{card}.querySelector('h4').textContent") == "Its console ends"
    assert "double fault" in page.evaluate(f"{card}.querySelector('.console').textContent")


@pytest.mark.parametrize("clipboard", [True, False], ids=["clipboard", "without"])
def test_consoles_and_commands_are_copied_by_keyboard(page: Page, *, clipboard: bool) -> None:
    card = page.locator(".card").nth(0)
    console = card.get_by_role("button", name="Copy End of the console of")
    command = card.get_by_role("button", name="Copy the command that repeats")
    wanted = ["\n".join([*LINES[-11:], "double fault"]), f"bootmatrix repro {CELLS[0]}/net"]
    for button, text in zip((console, command), wanted, strict=True):
        if not clipboard:
            page.evaluate(NO_CLIPBOARD)
        button.focus()
        page.keyboard.press("Enter")
        button.locator("+ [role=status]", has_text="Copied").wait_for(state="attached")
        assert button.inner_text() == "Copied"
        assert button.evaluate("(e) => document.activeElement === e"), "the focus stays"
        page.evaluate(BACK)
        assert page.evaluate("navigator.clipboard.readText()") == text
        assert page.locator("textarea").count() == 0


def test_all_consoles_and_commands_have_a_button(page: Page) -> None:
    bare = "[...document.querySelectorAll('pre')].filter((e) => !e.parentNode.querySelector('.copy')).length"
    assert page.evaluate(bare) == 0
    page.evaluate("go({ test: idOf(groups[0].rows[0]) })")
    page.locator("#panel[open] .console").first.wait_for()
    assert page.evaluate(bare) == 0


def test_skips_have_a_line_for_each_reason_with_what_would_make_them_run(page: Page) -> None:
    lines = page.locator(".other.skipped .line")
    assert [line.inner_text().split("\n")[0] for line in lines.all()] == [
        "this host has no solo5-spt → install Solo5 skip-0",
        "no /dev/kvm skip-1",
    ]
    lines.nth(0).get_by_role("button", name="All 3 tests").click()
    page.locator("#tests-title", has_text="Tests 3 of").wait_for()
    assert page.locator(".other.flaky .line").count() == 1
    assert page.locator(".other.quarantined").count() == 0


def test_of_very_many_reasons_the_largest_are_told(tmp_path: Path, show: Open) -> None:
    many = [result("failed", test=f"t{number}", reason=f"reason {number}") for number in range(MANY)]
    twice = replace(many[-1], test="again")
    page = show(written(run(*many, twice), tmp_path))
    assert page.locator(".card h3").all_inner_texts()[:2] == [f"reason {MANY - 1}", "reason 0"]
    assert page.locator(".card").count() == 20
    page.get_by_role("button", name=f"All {MANY} reasons").click()
    assert page.locator(".card").count() == MANY


def test_one_reason_needs_no_overview(tmp_path: Path, show: Open) -> None:
    page = show(written(run(result("failed")), tmp_path))
    assert page.locator("#failures .legend").inner_text() == "1 reason"
    assert page.locator(".overview").count() == 0
    assert page.locator(".card .test-link").count() == 1


def test_where_all_is_fine_there_is_no_reason(tmp_path: Path, show: Open) -> None:
    page = show(written(run(result(), result("expected failure", test="known")), tmp_path))
    assert page.locator("#failures").is_hidden()
    assert page.locator("#others").is_hidden()
