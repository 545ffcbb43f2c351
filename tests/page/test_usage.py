"""The panel of a test draws what its boots used while they ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from page.conftest import until, watched, written

from bootmatrix.model import Attempt, Outcome, OutcomeKind, Result, Run, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
STARTED = "2026-11-23T23:06:15.123Z"
CSV = "seconds,cpu_seconds,memory_bytes,memory_kind\n1.000,1.000,1048576,pss\n2.000,1.500,2097152,pss\n"


def test_a_passed_boot_has_curves_that_say_what_they_show(browser: Browser, tmp_path: Path) -> None:
    name = "consoles/c/long/1.usage.csv"
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(CSV)
    attempt = Attempt(1, Verdict.PASSED, "", Outcome(OutcomeKind.EXITED, "0", ""), STARTED, 2.5, files=(name,))
    told = (
        Result("c", "long", Verdict.PASSED, attempts=(attempt,), seconds=2.5),
        Result(
            "c",
            "short",
            Verdict.PASSED,
            attempts=(Attempt(1, Verdict.PASSED, "", Outcome(OutcomeKind.EXITED, "0", ""), STARTED, 0.1),),
        ),
    )
    run = Run("1", STARTED, 3.0, "0", "bootmatrix run", {}, told)
    with watched(browser) as shown:
        page = shown(written(run, tmp_path))
        page.evaluate("go({ test: 'c/long' })")
        until(page, "document.querySelector('#panel[open] .usage')")
        drawn = page.locator(".usage svg")
        words = [drawn.nth(at).get_attribute("aria-label") for at in range(drawn.count())]
        assert words == [
            "memory over 2.00 s: 1 MiB to 2 MiB, last 2 MiB",
            "busy processors over 2.00 s: 0.5 to 1, last 0.5",
        ]
        assert "its proportional set" in page.locator(".usage").inner_text()
        page.evaluate("go({ test: 'c/short' })")
        until(page, "document.querySelector('#panel[open] h2')?.textContent.includes('short')")
        assert page.locator(".usage").count() == 0
