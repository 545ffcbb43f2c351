"""What several tests use: small matrices, and the program run as users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import yaml

from bootmatrix.places.place import CONSOLE, END, TENDER, Exit, Job, Place

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


def bootmatrix(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The program, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "bootmatrix", *args],
        cwd=cwd,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def write_matrix(folder: Path, matrix: dict[str, Any]) -> Path:
    file = folder / "matrix.yaml"
    file.write_text(yaml.safe_dump(matrix, sort_keys=False))
    return file


def run_job(place: Place, job: Job) -> tuple[Exit, bytes, bytes]:
    """A job to its own end: how it ended, its console and its tender's output."""
    parts: dict[str, bytes] = {CONSOLE: b"", TENDER: b""}
    with place.start(job) as process:
        while (item := process.output.get(timeout=60))[0] != END:
            parts[item[0]] += item[1]
        return process.wait(), parts[CONSOLE], parts[TENDER]
