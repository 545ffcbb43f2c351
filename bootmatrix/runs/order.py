"""The order in which runs started: `order.txt` beside the runs' folders names them in turn.

Not by clocks: a machine's may be set back, and then the newest run would count as an old one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from bootmatrix import files
from bootmatrix.errors import Fatal, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FILE = "order.txt"
LARGEST = 256 << 20  # bytes: some million runs
LATEST = "latest"


def begun(out: Path, run: str) -> None:
    """The run is the newest now; raises OSError."""
    with _locked(out) as descriptor:
        os.lseek(descriptor, 0, os.SEEK_END)
        os.write(descriptor, f"\n{run}".encode())  # a name that was cut off by a power cut keeps its own line


def newest_first(out: Path, runs: Iterable[str]) -> list[str]:
    """Runs whose turn is not known come last: an older bootmatrix made them, and their names begin with the time."""
    turns = _turns(out)
    return sorted(runs, key=lambda run: (turns.get(run, -1), run), reverse=True)


def point_at(out: Path, run: str) -> None:
    """Let `latest` point to the run, unless it points to a newer one; raises OSError, Fatal if a folder is there."""
    with _locked(out):
        now = ""
        with contextlib.suppress(OSError):
            now = os.readlink(out / LATEST)  # noqa: PTH115  # the name itself
        if (out / now).is_dir() and newest_first(out, {run, now} - {""})[0] != run:
            return
        _link(out / f".{LATEST}-{run}", out / LATEST, run)


def _link(link: Path, latest: Path, run: str) -> None:
    try:
        files.remove(link)  # of one that died here
        link.symlink_to(run)
        link.replace(latest)
    except OSError as error:
        link.unlink(missing_ok=True)
        if not latest.is_dir() or latest.is_symlink():
            raise
        what = f"the link {latest} cannot be set to {run}: {error.strerror}"
        raise Fatal(Problem(what, remedy="it is a folder: move it away")) from None


def _turns(out: Path) -> dict[str, int]:
    """By run; none where the file is missing or spoilt: then names decide."""
    try:
        text = files.read(out / FILE, LARGEST).decode("utf-8", "replace")
    except OSError:
        return {}
    return {run: turn for turn, run in enumerate(text.split("\n")) if run}


@contextlib.contextmanager
def _locked(out: Path) -> Iterator[int]:
    """Two runs in one folder take turns."""
    descriptor = files.taken(out / FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
