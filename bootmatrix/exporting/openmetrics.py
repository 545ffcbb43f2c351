"""OpenMetrics to a Prometheus Pushgateway, whose group of the same branch it replaces as a whole.

Source: github.com/prometheus/pushgateway, README, "URL": a label of the group whose value may have a slash is written
in base64.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote

from bootmatrix import texts
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.exporting.sending import Sender
    from bootmatrix.model import Run

HEADERS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}

LONGEST = 200  # characters of a branch


def send(file: Path, run: Run, sender: Sender) -> str:
    """The whole file at once; what was sent, for people. Raises InfrastructureError."""
    url = sender.target.url
    if url.path in {"", "/"}:
        url = url._replace(path=group(run.branch))
    sender.send("PUT", url.geturl(), file)
    with file.open("rb") as lines:
        return how_many(sum(not line.startswith(b"#") for line in lines), "number")


def group(branch: str) -> str:
    """The path of the group of a branch."""
    word = base64.urlsafe_b64encode(texts.line(branch, LONGEST).encode("utf-8", "replace")).decode()
    return f"/metrics/job/bootmatrix/branch@base64/{quote(word)}" if word else "/metrics/job/bootmatrix"
