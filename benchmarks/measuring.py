"""The one module that starts processes, and what they took."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contract import Failed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROGRAM = str(Path(sys.executable).with_name("bootmatrix"))
STOPWATCH = (sys.executable, "-I", "-S", str(Path(__file__).with_name("stopwatch.py")))
GRACE = 30.0  # seconds that a command has to clean up after us
TOLD = 1000  # characters of what a command that failed had printed


@dataclass(frozen=True)
class Taken:
    """Seconds on the clock, of processors, and to the first byte of output; bytes of memory at the peak."""

    wall: float
    cpu: float
    first: float
    peak: int
    output: str


def measured(argv: Sequence[str], cwd: Path) -> Taken:
    """The command to its end; raises Failed if its status is not 0."""
    head, _, tail = output([*STOPWATCH, *argv], cwd, name=argv).partition("\n")
    return Taken(**json.loads(head), output=tail)


def output(argv: Sequence[str], cwd: Path, name: Sequence[str] = ()) -> str:
    """What a command prints; raises Failed if its status is not 0, with `name` for the command."""
    with _started(argv, cwd) as process:
        printed, errors = process.communicate()
    if process.returncode:
        what = shlex.join(name or argv)[:TOLD]
        raise Failed(f"status {process.returncode} of {what}: {(printed + errors).strip()[-TOLD:]}")
    return printed


@contextlib.contextmanager
def _started(argv: Sequence[str], cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """A command in a process group of its own, which is ended when this is left."""
    with subprocess.Popen(
        argv,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
