"""A test's panel tells all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from page.conftest import Open
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
FAILED = "gcc-debian-12-x86_64-qemu/tap"
QUARANTINED = "gcc-debian-12-x86_64-qemu/heap@pages=64,smp=2"
LONG = "clang-debian-12-aarch64-qemu/net"


def opened(show: Open, page: Path, test: str, **options: object) -> Page:
    made = show(page, f"#test={test.replace('/', '%2F').replace('=', '%3D').replace(',', '%2C')}", **options)
    made.locator("#panel[open]").wait_for()
    return made


def test_it_tells_verdict_reason_and_attempts(demo_page: Path, show: Open) -> None:
    panel = opened(show, demo_page, FAILED).locator("#panel")
    assert panel.locator(".panel-head .verdict").inner_text() == "failed"
    assert panel.locator(".panel-body > .reason").inner_text() == "exited(1) instead of exited(0)"
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


def test_it_shows_the_console_in_colour(demo_page: Path, show: Open) -> None:
    console = opened(show, demo_page, FAILED).locator(".attempt[open] .console")
    assert "Solo5: Bindings version v0.12.1\n[ok] memory map" in console.inner_text()
    assert "\x1b" not in console.inner_text()
    assert console.locator("span.bold", has_text="Solo5:").count() == 1
    warned = console.locator("span", has_text="[warn]").first
    assert warned.evaluate("(e) => getComputedStyle(e).color") == "rgb(210, 153, 34)"


def test_a_long_console_has_its_start_and_its_end(demo_page: Path, show: Open) -> None:
    page = show(demo_page, "#filter=test%3Dnet+verdict%3Dflaky,failed,quarantined")
    page.locator("#list a").first.click()
    page.locator("#panel[open]").wait_for()
    console = page.locator(".attempt[open] .console").inner_text()
    assert "are left out here" in console
    assert console.endswith("panic: out of cheese\n")
    assert "Solo5" in console


def test_the_whole_file_is_linked_relative_to_the_page(demo_page: Path, show: Open) -> None:
    page = opened(show, demo_page, QUARANTINED)
    link = page.locator(".attempt[open] a.whole")
    assert (
        link.get_attribute("href") == "./consoles/gcc-debian-12-x86_64-qemu/heap%40pages%3D64%2Csmp%3D2/2.console.log"
    )
    file = demo_page.parent / "consoles/gcc-debian-12-x86_64-qemu/heap@pages=64,smp=2/2.console.log"
    assert page.evaluate("(link) => new URL(link, location).href", link.get_attribute("href")).endswith(file.name)
    assert file.is_file()
    names = page.evaluate("['javascript:alert(1)', '/etc/passwd', '../x', '//h/x', 'a/../b', '', 'a?b#c'].map(fileUrl)")
    assert names == ["./javascript%3Aalert(1)", None, None, None, None, None, "./a%3Fb%23c"]


def test_quarantine_nights_and_measures(demo_page: Path, show: Open) -> None:
    page = opened(show, demo_page, QUARANTINED)
    assert "In quarantine until 2026-12-31" in page.locator(".quarantine").inner_text()
    assert "mia" in page.locator(".quarantine").inner_text()
    strip = page.locator(".strip")
    assert strip.locator(".night").count() == 23
    assert "1 quarantined" in (strip.get_attribute("aria-label") or "")
    spark = page.locator(".measures tr", has_text="boot_time").locator("svg")
    assert (spark.get_attribute("aria-label") or "").startswith("boot_time in ")
    assert "Mbit/s" in page.locator(".measures tr", has_text="throughput").inner_text()


def test_what_changed_leads_to_its_test(demo_page: Path, show: Open) -> None:
    page = show(demo_page)
    kinds = page.locator("#changes h3").all_inner_texts()
    assert [kind.rsplit(" ", 1)[0] for kind in kinds] == [
        "New failure", "Still failing", "Worse", "Flaky", "New", "Gone", "Fixed", "Better",
    ]  # fmt: skip
    assert "48 ms → 61 ms (+27.1%)" in page.locator(".kind.worse").inner_text()
    assert "10.0% of the runs (95%: 3.5% to 25.6%)" in page.locator(".kind.flaky").inner_text()
    assert page.locator(".kind.gone a").count() == 0, "it is not in this run"
    page.locator(".kind.new-failure a").first.click()
    page.locator("#panel[open]").wait_for()
    assert "new failure" in page.locator("#panel .changed").inner_text()
    page.keyboard.press("Escape")
    page.locator(".kind.still-failing .more").click()
    assert page.locator(".kind.still-failing li").count() == 7


@pytest.mark.parametrize("allowed", [True, False], ids=["clipboard", "without"])
def test_the_command_is_copied(demo_page: Path, show: Open, *, allowed: bool) -> None:
    page = opened(show, demo_page, FAILED, permissions=["clipboard-read", "clipboard-write"])
    if not allowed:  # as where a page may not use the clipboard: then it selects and copies
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.get_by_label("Copy the command that repeats it").click()
    page.get_by_text("Copied").first.wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"bootmatrix repro {FAILED}"
    assert page.locator("#panel textarea").count() == 0


def test_a_test_that_is_not_there(demo_page: Path, show: Open) -> None:
    assert "no such test" in opened(show, demo_page, "a/b").locator("#panel").inner_text()
