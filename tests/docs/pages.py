"""The pages of the documentation: their fenced blocks, sections and tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOUND = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
PAGES = {path.relative_to(ROOT).as_posix(): path for path in FOUND}
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Fence:
    """A fenced block: the first word of its info string, the rest of it, and where it begins."""

    language: str
    info: str
    text: str
    where: str


def fences(page: str) -> list[Fence]:
    text = PAGES[page].read_text()
    result = []
    for found in FENCE.finditer(text):
        language, _, info = found[1].partition(" ")
        line = text.count("\n", 0, found.start()) + 1
        result.append(Fence(language, info, found[2], f"{page}:{line}"))
    return result


EVERY = [fence for page in PAGES for fence in fences(page)]
FILES = {fence.info: fence.text for fence in EVERY if fence.info not in {"", "fragment", "other"}}


def section(page: str, title: str) -> str:
    """What stands below a heading, up to the next of any level."""
    text = FENCE.sub("", PAGES[page].read_text())
    parts = HEADING.split(text)
    return {parts[at + 1]: parts[at + 2] for at in range(1, len(parts), 3)}[title]


def rows(text: str, header: str) -> dict[str, list[str]]:
    """The rows of all tables whose first column is called `header`, by their first cell without its marks."""
    found: dict[str, list[str]] = {}
    wanted = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if not cells:
            wanted = False
        elif cells[0] == header:
            wanted = True
        elif wanted and not line.startswith("|---"):
            names = re.findall(r"`([^`]+)`", cells[0]) or [cells[0]]
            found |= dict.fromkeys(names, cells)
    return found
