"""axe finds nothing to object to, in light, in dark, and with a test's panel open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import npm_shared

if TYPE_CHECKING:
    from pathlib import Path

    from page.conftest import Open
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.npm]
PANEL = "#test=gcc-debian-12-x86_64-qemu%2Ftap"
PAIR = "#test=clang-debian-13-aarch64-solo5-virtio%2Fclock"


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Axe's script, in exactly the version of package.json."""
    folder = npm_shared(tmp_path_factory, "axe-core")
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


def objections(page: Page, axe: str) -> list[Any]:
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        (rule["id"], node["html"][:200], node["failureSummary"][:300])
        for rule in found["violations"]
        for node in rule["nodes"][:3]
    ]


@pytest.mark.parametrize(
    "address",
    ["", PANEL, PAIR, "#filter=nokey%3D1&rows=test&rows=os&columns="],
    ids=["page", "panel", "pair", "filter"],
)
def test_axe_finds_nothing(demo_page: Path, show: Open, axe: str, address: str) -> None:
    page = show(demo_page, address, color_scheme="light", bypass_csp=True)
    if address in {PANEL, PAIR}:
        page.locator("#panel[open]").wait_for()
        page.evaluate("document.querySelectorAll('.attempt').forEach((each) => { each.open = true; })")
        assert (page.locator("#panel .dots").count() > 0) is (address == PAIR)
    else:
        page.click("#pivot summary")
        page.evaluate("scrollTo(0, byId('tests').offsetTop - 300)")
    assert objections(page, axe) == []
    page.emulate_media(color_scheme="dark")
    assert objections(page, axe) == []


def test_axe_finds_nothing_on_a_phone(demo_page: Path, show: Open, axe: str) -> None:
    page = show(demo_page, viewport={"width": 360, "height": 740}, bypass_csp=True)
    assert objections(page, axe) == []
