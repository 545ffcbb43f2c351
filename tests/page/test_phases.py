"""The panel of a test draws how far its boots had come when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from page.conftest import until, written

from bootmatrix.model import Attempt, Outcome, OutcomeKind, Phase, PhaseName, Result, Run, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from page.conftest import Open

pytestmark = pytest.mark.browser
STARTED = "2026-11-23T23:06:15.123Z"
ENDED = Outcome(OutcomeKind.EXITED, "0", "")
BROKEN_DOWN = (
    Phase(PhaseName.FIRMWARE, 0.1),
    Phase(PhaseName.ENTRY, 0.5),
    Phase(PhaseName.FIRST_BYTE, 0.5),
    Phase(PhaseName.READY, 1.0),
    Phase(PhaseName.END, 2.0),
)
AT_ONCE = (Phase(PhaseName.FIRST_BYTE, 0.004), Phase(PhaseName.END, 0.004))


def booted(test: str, phases: tuple[Phase, ...], **more: Attempt) -> Result:
    attempt = Attempt(1, Verdict.PASSED, "", ENDED, STARTED, 2.0, phases=phases, guests=more)
    return Result("c", test, Verdict.PASSED, attempts=(attempt,), seconds=2.0)


def of(name: str) -> str:
    return f"document.querySelector('#panel[open] h2')?.textContent.startsWith('{name}')"


def test_a_bar_has_a_part_for_each_phase_that_lasted(show: Open, tmp_path: Path) -> None:
    server = Attempt(1, Verdict.PASSED, "", ENDED, STARTED, 0.004, phases=AT_ONCE)
    end = booted("end-only", BROKEN_DOWN[-1:])
    told = (
        booted("whole", BROKEN_DOWN),
        replace(end, attempts=(replace(end.attempts[0], unjudged=("the limit of x is not judged: why",)),)),
        booted("two", (), server=server, other=server),
    )
    page = show(written(Run("1", STARTED, 3.0, "0", "bootmatrix run", {}, told), tmp_path))
    bars = page.locator("#panel .phase-bar")

    page.evaluate("go({ test: 'c/whole' })")
    until(page, of("whole"))
    assert bars.locator("svg").get_attribute("aria-label") == (
        "Starting 0.10 s, Firmware 0.40 s, Printing 0.50 s, Ready 1.00 s; 2.00 s in all"
    )
    drawn = bars.locator("rect").evaluate_all("(all) => all.map((each) => each.getBoundingClientRect().width)")
    assert [round(width / sum(drawn), 2) for width in drawn] == [0.05, 0.2, 0.25, 0.5]
    assert len(set(bars.locator("rect").evaluate_all("(all) => all.map((each) => getComputedStyle(each).fill)"))) == 4

    page.evaluate("go({ test: 'c/end-only' })")
    until(page, of("end-only"))
    assert bars.count() == 0

    assert "is not judged" in page.locator("#panel").inner_text()

    page.evaluate("go({ test: 'c/two' })")
    until(page, of("two"))
    words = [bars.nth(at).locator("svg").get_attribute("aria-label") for at in range(bars.count())]
    assert words == ["Starting 4.0 ms; 4.0 ms in all"] * 2
