"""The screen: a live one on a terminal, lines in a log, folded on GitHub."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bootmatrix.screen.contract import Screen, Shape

if TYPE_CHECKING:
    from collections.abc import Collection

    from rich.console import Console

    from bootmatrix.model import Verdict

__all__ = ["Screen", "Shape", "make"]


def make(
    *, verbosity: int = 0, live: bool = True, failing: Collection[Verdict] = (), console: Console | None = None
) -> Screen:
    """`verbosity`: -1 tells failures only, 1 everything. rich decides about colours; it honours NO_COLOR.

    `failing`: good verdicts that count as failures in this run.
    """
    from rich.console import Console  # noqa: PLC0415

    from bootmatrix.screen.github import GitHubScreen  # noqa: PLC0415
    from bootmatrix.screen.live import LiveScreen  # noqa: PLC0415
    from bootmatrix.screen.pen import Pen  # noqa: PLC0415
    from bootmatrix.screen.plain import PlainScreen, QuietScreen  # noqa: PLC0415

    console = console or Console()
    github = os.environ.get("GITHUB_ACTIONS") == "true"
    pen = Pen(console, github=github)
    if verbosity < 0:
        return QuietScreen(pen, failing=failing)
    kind: type[PlainScreen | LiveScreen] = PlainScreen
    if live and console.is_interactive and console.file.isatty():  # rich calls a file a terminal if FORCE_COLOR is set
        kind = LiveScreen
    elif github:
        kind = GitHubScreen
    return kind(pen, verbose=verbosity > 0, failing=failing)
