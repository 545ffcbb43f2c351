"""A large run on disk, and its reports: `python -m benchmarks.writing FOLDER` writes junit.xml and results.json and
prints the seconds, `python -m benchmarks.writing FOLDER NAME` only the report of this name.
"""

from __future__ import annotations

import json
import sys
import time
from array import array
from pathlib import Path

from bootmatrix import plugins, results
from bootmatrix.model import Attempt, Outcome, Result, Run, Verdict
from bootmatrix.runs.store import Store

RUN, PLACES = "run", "places.json"
STARTED = "2026-01-01T00:00:00.000Z"
AXES = ("compiler", "os", "arch", "number")
OF_CELL, OF_FAILURES = 100, 100  # tests of a cell; one test of so many fails
LINE = "[    1.234567] a line of a console, with a <tag>, an & and some \x1b[31mcolour\x1b[0m\n"
CONSOLE = (LINE * 64)[:4096]


def prepare(out: Path, tests: int) -> None:
    """The journal and the consoles of a run, and where the journal has each result."""
    store = Store(out, RUN, tests)
    places = [store.keep(number, _result(store.folder, number)) for number in range(tests)]
    store.close()
    (out / PLACES).write_text(json.dumps({"places": places, "verdicts": store.verdicts}))


def _result(folder: Path, number: int) -> Result:
    cell, test = f"gcc-debian-12-x86_64-{number // OF_CELL:04}", f"test@n={number % OF_CELL}"
    failed = number % OF_FAILURES == OF_FAILURES // 2
    verdict, reason = ("failed", "exited(1) instead of exited(0)") if failed else ("passed", "exited(0)")
    console = ""
    if failed:
        console = f"consoles/{cell}/{test}/1.console.log"
        (folder / console).parent.mkdir(parents=True)
        (folder / console).write_text(CONSOLE)
    attempt = Attempt(
        number=1,
        verdict=Verdict(verdict),
        reason=reason,
        outcome=Outcome("exited", "1" if failed else "0", "exit status"),
        started=STARTED,
        seconds=0.25,
        console=console,
        console_bytes=len(CONSOLE),
        command=("/usr/local/bin/solo5-spt", "--mem=64", "--", f"/unikernels/test.{number}.spt", "Hello"),
    )
    return Result(
        cell=cell,
        test=test,
        verdict=Verdict(verdict),
        reason=reason,
        seconds=0.25,
        started=STARTED,
        attempts=(attempt,),
        axes={"compiler": "gcc", "os": "debian-12", "arch": "x86_64", "number": f"{number // OF_CELL:04}"},
        image="localhost/bootmatrix/debian-12:0123456789abcdef",
        unikernel="test.spt",
        repro=f"bootmatrix repro {cell}/{test}",
        key=f"{number:016x}",
    )


def write(out: Path) -> float:
    """Seconds that junit.xml and results.json take."""
    run, folder = _opened(out)
    report = plugins.load("reports", "junit", out).Report()
    began = time.monotonic()
    results.write(run, folder / "results.json")
    report.write(run, folder, folder / report.filename)
    return time.monotonic() - began


def write_one(out: Path, name: str) -> float:
    """Seconds that one report takes."""
    run, folder = _opened(out)
    report = plugins.load("reports", name, out).Report()
    began = time.monotonic()
    report.write(run, folder, folder / report.filename)
    return time.monotonic() - began


def _opened(out: Path) -> tuple[Run, Path]:
    """The run as it is at its end, its results still in the journal."""
    told = json.loads((out / PLACES).read_bytes())
    at, length = (array("q", numbers) for numbers in zip(*told["places"], strict=True))
    folder = out / RUN
    stored = results.Stored(folder / "events.jsonl", at, length)
    host = {"name": "host"}
    return Run(RUN, STARTED, 60.0, "0", "bootmatrix run", host, stored, verdicts=told["verdicts"], axes=AXES), folder


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    print(write_one(folder, sys.argv[2]) if sys.argv[2:] else write(folder))  # noqa: T201
