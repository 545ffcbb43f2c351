"""A unikernel of this project, booted by bootmatrix in containers and by hand: the figures of throughput share it."""

from __future__ import annotations

import contextlib
import csv
import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import measuring, needs
from benchmarks.contract import UNIKERNELS, Failed, Measure, Sample
from benchmarks.project import CELL, Done, numbered, project

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.contract import Target
    from benchmarks.project import Project

WORKERS = 2
FEWEST = 2 * WORKERS  # boots of which some are not a worker's first
MS = 1000.0
MOUNT = "--mount="  # a row of CSV
ENTRYPOINT, SHELL = "--entrypoint=", 4  # the word before the image, and how many before the tender's own
# $1: how many boots; then the command. Prints the nanoseconds that they took together, after one that is not counted.
BARE = f"""
count=$1; shift
"$@" </dev/null 2>/dev/null | grep -q SUCCESS || {{ echo "it does not print SUCCESS: $*"; exit 1; }}
begin=$(date +%s%N)
seq "$count" | xargs -P{WORKERS} -I@@ "$@" >/dev/null 2>&1
status=$?
end=$(date +%s%N)
[ "$status" = 0 ] || [ "$status" = 123 ] || {{ echo "xargs ends with status $status: $*"; exit 1; }}
echo "$((end - begin))"
"""  # 123: QEMU's status is the guest's, and 1 is this guest's success


@dataclass(frozen=True)
class Hello:
    """`count` boots in a project; `words` boot one by hand, as `bootmatrix repro` prints them."""

    project: Project
    count: int
    argv: tuple[str, ...]
    words: tuple[str, ...]

    def run(self) -> Done:
        return self.project.run("-j", str(WORKERS))

    def bare(self, count: int, argv: Sequence[str], shell: Sequence[str] = ("sh",)) -> float:
        """Seconds of so many boots by xargs, one process each; `shell` is where xargs runs."""
        told = measuring.output([*shell, "-c", BARE, "sh", str(count), *argv], self.project.folder)
        return int(told) / 1e9

    def on_host(self) -> tuple[str, ...]:
        """The tender's command line with this host's own paths."""
        rows = csv.reader(word.removeprefix(MOUNT) for word in self.words if word.startswith(MOUNT))
        fields = (dict(each.split("=", 1) for each in row if "=" in each) for row in rows)
        mounts = {each["target"]: each["source"] for each in fields}
        return tuple(_translated(word, mounts) for word in self.argv)

    def in_container(self, name: str) -> tuple[str, ...]:
        """A shell in one container of the same image with the same mounts; for all boots, so without a boot's limit."""
        at = self.words.index(ENTRYPOINT)
        kept = [word for word in self.words[2:at] if not word.startswith("--memory")]
        return (*self.words[:2], f"--name={name}", *kept, *self.words[at : at + 2], "sh")


def measures(what: str, against: str, target: Target) -> tuple[Measure, ...]:
    """What `compared` finds."""
    first = f"{what}, -j {WORKERS}, from the first start to the last end"
    steady = "the same without the first boot of each worker, for which a container starts"
    whole = "the same of the whole command, its own start and end included"
    return (
        Measure("boots", first, against, target=target, of="ms"),
        Measure("steady", steady, against, of="ms"),
        Measure("command", whole, against, of="ms"),
    )


def compared(done: Done, count: int, each: float, other: str) -> dict[str, Sample]:
    """How often the seconds of one of a run's boots go into those that each takes the other way."""
    ours = {"boots": done.boots() / count, "steady": done.steady(WORKERS), "command": done.taken.wall / count}
    return {
        name: Sample(each / seconds, {"bootmatrix": seconds * MS, other: each * MS}) for name, seconds in ours.items()
    }


def _translated(word: str, mounts: dict[str, str]) -> str:
    for inside, source in mounts.items():
        if word == inside or word.startswith(f"{inside}/"):
            return source + word.removeprefix(inside)
    return word


@contextlib.contextmanager
def hello(backend: str, count: int) -> Iterator[Hello]:
    """The image, the build and the tender are known and used once when this begins; `count` is FEWEST at least."""
    needs.containers()
    with project(matrix(backend, count)) as made:
        (first,) = made.run("n=0").results()
        argv = tuple(first["attempts"][0]["command"])
        yield Hello(made, count, argv, _by_hand(made.folder, f"{first['cell']}/{first['test']}", argv))


def _by_hand(folder: Path, test: str, argv: tuple[str, ...]) -> tuple[str, ...]:
    told = measuring.output([measuring.PROGRAM, "repro", "--allow", str(UNIKERNELS), test], folder)
    words = tuple(shlex.split(told.strip().splitlines()[-1]))
    if words[words.index(ENTRYPOINT) + 2 + SHELL :] != argv:
        raise Failed(f"repro has another command line than the run: {shlex.join(words)}")
    return words


def matrix(backend: str, count: int) -> dict[str, Any]:
    """The project's own build and hello; under TCG, which each machine has."""
    build = {
        "source": os.fspath(UNIKERNELS),
        "axes": ["compiler", "os", "arch"],
        "prefixes": [str(needs.SOLO5)],
        "run": 'make -j"$JOBS" ARCH="$ARCH" OUT="$OUT"',
    }
    own = {"qemu": {"runner": {"accel": "tcg"}, "exit_codes": {"1": "passed"}}}
    fields = own.get(backend, {"runner": {"prefix": str(needs.SOLO5)}})
    test = {"args": ["Hello"], "params": {"n": numbered(count)}, "expect": {"console": "SUCCESS"}, **fields}
    return {"axes": {**CELL, "backend": [backend]}, "builds": {"unikernels": build}, "tests": {"hello": test}}
