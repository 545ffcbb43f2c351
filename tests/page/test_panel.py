"""A test's panel tells all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from page.conftest import until, watched

from bootmatrix.history import findings, summary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser
FAILED = "gcc-debian-12-x86_64-qemu/tap"
QUARANTINED = "gcc-debian-12-x86_64-qemu/heap@pages=64,smp=2"


@pytest.fixture(scope="module")
def opened(browser: Browser, demo_page: Path) -> Iterator[Page]:
    with watched(browser) as shown:
        yield shown(demo_page, permissions=["clipboard-read", "clipboard-write"])


def panel_of(page: Page, test: str) -> Locator:
    page.evaluate("(test) => go({ test })", test)
    page.locator("#panel[open]").wait_for()
    return page.locator("#panel")


def test_it_tells_verdict_reason_and_attempts(page: Page) -> None:
    panel = panel_of(page, FAILED)
    assert panel.locator(".panel-head .verdict").inner_text() == "failed"
    assert panel.locator(".why .reason").inner_text() == "exited(1) instead of exited(0)"
    assert panel.locator(".attempt summary").all_inner_texts()[0].startswith("Attempt 2")
    last = panel.locator(".attempt[open]")
    assert last.count() == 1
    text = last.inner_text()
    for word in (
        "exited(1)",
        "the tender's exit status",
        "/dev/kvm is not there",
        "--net:service=tap0",
        "expected a reply",
    ):
        assert word in text
    facts = panel.locator(".known").last.inner_text()
    for word in ("debian-12:1f2e3d", "sha256:", "x86_64, AMD EPYC, 2 cores"):
        assert word in facts


def test_it_shows_the_console_in_colour(page: Page) -> None:
    console = panel_of(page, FAILED).locator(".attempt[open] .console")
    assert "Solo5: Bindings version v0.12.1\n[ok] memory map" in console.inner_text()
    assert "\x1b" not in console.inner_text()
    assert console.locator("span.bold", has_text="Solo5:").count() == 1
    warned = console.locator("span", has_text="[warn]").first
    assert warned.evaluate("(e) => getComputedStyle(e).color") == "rgb(210, 153, 34)"


def test_a_long_console_has_its_start_and_its_end(page: Page) -> None:
    page.evaluate("go({ filter: 'test=net verdict=flaky,failed,quarantined' })")
    page.locator("#tests-title", has_text=" of ").wait_for()
    page.locator("#list a").first.click()
    page.locator("#panel[open]").wait_for()
    console = page.locator(".attempt[open] .console").inner_text()
    assert "are left out here" in console
    assert console.endswith("panic: out of cheese\n")
    assert "Solo5" in console


def test_the_whole_file_is_linked_relative_to_the_page(page: Page, demo_page: Path) -> None:
    panel_of(page, QUARANTINED)
    link = page.locator(".attempt[open] a.whole")
    assert (
        link.get_attribute("href") == "./consoles/gcc-debian-12-x86_64-qemu/heap%40pages%3D64%2Csmp%3D2/2.console.log"
    )
    file = demo_page.parent / "consoles/gcc-debian-12-x86_64-qemu/heap@pages=64,smp=2/2.console.log"
    assert page.evaluate("(link) => new URL(link, location).href", link.get_attribute("href")).endswith(file.name)
    assert file.is_file()
    names = page.evaluate("['javascript:alert(1)', '/etc/passwd', '../x', '//h/x', 'a/../b', '', 'a?b#c'].map(fileUrl)")
    assert names == ["./javascript%3Aalert(1)", None, None, None, None, None, "./a%3Fb%23c"]


def test_quarantine_nights_and_measures(page: Page) -> None:
    panel_of(page, QUARANTINED)
    assert "In quarantine until 2026-12-31" in page.locator(".quarantine").inner_text()
    assert "mia" in page.locator(".quarantine").inner_text()
    strip = page.locator(".strip")
    assert strip.locator(".night").count() == 23
    assert "1 quarantined" in (strip.get_attribute("aria-label") or "")
    spark = page.locator(".measures tr", has_text="boot_time").locator("svg")
    assert (spark.get_attribute("aria-label") or "").startswith("boot_time in ")
    assert "Mbit/s" in page.locator(".measures tr", has_text="throughput").inner_text()


def test_what_changed_is_grouped_as_nightly_groups_it(page: Page, demo_page: Path) -> None:
    changes = findings.changes(demo_page.parent)
    assert changes
    kinds = [(kind, group, summary.alike(group)[0]) for kind, group in summary.by_kind(changes)]
    titles = [summary.title(kind, len(group)) for kind, group, _ in kinds]
    assert page.locator("#changes h3").all_inner_texts() == titles
    for kind, _, groups in kinds:
        section = page.locator(f".kind.{kind.replace(' ', '-')}")
        assert section.locator(".said").all_inner_texts() == [said for said, _ in groups]
    failing = page.locator(".kind.still-failing")
    assert failing.locator(".said").count() == 1, "7 tests of which the same is said"
    assert failing.locator("a").count() == 3
    failing.get_by_role("button", name="All 7 tests").click()
    assert failing.locator("a").count() == 7


def test_what_changed_leads_to_its_test(page: Page) -> None:
    assert page.locator(".kind.gone a").count() == 0, "it is not in this run"
    page.locator(".kind.new-failure a").first.click()
    page.locator("#panel[open]").wait_for()
    assert "new failure: exited(1) instead of exited(0)" in page.locator("#panel .changed").inner_text()


@pytest.mark.parametrize("allowed", [True, False], ids=["clipboard", "without"])
def test_the_command_is_copied(page: Page, *, allowed: bool) -> None:
    panel = panel_of(page, FAILED)
    if not allowed:  # as where a page may not use the clipboard: then it selects and copies
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    panel.get_by_label("Copy the command that repeats it").click()
    panel.get_by_text("Copied").first.wait_for()
    page.evaluate("() => { delete navigator.clipboard.writeText; }")
    assert page.evaluate("navigator.clipboard.readText()") == f"bootmatrix repro {FAILED}"
    assert page.locator("#panel textarea").count() == 0


def test_the_console_is_at_its_end_and_copied_as_it_is_seen(page: Page) -> None:
    told_of = "['flaky', 'failed', 'quarantined'].includes(verdictOf(row))"
    test = page.evaluate(f"idOf(everyRow().find((row) => nameOf(row) === 'net' && {told_of}))")
    console = panel_of(page, test).locator(".attempt[open] .console")
    console.wait_for()
    screen = "document.querySelector('.attempt[open] .console')"
    until(page, f"{screen}.scrollTop > 0 && {screen}.scrollTop + {screen}.clientHeight >= {screen}.scrollHeight - 1")
    page.get_by_role("button", name="Copy Console of attempt 2").click()
    page.locator("#panel").get_by_text("Copied").first.wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == console.inner_text()
    assert "are left out here" in copied
    assert copied.rstrip().endswith("panic: out of cheese")


def test_a_test_that_is_not_there(page: Page) -> None:
    assert "no such test" in panel_of(page, "a/b").inner_text()


def test_a_test_that_is_opened_as_soon_as_another_is_closed_stays_open(page: Page) -> None:
    """The browser tells of what is closed a little later; that is not of the test which is open by then."""
    first, second = page.evaluate("[idOf(list.rows[0]), idOf(list.rows[1])]")
    panel_of(page, first)
    closed = "new Promise((done) => byId('panel').addEventListener('close', () => done(location.hash), { once: true }))"
    again = "location.hash = ''; render(); location.hash = hashOf({ test: id }); render()"
    assert page.evaluate(
        f"async (id) => {{ const told = {closed}; {again}; return await told === hashOf({{ test: id }}) }}", second
    )
    until(page, "byId('panel').open && panel.row === list.rows[1]")


def test_what_the_browser_closes_is_no_longer_in_the_address(page: Page) -> None:
    panel_of(page, FAILED)
    page.evaluate("byId('panel').close()")
    until(page, "location.hash === '#' || location.hash === ''")
