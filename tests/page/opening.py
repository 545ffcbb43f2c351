"""How long a browser takes to open a page: `python tests/page/opening.py PAGE...`.

The time is the browser's own, from the start of navigation until the first frame after the page was drawn.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROUNDS = 5
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"
NODES = "() => document.getElementsByTagName('*').length"
HEAP = "() => performance.memory.usedJSHeapSize"


def main(pages: list[str]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name in pages:
            times = []
            for _ in range(ROUNDS):
                page = browser.new_page()
                page.goto(Path(name).resolve().as_uri(), wait_until="load")
                times.append(page.evaluate(DRAWN))
                nodes, heap = page.evaluate(NODES), page.evaluate(HEAP)
                page.close()
            print(f"{name}: {statistics.median(times):.0f} ms, {nodes:,} elements, {heap >> 20} MiB of script's heap")  # noqa: T201
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
