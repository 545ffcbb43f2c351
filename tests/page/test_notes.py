"""The panel of a test shows what was found out beside its console, and links the files that other programs open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from page.conftest import until, watched, written
from reports.examples import of_guests, run

from bootmatrix.model import Attempt, CheckResult, Outcome, OutcomeKind, Result, Run, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
STARTED = "2026-11-23T23:06:15.123Z"
NAMES = tuple(f"consoles/c/web/1.{name}" for name in ("packets.txt", "packets.pcapng", "checks.log"))


def test_packets_can_be_read_and_their_file_be_opened(browser: Browser, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"this is {name.rpartition('.')[0]} <b>\x1b[31m\n")
    attempt = Attempt(1, Verdict.FAILED, "x", Outcome(OutcomeKind.STOPPED), STARTED, 2.5, files=NAMES)
    told = Run("1", STARTED, 3.0, "0", "run", {}, (Result("c", "web", Verdict.FAILED, attempts=(attempt,)),))
    with watched(browser) as shown:
        page = shown(written(told, tmp_path))
        page.evaluate("go({ test: 'c/web' })")
        until(page, "document.querySelector('#panel[open] .files')")
        printed = page.locator("#panel .printed")
        texts = [printed.nth(at).inner_text() for at in range(printed.count())]
        assert [text.split("\n")[0] for text in texts] == ["Packets"]
        assert "this is consoles/c/web/1.packets <b>" in texts[0]
        links = page.locator("#panel .files a")
        assert [links.nth(at).inner_text() for at in range(links.count())] == ["1.packets.pcapng", "1.checks.log"]
        assert str(links.first.get_attribute("href")).endswith("/consoles/c/web/1.packets.pcapng")


def test_what_the_guest_was_asked_is_told_in_its_order(browser: Browser, tmp_path: Path) -> None:
    checks = (
        CheckResult("ping", "passed", 0.25, report="sent=10 lost=0%"),
        CheckResult("http /<b>", "failed", 1.0, "answered 500 instead of 200"),
        CheckResult("tcp 22", "not run", 0.0, "an earlier check failed"),
    )
    attempt = Attempt(1, Verdict.FAILED, "x", Outcome(OutcomeKind.STOPPED), STARTED, 2.5, checks=checks)
    told = Run("1", STARTED, 3.0, "0", "run", {}, (Result("c", "web", Verdict.FAILED, attempts=(attempt,)),))
    with watched(browser) as shown:
        page = shown(written(told, tmp_path))
        page.evaluate("go({ test: 'c/web' })")
        until(page, "document.querySelector('#panel[open] .cases')")
        lines = page.locator("#panel .cases li")
        assert [lines.nth(at).inner_text().split() for at in range(lines.count())] == [
            ["passed", "ping", "in", "0.25", "s", "sent=10", "lost=0%"],
            ["failed", "http", "/<b>", "in", "1.00", "s", "answered", "500", "instead", "of", "200"],
            ["not", "run", "tcp", "22", "in", "0.00", "s", "an", "earlier", "check", "failed"],
        ]


def test_each_guest_of_several_is_shown_with_its_console(browser: Browser, tmp_path: Path) -> None:
    with watched(browser) as shown:
        page = shown(written(run(of_guests(tmp_path)), tmp_path))
        page.evaluate("go({ test: 'gcc-debian-12-x86_64-qemu/talk' })")
        until(page, "document.querySelector('#panel[open] .attempt .attempt')")
        guests = page.locator("#panel .attempt .attempt")
        assert [guests.nth(at).locator("summary").inner_text().split()[:2] for at in range(guests.count())] == [
            ["server", "passed"],
            ["client", "failed"],
        ]
        assert [guests.nth(at).get_attribute("open") for at in range(guests.count())] == [None, ""]
        assert "printed by client" in guests.nth(1).inner_text()
