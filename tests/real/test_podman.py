"""Networks on Podman: the same as on Docker, in an image of a few of this host's programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from engines import podman_service
from networked import program
from support import bootmatrix, write_matrix

from bootmatrix import results
from bootmatrix.places import agents, devices

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.podman

PROGRAMS = ("sh", "cat", "cp", "chmod", "find", "sleep", "id")
WORDS = [f"{{net.service.{key}}}" for key in ("device", "guest", "mac")]
START = 'cp "$1" "$TMPDIR/guest" && chmod +x "$TMPDIR/guest" && shift && exec "$TMPDIR/guest" "$@"'
ARP = {"run": ["cat", "/proc/net/arp"]}
ONE: dict[str, Any] = {
    "ready": {"ping": None},
    "checks": [{"ping": {"count": 20, "interval": "1 ms"}}, {"command": ARP}],
}
OTHER: dict[str, Any] = {
    "ready": {"ping": None},
    "after": "a",
    "checks": [{"ping": 3, "to": "{guests.a.net.service.guest}"}],
}


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if trouble := devices.trouble("tun"):
        pytest.skip(trouble)
    yield from podman_service(tmp_path_factory)


def image(folder: Path) -> None:
    """One of a few of this host's programs, without a base. Its compiler is none: it has made the agent before."""
    own, root = folder / "images/small", folder / "images/small/root"
    for name in ("usr/bin", "tmp", "proc", "sys", "dev", "etc"):
        (root / name).mkdir(parents=True)
    (own / "agent.c").write_text(agents.SOURCE)
    subprocess.run(["gcc", "-O2", "-static", "-pthread", "-o", root / "made", own / "agent.c"], check=True)
    (root / "usr/bin/cc").write_text('#!/bin/sh\nexec cp /made "$4"\n')
    (root / "usr/bin/cc").chmod(0o755)
    for name in PROGRAMS:
        found = str(shutil.which(name))
        shutil.copy2(found, root / "usr/bin" / name)
        told = subprocess.run(["ldd", found], capture_output=True, text=True, check=True).stdout
        for library in re.findall(r"(/\S+) \(0x", told):
            (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(library, root / library[1:])
    (root / "bin").symlink_to("usr/bin")
    (own / "Dockerfile").write_text("FROM scratch\nCOPY root /\nENV PATH=/usr/bin\n")


def test_guests_have_networks_on_podman(tmp_path: Path, podman: str) -> None:
    """One alone, and two that share a network, four at once; nothing of them is left."""
    env = {"BOOTMATRIX_CACHE": str(tmp_path / "cache"), "BOOTMATRIX_HISTORY": "none", "DOCKER_HOST": podman}
    image(tmp_path)
    (tmp_path / "guest").write_bytes(program("guest"))
    keys = {"unikernel": "guest", "nets": {"service": "lan"}}
    runner = {"command": ["sh", "-c", START, "sh", "{unikernel}", *WORDS, "plain"]}
    tests = {
        "alone": {**keys, **ONE, "params": {"n": ["1", "2"]}, "runner": runner},
        "both": {**keys, "runner": runner, "guests": {"a": {"ready": ONE["ready"]}, "b": OTHER}},
    }
    write_matrix(tmp_path, {"axes": {"os": ["small"], "backend": ["command"]}, "nets": {"lan": None}, "tests": tests})
    links = set(os.listdir("/sys/class/net"))  # noqa: PTH208  # names
    done = bootmatrix("run", "-j", "4", cwd=tmp_path, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    run = results.load(tmp_path / "out/latest/results.json")
    assert run.host["engine"].startswith("podman")
    assert [each.verdict for each in run.results] == ["passed"] * 3
    assert set(os.listdir("/sys/class/net")) == links  # noqa: PTH208
    remote = ["podman", "--remote", f"--url={podman}"]
    left = subprocess.run([*remote, "ps", "-aq"], capture_output=True, text=True, check=True).stdout
    for tag in {result.image for result in run.results}:
        subprocess.run([*remote, "rmi", "--force", str(tag)], capture_output=True, check=True)
    assert left == ""
