"""Tests that booted in turn: their sentence, and each measure's interval."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from page.conftest import until, watched, written
from reports.examples import report

from bootmatrix import results
from bootmatrix.model import RANKS, Attempt, Outcome, OutcomeKind, PairFinding, Result, Run, Verdict

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


def in_turn(folder: Path, rows: int = 28, text: str | None = None) -> Result:
    """A test whose boots are in a table: all take as long on a host that becomes slower, but 5.3 takes 5% more."""
    name = "consoles/c/t/1.pair.csv"
    lines = ["boot,block,counts,value,started,seconds,verdict,boot_time,memory_peak"]
    for at in range(2 * rows):
        own, block = at % 4 in {1, 2}, at // 4 + 1
        seconds = 0.1 * (1 + block / 10) * (1.05 if own else 1)
        counts = "no" if block == 1 else "yes"
        lines.append(f"{at + 1},{block},{counts},{'5.3' if own else '4.14'},{STARTED},{seconds},passed,{seconds},1000")
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text("\n".join(lines) + "\n" if text is None else text)
    outcome = Outcome(OutcomeKind.EXITED, "0", "")
    attempts = (Attempt(1, Verdict.PASSED, "", outcome, STARTED, 0.1, files=(name,)),)
    slower = replace(TIME, verdict="more", change=0.05, low=0.04, high=0.06)
    return Result("c", "t", Verdict.PASSED, attempts=attempts, pairs=(slower, replace(MEMORY, boots=rows - 2)))


def test_the_panel_has_a_dot_for_each_boot_that_counts_and_reads_it_off(browser: Browser, tmp_path: Path) -> None:
    with watched(browser) as shown:
        page = shown(written(Run("1", STARTED, 3.0, "0", "bootmatrix run", {}, (in_turn(tmp_path),)), tmp_path))
        assert page.locator("#pairs svg .dots").count() == 0, "the list stays small"
        page.evaluate("go({ test: 'c/t' })")
        until(page, "document.querySelector('#panel[open] .in-turn svg .dots')")
        assert page.locator("#panel .in-turn svg").count() == 2
        picture = page.locator("#panel .in-turn svg").first
        assert [picture.locator(f".dots .{side}").count() for side in ("own", "base")] == [26, 26]
        places = [float(each.get_attribute("cx") or "") for each in picture.locator(".dots .own").all()]
        middle = float(picture.locator(".middle").get_attribute("cx") or "")
        assert places == pytest.approx([middle] * 26, abs=0.2), "the host's own pace is no difference"
        picture.focus()
        picture.press("Home")
        assert page.locator("#panel .told").first.inner_text() == (
            "boot 5, block 2: 4.14, 0.12 s, 0.0% more than 4.14 in this block"
        )
        picture.press("ArrowRight")
        second = "boot 6, block 2: 5.3, 0.13 s, 5.0% more than 4.14 in this block"
        assert picture.get_attribute("aria-valuetext") == second
        assert page.locator("#panel[open]").count() == 1
        picture.locator(".dots .own").nth(25).hover(force=True)
        assert page.locator("#panel .told").first.inner_text().startswith("boot 55, block 14: 5.3, 0.25 s, 5.0% more")
        page.mouse.move(5, 5)
        assert page.locator("#panel .told").first.inner_text().strip() == ""


@pytest.mark.parametrize(
    "text",
    ["", "nonsense\n1,2\n", "boot,block,counts,value,boot_time\nx,1,yes,5.3,1\n", '"' * 200_000, "counts\nyes\n\0"],
)
def test_a_table_of_boots_that_is_none_leaves_the_interval_alone(browser: Browser, tmp_path: Path, text: str) -> None:
    with watched(browser) as shown:
        made = in_turn(tmp_path, text=text)
        page = shown(written(Run("1", STARTED, 3.0, "0", "bootmatrix run", {}, (made,)), tmp_path))
        page.evaluate("go({ test: 'c/t' })")
        until(page, "document.querySelector('#panel[open] .in-turn svg')")
        assert page.locator("#panel .in-turn svg").count() == 2
        assert page.locator("#panel .dots").count() == 0


def test_of_very_many_boots_whole_blocks_are_drawn_and_of_very_many_tests_some(tmp_path: Path) -> None:
    report("html")
    boots, details = (importlib.import_module(f"bootmatrix.reports._page.{name}") for name in ("boots", "details"))
    made = in_turn(tmp_path, rows=1000)
    drawn = boots.drawn(tmp_path.resolve(), made)
    assert drawn is not None
    assert 120 <= len(drawn["number"]) <= boots.MOST
    blocks = drawn["block"]
    assert all(blocks.count(block) == 4 for block in blocks)
    assert max(blocks) > 450
    parts = details.Details(tmp_path.resolve(), [0] * 20, None)
    texts = [results.encode(replace(made, test=f"t{number}")).encode() for number in range(details.PAIRS + 50)]
    entries = [parts._entry(text, RANKS[Verdict.PASSED]) for text in texts]  # noqa: SLF001
    assert sum(b'"own":' in entry for entry in entries) == details.PAIRS


def test_a_run_without_pairs_has_no_word_of_them(browser: Browser, tmp_path: Path) -> None:
    with watched(browser) as shown:
        page = shown(written(Run("1", STARTED, 3.0, "0", "bootmatrix run", {}, ()), tmp_path))
        assert page.locator("#pairs").is_hidden()
