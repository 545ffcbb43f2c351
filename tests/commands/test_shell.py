"""`shell`, at a terminal of its own: what its user sees is what the cell's build sees."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import bootmatrix, write_matrix

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.toolchains.toolchain import Image

pytestmark = pytest.mark.docker
LOOK = r"""
for file in CapEff CapBnd NoNewPrivs; do grep $file /proc/self/status; done; id -u
grep -E 'open files|core file' /proc/self/limits; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null
ls -A; ls /sys/class/net; env | grep -vE '^(PS1|HOSTNAME|PWD|SHLVL|OLDPWD|_|TERM)=' | sort
awk '$5 != "/bootmatrix" {print $5, $6}' /proc/self/mountinfo | grep -vE '/proc|/sys|/etc/(hosts|resolv.conf)' | sort
"""


def typed(folder: Path, text: str, **env: str) -> str:
    """What the terminal shows, from `bootmatrix shell` to its end."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bootmatrix", "shell", "gcc-debian-12-command"]
    with subprocess.Popen(command, cwd=folder, env={**os.environ, **env}, stdin=theirs, stdout=theirs) as process:
        os.close(theirs)
        os.write(ours, text.encode())
        shown = b""
        try:
            while chunk := os.read(ours, 1 << 16):
                shown += chunk
        except OSError:  # a terminal without anyone at the other end
            pass
        assert process.wait() == 7
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def test_a_shell_has_what_the_build_has(tmp_path: Path, debian_12: Image) -> None:
    assert debian_12
    cache, source = {"BOOTMATRIX_CACHE": str(tmp_path / "cache")}, tmp_path / "source"
    source.mkdir()
    (source / "look").write_text(LOOK)
    build = {"source": "source", "run": ['sh ./look >"$OUT/seen"', "echo touched >here"], "axes": ["compiler", "os"]}
    test = {"unikernel": "seen", "runner": {"command": ["cat", "{unikernel}"]}}
    axes = {"compiler": ["gcc"], "os": ["debian-12"], "backend": ["command"]}
    write_matrix(tmp_path, {"axes": axes, "builds": {"it": build}, "defaults": {"build": "it"}, "tests": {"t": test}})
    done = bootmatrix("run", cwd=tmp_path, **cache)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (tmp_path / "cache" / "builds").glob("*/seen")
    script = "echo BEGIN$((1)); sh ./look; echo END$((1)); ls -A /unikernels; exit 7\n"
    shown = typed(tmp_path, script, **cache)
    inside, _, rest = shown.partition("BEGIN1\n")[2].partition("END1\n")
    mine = [line for line in inside.splitlines() if not line.startswith(("/unikernels ", "/dev/console "))]
    assert mine == built.read_text().splitlines()
    assert "JOBS=" in inside
    assert rest.split() == ["seen"]
    assert "/unikernels ro," in inside
    assert sorted(file.name for file in source.iterdir()) == ["look"]
