"""The tutorial's web server: what it says is typed, and what it shows is printed, but for times and counts."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import warm
from support import PATHS

ROOT = Path(__file__).resolve().parents[2]
SECTION = re.compile(r"^## A web server$.*?(?=^## )", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```(\S+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d+(\.\d+)?( (min|s|ms|us))?( \d+ s)?\b")
VOLATILE = re.compile(r"consoles/|made in|passed in|packets$|…$")  # where results are, how much came, how long


def plain(text: str) -> list[str]:
    """Its lines without numbers."""
    return [" ".join(NUMBER.sub("N", line).split()) for line in text.splitlines()]


@pytest.mark.docker
@pytest.mark.usefixtures("debian_12")
def test_the_tutorials_web_server_does_what_it_says(tmp_path: Path) -> None:
    (said,) = SECTION.findall((ROOT / "docs/tutorial.md").read_text())
    found = FENCE.findall(said)
    shown = [line for language, _, text in found if language == "console" for line in text.splitlines()]
    for name, text in ((name, text) for _, name, text in found if name):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    program = tmp_path / "bin" / "bootmatrix"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {warm.command()} "$@"\n')
    program.chmod(0o755)
    commands = [line[2:].replace("path/to/the/checkout", str(ROOT)) for line in shown if line.startswith("$ ")]
    env = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": PATHS}
    env |= {"BOOTMATRIX_CACHE": str(tmp_path / "cache"), "BOOTMATRIX_HISTORY": "none"}
    done = subprocess.run(
        ["sh", "-c", "\n".join(commands)],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    wanted = [line for line in shown if line and not line.startswith("$ ") and not VOLATILE.search(line)]
    printed = plain(done.stdout)
    assert len(wanted) > 10
    assert [line for line in plain("\n".join(wanted)) if line not in printed] == [], done.stdout
