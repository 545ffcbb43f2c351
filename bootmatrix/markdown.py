"""Markdown around texts that nobody vouches for: they stand in code only, where nothing means anything.

There, CommonMark knows no link, image, tag, reference or emphasis, and GitHub turns no `@name` into a mention and no
`#1` into a link. What could end the code is a run of backticks as long as that which began it; so that is longer.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING

from bootmatrix import texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TICKS = re.compile("`+")
PLAIN = re.compile(r"(?!.*(?:://|www\.))[\w .,:;%+→()/=?…-]*")  # nothing of it is more than a text
SHOWN = 200  # characters of a text within a line
COMMENT = 60_000  # bytes of an issue or a comment: GitHub takes 65,536 characters
SPARE = 200  # of them for the line that says that there is more


class Paper:
    """A file that takes at most so many bytes of what is `offered`, and whatever is `put`, which must be short."""

    def __init__(self, file: IO[str], limit: int) -> None:
        self.file, self.room = file, limit

    def put(self, text: str) -> None:
        self.file.write(text)
        self.room -= _size(text)

    def offer(self, blocks: Iterable[str], share: float = 1.0) -> int:
        """Put whole blocks until one has no place in this share of the room; how many there were."""
        least, count = self.room * (1 - share), 0
        for block in blocks:
            if self.room - _size(block) < least:
                break
            self.put(block)
            count += 1
        return count


def comment(lines: Iterable[str], more: str) -> str:
    """Lines for an issue or a comment on GitHub: the first COMMENT bytes of them; `more` says where the others are."""
    said: list[str] = []
    left = COMMENT - SPARE
    for line in lines:
        left -= _size(line) + 1
        if left < 0:
            said.append(f"\n… and more{more}")
            break
        said.append(line)
    return "\n".join(said) + "\n"


def code(text: str, most: int = SHOWN) -> str:
    """A text as code within a line; empty if it is."""
    shown = texts.line(text, most)
    if not shown:
        return ""
    fence = "`" * (_longest(shown) + 1)
    space = " " if "`" in (shown[0], shown[-1]) else ""
    return f"{fence}{space}{shown}{space}{fence}"


def block(text: str, language: str = "text") -> str:
    """A text as a block of code."""
    shown = texts.visible(text).strip("\n")
    fence = "`" * max(3, _longest(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}\n"


def cell(text: str, most: int = SHOWN) -> str:
    """A text as code in a table, where a bar would end it, escaped or not as the reader will have it."""
    return code(text, most).replace("|", "¦")


def plain(text: str, most: int = SHOWN) -> str:
    """A text as it is, where that is harmless, else as code; for a table, too."""
    return text if PLAIN.fullmatch(text) else cell(text, most)


def within_html(text: str) -> str:
    """A text inside of an element, where code would be none."""
    return "".join(char if PLAIN.fullmatch(char) else f"&#{ord(char)};" for char in texts.harmless(text))


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def header(titles: Sequence[str], numbers: int = 0) -> str:
    """A table's first two lines; its last so many columns are numbers."""
    words = len(titles) - numbers
    return row(titles) + row(["---"] * words + ["--:"] * numbers)


def folded(title: str, text: str) -> str:
    """`text` is Markdown; `title` is ours."""
    return f"<details><summary>{title}</summary>\n\n{text}\n</details>\n"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _longest(text: str) -> int:
    return max((len(found) for found in TICKS.findall(text)), default=0)
