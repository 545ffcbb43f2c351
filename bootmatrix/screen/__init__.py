"""The screen: a live one on a terminal, lines in a log, folded on GitHub."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bootmatrix.screen.contract import Screen, Shape

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Screen", "Shape", "make"]


def make(*, verbosity: int = 0, live: bool = True, flaky_fails: bool = False, console: Console | None = None) -> Screen:
    """`verbosity`: -1 tells failures only, 1 everything. rich decides about colours; it honours NO_COLOR.

    `flaky_fails`: a flaky test counts as a failure.
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
        return QuietScreen(pen, flaky_fails=flaky_fails)
    kind: type[PlainScreen | LiveScreen] = PlainScreen
    if live and console.is_interactive and console.file.isatty():  # rich calls a file a terminal if FORCE_COLOR is set
        kind = LiveScreen
    elif github:
        kind = GitHubScreen
    return kind(pen, verbose=verbosity > 0, flaky_fails=flaky_fails)
