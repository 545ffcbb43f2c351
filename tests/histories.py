"""Runs, nights and points made by hand, for the tests of the history."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from bootmatrix.history.database import Database
from bootmatrix.history.findings import Night
from bootmatrix.history.point import Point
from bootmatrix.model import Attempt, Measure, Outcome, Result, Run, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CELL = "gcc-debian-12-x86_64-qemu"
SIGNS = {
    "P": "passed",
    "y": "flaky",
    "F": "failed",
    "T": "timed out",
    "C": "contradicted",
    "B": "error",  # the build
    "I": "error",  # the infrastructure
    "s": "skipped",
    "x": "expected failure",
    "U": "unexpected pass",
    "q": "quarantined",
    "?": "undecided",
}


def slow(past: object, instead: str) -> None:
    """From now on each query is another one: none of ours takes as long."""
    assert isinstance(past, Database)

    def changed(_connection: object, _cursor: object, statement: str, given: object, *_: object) -> tuple[str, object]:
        return (instead, ()) if statement.startswith("SELECT") else (statement, given)

    event.listen(past.engine, "before_cursor_execute", changed, retval=True)


def night(number: int, **more: Any) -> Night:
    return Night(run=f"r{number:04}", started=started(number), commit=f"{number:040x}", branch="main", **more)


def started(number: int) -> str:
    return f"2026-01-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00Z"


def point(run: str, sign: str, test: str = "hello", **more: Any) -> Point:
    made = Point(
        run=run,
        cell=CELL,
        test=test,
        verdict=Verdict(SIGNS[sign]),
        reason="" if sign == "P" else f"why {SIGNS[sign]}",
        values={"arch": "x86_64"},
        attempts=1,
        failed=0,
        host="a laptop",
        accelerator="tcg",
        digest="sha256:1",
        measures=(),
        infrastructure=sign == "I",
    )
    return replace(made, **more)


def points(nights: Sequence[Night], **tests: str) -> Iterator[Point]:
    """For each test a sign for each night; `.` where it was not run."""
    for test, signs in tests.items():
        for one, sign in zip(nights, signs, strict=True):
            if sign != ".":
                yield point(one.run, sign, test)


def result(test: str = "hello", verdict: str = "passed", seconds: float = 0.15, **more: Any) -> Result:
    tried = Attempt(
        number=1,
        verdict=Verdict(verdict),
        reason="",
        outcome=Outcome("exited", "0"),
        started="",
        seconds=seconds,
        accelerator="tcg",
        memory=32 << 20,
        metrics=(Measure("requests", 1000.0, "1/s", "higher"),),
    )
    made = Result(
        cell=CELL,
        test=test,
        verdict=Verdict(verdict),
        reason="" if verdict == "passed" else f"why {verdict}",
        seconds=seconds,
        attempts=(tried,),
        axes={"compiler": "gcc", "arch": "x86_64", "format": "elf"},
        digest="sha256:1",
        size=70_000,
        host="a laptop",
    )
    return replace(made, **more)


def run(number: int, *results: Result, **more: Any) -> Run:
    made = Run(
        id=f"r{number:04}",
        started=started(number),
        seconds=1.0,
        version="1",
        command="bootmatrix run",
        host={},
        results=results,
        commit=f"{number:040x}",
        branch="main",
    )
    return replace(made, **more)


WRITER = """
import sys
from pathlib import Path
from histories import run, result
from bootmatrix.history.database import opened
sys.stdin.readline()
for number in map(int, sys.argv[2:]):
    with opened(Path(), sys.argv[1]) as past:
        past.record(run(number, *(result(f"t{n}") for n in range(number, number + 700))))
"""


def written(url: str, folder: Path, numbers: list[list[int]]) -> list[int]:
    """How processes ended that record so many runs each, all at once."""
    tests = str(Path(__file__).parent)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])}
    commands = [[sys.executable, "-c", WRITER, url, *map(str, some)] for some in numbers]
    processes = [subprocess.Popen(each, env=env, cwd=folder, stdin=subprocess.PIPE) for each in commands]
    for process in processes:
        assert process.stdin
        process.stdin.close()
    return [process.wait(120) for process in processes]
