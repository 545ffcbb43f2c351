"""Tests that booted in turn: their sentence, and each measure's interval."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from page.conftest import until, watched, written

from bootmatrix.model import Attempt, Outcome, OutcomeKind, PairFinding, Result, Run, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
STARTED = "2026-11-23T23:06:15.123Z"
MEMORY = PairFinding(
    "ocaml", "4.14", "5.3", "more", "", "memory_peak", "B", "lower", 32 << 20, 40 << 20, 0.25, 0.24, 0.26, 0.02, 28
)
TIME = replace(MEMORY, verdict="same", name="boot_time", unit="s", change=0.001, low=-0.012, high=0.015)
MORE = replace(MEMORY, verdict="more", name="requests", unit="1/s", better="higher", change=0.1, low=0.09, high=0.11)
LOST = PairFinding("ocaml", "4.14", "5.3", "unknown", "5.3 came to 'failed' at its boot 3")


def test_each_pair_is_a_sentence_with_an_interval_for_each_measure(browser: Browser, tmp_path: Path) -> None:
    outcome = Outcome(OutcomeKind.EXITED, "0", "")
    attempts = (Attempt(1, Verdict.PASSED, "", outcome, STARTED, 0.1),)
    told = (
        Result("c", "lost", Verdict.PASSED, attempts=attempts, pairs=(LOST,)),
        Result("c", "alone", Verdict.PASSED, attempts=attempts),
        Result("c", "evil", Verdict.PASSED, attempts=attempts, pairs=(replace(TIME, value="<b>5.3\u202e"),)),
        Result("c", "t", Verdict.PASSED, attempts=attempts, pairs=(MEMORY, TIME, MORE)),
    )
    with watched(browser) as shown:
        page = shown(written(Run("1", STARTED, 3.0, "0", "bootmatrix run", {}, told), tmp_path))
        pairs = page.locator("#pairs .in-turn")
        assert [pairs.nth(at).locator(".test-link .name").inner_text() for at in range(3)] == ["t", "lost", "evil"]
        assert pairs.nth(0).locator(".said").inner_text() == (
            "against 4.14, 5.3 needs 25% more memory (24 to 26%), is as fast (-1.2 to +1.5%), "
            "and has 10% more requests (9 to 11%)"
        )
        assert "5.3 came to 'failed' at its boot 3" in pairs.nth(1).inner_text()
        assert pairs.nth(1).locator("svg").count() == 0
        assert "<b>5.3⟨U+202E⟩" in pairs.nth(2).inner_text()
        drawn = pairs.nth(0).locator("svg")
        kinds = [drawn.nth(at).get_attribute("class") for at in range(3)]
        assert kinds == ["interval worse", "interval even", "interval better"]
        assert drawn.nth(0).get_attribute("aria-label") == "memory_peak: needs 25% more memory (24 to 26%)"
        assert "32 MiB → 40 MiB" in pairs.nth(0).inner_text()
        page.evaluate("go({ test: 'c/t' })")
        until(page, "document.querySelector('#panel[open] .in-turn svg')")
        assert page.locator("#panel .in-turn svg").count() == 3
        page.evaluate("go({ test: 'c/alone' })")
        until(page, "document.querySelector('#panel[open] h2')?.textContent.includes('alone')")
        assert page.locator("#panel .in-turn").count() == 0


def test_a_run_without_pairs_has_no_word_of_them(browser: Browser, tmp_path: Path) -> None:
    with watched(browser) as shown:
        page = shown(written(Run("1", STARTED, 3.0, "0", "bootmatrix run", {}, ()), tmp_path))
        assert page.locator("#pairs").is_hidden()
