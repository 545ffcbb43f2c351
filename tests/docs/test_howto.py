"""The how-to of a backend: its files are typed in their order, its commands run, and what it shows is printed."""

from __future__ import annotations

import platform
import re
import shlex
import shutil
from pathlib import Path

import pytest
from support import bootmatrix

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\S+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TYPED = {"c", "dockerfile", "make", "python", "text", "yaml"}
NUMBER = re.compile(r"\d+(\.\d+)?( (s|ms))?")


def plain(lines: list[str]) -> list[str]:
    """Without numbers."""
    return [NUMBER.sub("N", line) for line in lines]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the page shows what x86_64 prints")
def test_the_howto_ends_in_a_green_conformance_run(tmp_path: Path) -> None:
    if missing := [name for name in ("gcc", "make", "objcopy") if not shutil.which(name)]:
        pytest.skip(f"not on PATH: {', '.join(missing)}")
    status, runs = 0, 0
    for language, name, text in FENCE.findall((ROOT / "docs/howto-backend.md").read_text()):
        if language in TYPED and name not in {"", "other"}:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        elif language == "console":
            first, *wanted = text.splitlines()
            assert first.startswith("$ bootmatrix ")
            done = bootmatrix(*shlex.split(first[2:])[1:], cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
            printed = [line for line in done.stdout.splitlines() if not line.endswith(".console.log")]
            if "…" in wanted:  # times, and where the results are
                wanted = [line for line in plain(wanted) if line != "…"]
                printed = [line for line in plain(printed) if line in wanted]
            assert printed == wanted, done.stderr
            status, runs = done.returncode, runs + 1
    assert (status, runs) == (0, 5)
