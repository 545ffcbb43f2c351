"""The scripts for hosts over SSH are sh as POSIX has it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bootmatrix.places import remote

SCRIPTS = sorted(Path(remote.__file__).parent.glob("*.sh"))


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="not on PATH: shellcheck")
def test_shellcheck_finds_no_mistake() -> None:
    """What they are given is assigned in front of them (SC2154)."""
    assert len(SCRIPTS) > 3
    command = ["shellcheck", "--shell=sh", "--severity=warning", "--exclude=SC2154", *map(str, SCRIPTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_none_needs_more_than_posix(script: Path) -> None:
    """Options of GNU's tools, and words of bash, that came to mind when they were written."""
    text = script.read_text()
    for word in ("[[", "local ", "function ", "<<<", "pipefail", "readlink -f", "mktemp", "sed -i", "setsid", "pgrep"):
        assert word not in text
