"""A browser for all tests; each opens pages that must ask for nothing and break no rule of their own."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import once
import pytest
from page import demo
from playwright.sync_api import sync_playwright

from bootmatrix import plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Dialog, Page

    from bootmatrix.model import Report, Run

    Open = Callable[..., Page]

ROOT = Path(__file__).parents[2]
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]
PATIENCE = 60_000  # milliseconds: much, since a busy machine is no fault of the page


def written(run: Run, folder: Path) -> Path:
    report: Report = plugins.load("reports", "html", ROOT / "docs").Report()
    target = folder / report.filename
    report.write(run, folder, target)
    return target


def until(page: Page, condition: str) -> None:
    """Waits for what must come true in the page; Playwright's own way is `eval`, which the page's policy forbids."""
    look = f"const look = () => ({condition}) ? done() : requestAnimationFrame(look); look();"
    state = "[location.hash, document.visibilityState, document.activeElement?.id, panel.open, panel.row].join(' ')"
    late = f"setTimeout(() => fail(new Error({condition!r} + ' never came true; there is ' + {state})), {PATIENCE})"
    page.evaluate(f"new Promise((done, fail) => {{ {late}; {look} }})")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def demo_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_page(tmp_path_factory, "20261123-230615-1230abcde")


@pytest.fixture(scope="session")
def large_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 10,000 tests."""
    return shared_page(tmp_path_factory, "large", 10_000)


def shared_page(factory: pytest.TempPathFactory, name: str, *tests: int) -> Path:
    made = once.made(factory, f"page-{name}", lambda folder: written(demo.made(folder / name, *tests), folder / name))
    return next(made.glob("*/*.html"))


@contextlib.contextmanager
def watched(browser: Browser) -> Iterator[Open]:
    """Opens pages from the disk; in the end these must have asked for nothing else, and made no error or dialog."""
    wrong: list[str] = []
    contexts = []

    def refused(dialog: Dialog) -> None:
        wrong.append(dialog.message)
        dialog.dismiss()

    def shown(file: Path, address: str = "", **options: Any) -> Page:
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        url = file.as_uri()
        page.on("request", lambda request: wrong.append(request.url) if request.url.partition("#")[0] != url else None)
        page.on("console", lambda told: wrong.append(told.text) if told.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", refused)
        page.goto(f"{url}{address}")
        return page

    yield shown
    for context in contexts:
        context.close()
    assert [each for each in wrong if not each.startswith("data:")] == []


@pytest.fixture
def show(browser: Browser) -> Iterator[Open]:
    with watched(browser) as shown:
        yield shown


def as_opened(page: Page) -> Page:
    """A page that several tests share, as it was when it was opened: to open another takes a second."""
    page.evaluate("document.activeElement.blur(); location.hash = ''; scrollTo(0, 0)")
    until(page, "hashOf({}) === '#' && !byId('panel').open")
    return page


@pytest.fixture(scope="module")
def opened(browser: Browser, demo_page: Path) -> Iterator[Page]:
    """The demo, unless a file of tests opens something else."""
    with watched(browser) as shown:
        yield shown(demo_page)


@pytest.fixture
def page(opened: Page) -> Page:
    return as_opened(opened)
