"""A page that is written, and the data in it."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import TYPE_CHECKING, Any

from reports.examples import written

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Run


def page(made: Run, folder: Path) -> str:
    return written("html", made, folder).read_text(encoding="utf-8")


def data(text: str, name: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text)
    assert found
    return json.loads(found[1])


def entries(text: str) -> list[list[Any]]:
    """`[result, consoles, trend, boots]` of each test."""
    chunks = re.findall(r'<script type="application/zlib" data-first="(\d+)">([^<]*)</script>', text)
    found: list[list[Any]] = []
    for first, chunk in chunks:
        assert int(first) == len(found)
        found += json.loads(zlib.decompress(base64.b64decode(chunk)))
    return found
