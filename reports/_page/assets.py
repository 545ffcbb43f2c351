"""The page's own style and script, joined from their sources, with the hashes by which its policy knows them."""

from __future__ import annotations

import base64
import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

HERE = Path(__file__).resolve().parent
STYLES = ("theme", "layout", "failures", "changes", "pairs", "grid", "list", "panel", "phases", "soak", "console")
SCRIPTS = (  # each uses, as it is read, only those before it
    "texts",
    "tests",
    "glob",
    "filter",
    "state",
    "dom",
    "chips",
    "ansi",
    "consoles",
    "traits",
    "overview",
    "failures",
    "others",
    "changes",
    "covered",
    "pairs",
    "dots",
    "pivot",
    "boxes",
    "grid",
    "blocks",
    "sorting",
    "list",
    "narrowing",
    "details",
    "trends",
    "known",
    "usage",
    "chart",
    "soak",
    "phases",
    "attempts",
    "panel",
    "theme",
    "main",
)


@dataclass(frozen=True)
class Asset:
    """`hash` as a Content-Security-Policy has it."""

    text: Markup
    hash: str


@functools.cache
def style() -> Asset:
    return _joined("css", STYLES)


@functools.cache
def script() -> Asset:
    return _joined("js", SCRIPTS)


def _joined(kind: str, names: tuple[str, ...]) -> Asset:
    text = "\n".join((HERE / f"{name}.{kind}").read_text(encoding="utf-8") for name in names)
    if "</" in text:
        raise ValueError(f"an end tag in the page's {kind}")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Asset(Markup(text), f"sha256-{digest}")  # noqa: S704  # our own sources
