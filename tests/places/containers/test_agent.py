"""The agent that keeps containers warm, without a container: what it empties, and what it never does."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from bootmatrix.places.containers import agents

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(os.getuid() != 0, reason="mounts need root"),
    pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on PATH"),
]
# Namespaces as a container has them, and a scratch folder; what is mounted below that afterwards is of someone else.
SETTING = """
set -eu
cd "$1"
mkfifo commands status console tender usage
mount -t tmpfs tmpfs /media; mount -t proc proc /proc
mkdir elsewhere; touch elsewhere/victim
share() { mkdir /media/theirs; mount $1 /media/theirs; touch /media/theirs/1 /media/theirs/2; }
tell() { cat status & }
order() { printf '1 %s 0 1000 0\\n' $((${#1} + 7)) ; printf 'sh\\0-c\\0%s\\0' "$1"; }
"""
BEFORE = "tell; share '-t tmpfs tmpfs'; ./agent . 65534 65534 3<>commands 7<>usage || { wait; echo refused; }"
LATER = """
exec 3<>commands 4<>console 5<>tender 7<>usage
./agent . 65534 65534 & exec 6<status
read -r word <&6; echo "$word"
%s
order 'touch "$TMPDIR/mine"; ln -s "$OLDPWD/elsewhere" "$TMPDIR/link"; mkdir -p "$TMPDIR/deep/er"' >&3
read -r number how value left rest <&6; echo "$how $value $left"
"""


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """The agent's folder. Its scratch folder is /media, where pytest has nothing."""
    (tmp_path / "agent.c").write_text(agents.SOURCE.replace('SCRATCH "/tmp"', 'SCRATCH "/media"', 1))
    subprocess.run(["gcc", "-Wall", "-Werror", "-pthread", "-o", tmp_path / "agent", tmp_path / "agent.c"], check=True)
    return tmp_path


def agent(box: Path, script: str) -> list[str]:
    """What is said, and then what is left in the scratch folder and elsewhere."""
    look = "\nfind /media elsewhere -mindepth 1 | sort; kill %1 2>/dev/null || true"
    apart = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    command = [*apart, "env", "TMPDIR=/media", f"OLDPWD={box}", "bash", "-c", SETTING + script + look, "bash", str(box)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "cannot be given up" not in done.stderr
    return done.stdout.splitlines()


def test_it_empties_its_scratch_folder(box: Path) -> None:
    assert agent(box, LATER % "") == ["ready", "exit 0 nothing", "elsewhere/victim"]


@pytest.mark.parametrize("kind", ["-t tmpfs tmpfs", "--bind elsewhere"])
def test_it_does_not_begin_where_something_is_mounted_below(box: Path, kind: str) -> None:
    said = agent(box, BEFORE.replace("-t tmpfs tmpfs", kind))
    assert said[:2] == ["/media is not a scratch folder of this container's own", "refused"]
    assert {"/media/theirs/1", "/media/theirs/2"} <= set(said)


@pytest.mark.parametrize("kind", ["-t tmpfs tmpfs", "--bind elsewhere"])
def test_it_empties_nothing_that_was_mounted_since(box: Path, kind: str) -> None:
    said = agent(box, LATER % f"share '{kind}'")
    assert said[:2] == ["ready", "exit 0 files"], "the container is not used again"
    assert {"/media/theirs/1", "/media/theirs/2", "elsewhere/victim"} <= set(said)
    assert not any("mine" in line or "deep" in line for line in said)
