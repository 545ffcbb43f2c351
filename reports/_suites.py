"""Suites written one by one: their cases go to a file at once, what stands around those when the totals are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable

CHUNK = 1 << 20
CHILDREN = "children"  # an element in place of those that are in a file: no text has its `<`


@dataclass(frozen=True)
class Suite:
    """A suite's own attributes and properties, as bytes before and after its cases: the next `size` of the body."""

    before: bytes
    after: bytes
    size: int


def add(body: IO[bytes], cases: Iterable[ET.Element]) -> int:
    """Append these elements; how many bytes they are."""
    parent = ET.Element(CHILDREN)
    parent.extend(cases)
    text: bytes = ET.tostring(parent, encoding="utf-8")
    return body.write(text.removeprefix(b"<children>").removesuffix(b"</children>"))


def around(element: ET.Element) -> tuple[bytes, bytes]:
    """What stands before and after the children that are still to come, behind those that it has."""
    ET.SubElement(element, CHILDREN)
    before, _, after = ET.tostring(element, encoding="utf-8").partition(b"<children />")
    return before, after


def join(root: ET.Element, suites: Iterable[Suite], body: IO[bytes], file: IO[bytes]) -> None:
    """The whole document, from the root without its suites and the cases of all of them in `body`."""
    before, after = around(root)
    file.write(b"<?xml version='1.0' encoding='utf-8'?>\n" + before)
    body.seek(0)
    for suite in suites:
        file.write(suite.before)
        for start in range(0, suite.size, CHUNK):
            file.write(body.read(min(CHUNK, suite.size - start)))
        file.write(suite.after)
    file.write(after)
