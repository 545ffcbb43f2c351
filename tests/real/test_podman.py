"""Networks on Podman: the same as on Docker, in an image of a few of this host's programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import rootless
from engines import podman_service
from networked import program
from rootless import Rootless
from support import bootmatrix, write_matrix

from bootmatrix import results
from bootmatrix.places import devices
from bootmatrix.places.containers import agents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.podman

PROGRAMS = ("sh", "cat", "cp", "chmod", "find", "sleep", "id")
OURS = re.compile(r"(tap|bridge|pair|port)\d+(-far)?")  # links of boots
WORDS = [f"{{net.service.{key}}}" for key in ("device", "guest", "mac")]
START = 'cp "$1" "$TMPDIR/guest" && chmod +x "$TMPDIR/guest" && shift && exec "$TMPDIR/guest" "$@"'
ARP = {"command": ["cat", "/proc/net/arp"], "within": "1 min"}  # a container: without overlays its image is copied
ONE: dict[str, Any] = {
    "ready": {"ping": None},
    "checks": [{"ping": {"count": 20, "interval": "1 ms"}}, ARP],
}
OTHER: dict[str, Any] = {
    "ready": {"ping": None},
    "after": "a",
    "checks": [{"ping": 3, "to": "{guests.a.net.service.guest}"}],
}


@pytest.fixture(scope="module", params=["root", "a user"])
def podman(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str | Rootless]:
    """Its address; or with a user whose service it is."""
    if trouble := devices.trouble("tun"):
        pytest.skip(trouble)
    yield from podman_service(tmp_path_factory) if request.param == "root" else rootless.service()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of a few of this host's programs, without a base. Its compiler is none: it has made the agent before."""
    folder = tmp_path_factory.mktemp("image")
    own, root = folder / "small", folder / "small/root"
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
    return folder


def test_guests_have_networks_on_podman(tmp_path: Path, podman: str | Rootless, image: Path) -> None:
    """One alone, and two that share a network, four at once; nothing of them is left."""
    user = podman if isinstance(podman, Rootless) else None
    folder, url = (user.folder / "own/project", user.url) if user else (tmp_path, str(podman))
    folder.mkdir(exist_ok=True)
    env = {"BOOTMATRIX_CACHE": str(folder / "cache"), "BOOTMATRIX_HISTORY": "none", "DOCKER_HOST": url}
    shutil.copytree(image, folder / "images", symlinks=True)
    (folder / "guest").write_bytes(program("guest"))
    keys = {"unikernel": "guest", "nets": {"service": "lan"}, "timeout": "3 min"}
    runner = {"command": ["sh", "-c", START, "sh", "{unikernel}", *WORDS, "plain"]}
    tests = {
        "alone": {**keys, **ONE, "params": {"n": ["1", "2"]}, "runner": runner},
        "both": {**keys, "runner": runner, "guests": {"a": {"ready": ONE["ready"]}, "b": OTHER}},
    }
    write_matrix(folder, {"axes": {"os": ["small"], "backend": ["command"]}, "nets": {"lan": None}, "tests": tests})
    if user:
        subprocess.run(["chown", "-R", f"{rootless.UID}:{rootless.UID}", folder], check=True)
    done = (user.bootmatrix if user else bootmatrix)("run", "-j", "4", cwd=folder, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    run = results.load(folder / "out/latest/results.json")
    assert run.host["engine"].startswith("podman")
    assert [each.verdict for each in run.results] == ["passed"] * 3, [each.reason for each in run.results]
    assert [name for name in os.listdir("/sys/class/net") if OURS.fullmatch(name)] == []  # noqa: PTH208  # names
    assert asked(user, url, "ps", "-aq") == ""
    for tag in {result.image for result in run.results}:
        asked(user, url, "rmi", "--force", str(tag))


def asked(user: Rootless | None, url: str, *words: str) -> str:
    """What the engine says."""
    argv = ["podman", "--remote", f"--url={url}", *words]
    if user:
        done = user.run(*argv)
        assert done.returncode == 0, done.stderr
        return done.stdout
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout
