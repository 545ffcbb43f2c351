"""What several tests use: small matrices, and the program run as users run it."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import once
import pytest
import warm
import yaml

import bootmatrix as bootmatrix_itself
from bootmatrix.model import Result
from bootmatrix.places.place import CONSOLE, END, TENDER, Exit, Job, Place, Process
from bootmatrix.runs import journal

if TYPE_CHECKING:
    from typing import Any

    from bootmatrix.boots.boot import Booter
    from bootmatrix.planning.step import BootStep

# setpriv itself still has root's rights when it starts a program; what that starts has them no more
OTHER = ("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "env", "--unset=HOME")
# with a node for taps of its own, since the host's may be for root alone
OWN_TUN = ("sh", "-c", 'mount -t tmpfs tmpfs /dev/net && mknod -m 0666 /dev/net/tun c 10 200 && exec "$@"', "sh")
OTHER_WITH_TAPS = ("unshare", "--mount", "--propagation=private", *OWN_TUN, *OTHER)
# the same program that the tests import: installed, it has its bytecode beside it
PATHS = f"{Path(bootmatrix_itself.__file__).resolve().parent.parent}:{sysconfig.get_path('purelib')}"
PACKAGES = Path(__file__).with_name("package.json")
HAD = re.compile(
    r"(no end|no console output) (?:within|for)(?: [0-9.]+ (?:ms|s|min))+(?:, in which it had [0-9]+% of a processor)?"
)


def bootmatrix(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The program, without a terminal."""
    return warm.run(*args, cwd=cwd, **env)


def as_other(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The program, run by a user who is not root and has no home; skipped where that cannot be."""
    if os.getuid():
        pytest.skip("to be another user needs root")
    return subprocess.run(
        [*OTHER, others_python(), "-m", "bootmatrix", *args],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": PATHS, "PYTHONDONTWRITEBYTECODE": "1", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@functools.cache
def others_python() -> str:
    """A Python that another user may start, and that has what we need."""
    for program in (sys.executable, "/usr/bin/python3"):
        tried = [*OTHER, program, "-c", "import bootmatrix.cli, docker, pydantic, regex, scipy, sqlalchemy"]
        env = {**os.environ, "PYTHONPATH": PATHS}
        if not subprocess.run(tried, cwd="/", env=env, capture_output=True, check=False).returncode:
            return program
    pytest.skip("no Python here that another user may start")


def npm_shared(factory: pytest.TempPathFactory, *names: str) -> Path:
    """As below, in a folder of all workers."""
    return once.made(factory, f"npm-{names[0]}", lambda folder: npm_install(folder, *names))


def npm_install(folder: Path, *names: str) -> Path:
    """The folder with these packages, in exactly package.json's versions; skipped without them, in CI a failure."""
    versions = json.loads(PACKAGES.read_text())["dependencies"]
    npm = ["npm", "install", "--no-package-lock", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"]
    wanted = [f"{name}@{versions[name]}" for name in names]
    done = subprocess.run(
        [*npm, f"--prefix={folder}", *wanted], capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        pytest.fail(done.stderr) if os.environ.get("CI") else pytest.skip(f"npm install: {done.stderr[-500:]}")
    return folder


def started(*args: str, cwd: Path, **env: str) -> warm.Started:
    """The program, going on beside the test; it is ended at the latest when `with` leaves."""
    assert not any(name.startswith(warm.AT_THE_START) for name in env), "too late for these"
    return warm.Started(args, cwd, {**os.environ, **env})


def told(run: Path) -> dict[str, list[str]]:
    """The verdicts that a run's journal has told, by test: each must have one."""
    found: dict[str, list[str]] = {}
    for entry in journal.read(run):
        if entry.event["event"] == "boot finished":
            found.setdefault(entry.event["boot"].partition("/")[2], []).append(entry.event["verdict"])
    return found


def runs(out: Path) -> list[Path]:
    """The folders of the runs, the oldest first."""
    return sorted(file.parent for file in out.glob("*/events.jsonl") if not file.parent.is_symlink())


def scripted(backend: dict[str, Any] | None = None, **tests: Any) -> dict[str, Any]:
    """A matrix whose guests are shell scripts: the unikernel is any file."""
    axes = {"os": ["debian-12"], "arch": ["x86_64"], "backend": ["command"]} if backend is None else backend
    return {"axes": axes, "tests": {name: {"unikernel": "matrix.yaml", **fields} for name, fields in tests.items()}}


def script(text: str, **fields: Any) -> dict[str, Any]:
    return {"runner": {"command": ["sh", "-c", text, "sh", "{args}"]}, **fields}


def write_matrix(folder: Path, matrix: dict[str, Any]) -> Path:
    file = folder / "matrix.yaml"
    file.write_text(yaml.safe_dump(matrix, sort_keys=False))
    return file


def run_job(place: Place, job: Job) -> tuple[Exit, bytes, bytes]:
    """A job to its own end: how it ended, its console and its tender's output."""
    parts: dict[str, bytes] = {CONSOLE: b"", TENDER: b""}
    with place.start(job) as process:
        while (item := read(process))[0] != END:
            parts[item[0]] += item[1]
        return process.wait(), parts[CONSOLE], parts[TENDER]


def read(process: Process) -> tuple[str, bytes]:
    """The next that a process prints, or its end."""
    item = process.read(60)
    assert item is not None, "nothing for a minute"
    return item


def come_to(booter: Booter, step: BootStep, place: Place) -> Result:
    """What a test comes to. On a busy machine it may be booted once more, as in a run."""
    found = booter.run(step, step.fields, place)
    if found and not isinstance(found, Result):
        found = booter.run(step, step.fields, place, found)
    assert isinstance(found, Result), found
    return found


def late(reason: str) -> str:
    """A boot's reason without the time that it had: one that a busy host starved is tried again, and then has more."""
    return HAD.sub(r"\1 in time", reason)


def outside_code(markdown: str) -> str:
    """Without its code spans: each ends at a run of as many backticks as began it (CommonMark, 6.1)."""
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", markdown)
