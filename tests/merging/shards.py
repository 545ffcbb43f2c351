"""A matrix of three cells, and a project with the runs of its parts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from support import bootmatrix, script

from bootmatrix import results

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from bootmatrix.model import Result, Run

AXES = {"backend": ["command"], "mine": ["a", "b", "c"]}
TESTS = {
    "hello": script("echo SUCCESS; echo seen >&2", expect={"console": "SUCCESS"}),
    "status": script("echo SUCCESS; exit 3", expect={"outcome": "exited(3)"}),
}
IDS = [f"command-{mine}/{test}" for mine in "abc" for test in TESTS]


@dataclass(frozen=True)
class Project:
    """A matrix of three cells, and the runs of its parts below `parts/`, as download-artifact would put them there."""

    folder: Path

    def merge(self, *options: str) -> CompletedProcess[str]:
        return bootmatrix("merge", "parts", *options, cwd=self.folder)

    def part(self, number: int) -> Path:
        """The folder of a part's run."""
        return self.folder / f"parts/bootmatrix-{number}"

    @property
    def merged(self) -> Run:
        return results.load(self.folder / "out/latest/results.json")

    def verdicts(self) -> dict[str, str]:
        return {result.id: result.verdict for result in self.merged.results}

    def change(self, number: int, change: Callable[[Result], Result], **head: Any) -> None:
        file = self.part(number) / "results.json"
        run = results.load(file)
        results.write(replace(run, results=(), **head), file)
        lines = ",\n".join(json.dumps(asdict(change(result))) for result in run.results)  # whatever is in them
        file.write_bytes(file.read_bytes().replace(results.CLOSING, f"{lines}\n".encode() + results.CLOSING))
