"""A project in a temporary folder: a matrix of our own, and runs in it."""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import measuring
from benchmarks.contract import UNIKERNELS, Failed
from bootmatrix.runs import journal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.measuring import Taken

CELL = {"compiler": ["gcc"], "os": ["debian-12"], "arch": ["x86_64"]}
GUEST = "guest"  # a file that stands for a unikernel where any command is booted


@dataclass(frozen=True)
class Done:
    """A run that came to its end: what the command took, and the run's folder."""

    taken: Taken
    folder: Path

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [entry.event for entry in journal.read(self.folder) if entry.event["event"] == kind]

    def boots(self) -> float:
        """Seconds from the start of the first boot to the end of the last."""
        started, finished = self.events("boot started"), self.events("boot finished")
        return float(finished[-1]["monotonic"] - started[0]["monotonic"])

    def steady(self, workers: int) -> float:
        """Seconds of a boot once each worker has its container: from the end of their first boots to the last end."""
        ends = [event["monotonic"] for event in self.events("boot finished")]
        return float(ends[-1] - ends[workers - 1]) / (len(ends) - workers)

    def results(self) -> Iterator[dict[str, Any]]:
        file = self.folder / "results.json"
        return iter(json.loads(file.read_bytes())["results"])


class Project:
    def __init__(self, folder: Path, matrix: Mapping[str, Any]) -> None:
        self.folder = folder
        (folder / GUEST).write_text("any file\n")
        (folder / "matrix.yaml").write_text(json.dumps(matrix))  # which is YAML, too, and written sooner
        self._numbers = itertools.count(1)

    def fresh(self) -> Path:
        """A folder for runs that knows nothing of earlier ones."""
        return self.folder / f"out-{next(self._numbers)}"

    def run(self, *args: str, out: Path | None = None) -> Done:
        """Raises Failed unless every boot passed."""
        out = out or self.fresh()
        asked = ["run", "--allow", str(UNIKERNELS), "--out", str(out), *args]
        taken = measuring.measured([measuring.PROGRAM, *asked], self.folder)
        done = Done(taken, (out / "latest").resolve())
        verdicts = done.events("run finished")[-1]["verdicts"]
        if set(verdicts) != {"passed"}:
            raise Failed(f"not all boots passed, but {verdicts}: {taken.output[-measuring.TOLD :]}")
        return done


@contextlib.contextmanager
def project(matrix: Mapping[str, Any]) -> Iterator[Project]:
    """A project that is gone afterwards, with its runs."""
    with tempfile.TemporaryDirectory(prefix="bootmatrix-bench-") as folder:
        yield Project(Path(folder), matrix)


def command(*words: str, **fields: Any) -> dict[str, Any]:
    """A test that boots a command line."""
    return {"unikernel": GUEST, "runner": {"command": list(words)}, **fields}


def numbered(count: int) -> list[str]:
    """Values of an axis or a parameter."""
    return [str(number) for number in range(count)]
