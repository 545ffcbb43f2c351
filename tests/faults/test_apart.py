"""An engine that sees other files than we do, and folders of the host with file systems of others below them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import daemons
import pytest
import yaml
from daemons import Daemon
from support import script, scripted, write_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.toolchains.toolchain import Image

FILES = 3  # in the file system below the prefix


class Namespace:
    """Mounts of the test's own: a tmpfs at `folder`, which nobody else sees."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        script = 'mount -t tmpfs tmpfs "$1"; echo ready; read -r end'
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", str(folder)]
        self.holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout is not None
        assert self.holder.stdout.readline() == "ready\n"
        self.enter = ("nsenter", f"--target={self.holder.pid}", "--mount")

    def run(self, *command: str) -> str:
        """What a command says there, which must succeed."""
        return subprocess.run([*self.enter, *command], check=True, capture_output=True, text=True).stdout

    def write(self, file: Path, text: str) -> None:
        self.run("sh", "-c", 'mkdir -p "$(dirname "$1")"; printf %s "$2" > "$1"', "sh", str(file), text)

    def close(self) -> None:
        self.holder.communicate("end\n", timeout=30)


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    daemons.needed()
    found = Namespace(Path(tempfile.mkdtemp(prefix="bm-")))  # below /tmp, as many a CI has its checkouts
    yield found
    found.close()
    found.folder.rmdir()


@pytest.fixture(scope="module")
def daemon(namespace: Namespace, debian_12: Image) -> Iterator[Daemon]:
    """An engine in that namespace: its own folder is outside of the tmpfs, as the kernel stacks no overlays there."""
    found = Daemon(Path(tempfile.mkdtemp(prefix="engine-")), namespace.enter)
    found.load(daemons.base_of(debian_12))
    yield found
    found.remove()


@pytest.fixture
def podman(namespace: Namespace, debian_12: Image) -> Iterator[str]:
    """Podman's service in that namespace, with Debian's base."""
    if not shutil.which("podman"):
        pytest.skip("no podman on PATH")
    with subprocess.Popen(["docker", "save", daemons.base_of(debian_12)], stdout=subprocess.PIPE) as saved:
        subprocess.run(["podman", "load", "-q"], stdin=saved.stdout, check=True)
    folder = Path(tempfile.mkdtemp(prefix="engine-"))
    service = subprocess.Popen([*namespace.enter, "podman", "system", "service", "--time=0", f"unix://{folder}/socket"])
    while not (folder / "socket").exists():
        assert service.poll() is None
    yield f"unix://{folder}/socket"
    service.terminate()
    service.wait(timeout=30)
    shutil.rmtree(folder)


def project(folder: Path) -> dict[str, str]:
    """A matrix whose build and test use a prefix inside the project, by the text of its files."""
    prefix = folder / "prefix"
    look = f"cat {prefix}/top; ls -A {prefix}/below; rm -rf {prefix}/below/* {prefix}/top || true; echo SUCCESS"
    matrix = scripted(
        {"os": ["plain"], "backend": ["command"]},
        look={
            "unikernel": "guest",
            "runner": {"command": ["tender", look], "prefix": str(prefix)},
            "expect": {"console": ["on top", "SUCCESS"]},
        },
    )
    matrix["builds"] = {"it": {"run": f"{look} > /dev/null; cp {prefix}/top $OUT/guest", "prefixes": [str(prefix)]}}
    return {
        "matrix.yaml": yaml.safe_dump(matrix, sort_keys=False),
        "images/plain/Dockerfile": "ARG BASE=debian:bookworm-slim\nFROM ${BASE}\n",
        "images/plain/image.yaml": "base: {suite: bookworm}\n",
        "prefix/top": "on top\n",
        "prefix/bin/tender": '#!/bin/sh\neval "$1"\n',
    }


@pytest.mark.docker
@pytest.mark.parametrize("kind", ["docker", pytest.param("podman", marks=pytest.mark.podman)])
def test_what_is_mounted_below_a_prefix_is_neither_seen_nor_emptied(
    namespace: Namespace, kind: str, request: pytest.FixtureRequest
) -> None:
    """Everything lies below /tmp, which a container's scratch folder is called, too."""
    address = request.getfixturevalue("daemon").socket if kind == "docker" else request.getfixturevalue("podman")
    root = namespace.folder / kind
    for name, text in project(root).items():
        namespace.write(root / name, text)
    namespace.run("chmod", "+x", f"{root}/prefix/bin/tender")
    below = root / "prefix" / "below"
    namespace.run("sh", "-c", f"mkdir {below}; mount -t tmpfs tmpfs {below}; touch {below}/1 {below}/2 {below}/3")
    env = [f"BOOTMATRIX_CACHE={root}/cache", f"DOCKER_HOST={address}", "BOOTMATRIX_HISTORY=none"]
    command = [*namespace.enter, "env", f"--chdir={root}", *env, sys.executable, "-m", "bootmatrix", "run"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(namespace.run("ls", "-A", str(below)).split()) == FILES
    assert namespace.run("cat", f"{root}/prefix/top") == "on top\n"
    console = namespace.run("sh", "-c", f"cat {root}/out/latest/consoles/*/look/1.console.log")
    assert console.split("\n")[:2] == ["on top", "SUCCESS"], "what is mounted below is seen"


@pytest.mark.docker
@pytest.mark.parametrize("command", ["run", "doctor", "repro"])
def test_an_engine_that_does_not_see_our_files_is_told_at_once(
    namespace: Namespace, daemon: Daemon, tmp_path: Path, command: str
) -> None:
    """It sees a tmpfs where we see an empty folder of the disk."""
    matrix = scripted({"os": ["debian-12"], "arch": ["x86_64"], "backend": ["command"]}, t=script("true"))
    write_matrix(tmp_path, matrix)
    env = {"DOCKER_HOST": daemon.socket, "BOOTMATRIX_CACHE": str(namespace.folder / "cache")}
    words = {"run": ["run"], "doctor": ["doctor"], "repro": ["repro", "debian-12-x86_64-command/t"]}[command]
    done = subprocess.run(
        [sys.executable, "-m", "bootmatrix", *words],
        cwd=tmp_path,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = done.stdout + done.stderr
    shutil.rmtree(namespace.folder / "cache")
    assert done.returncode == 3, said
    assert "does not see this machine's files" in said
    assert "BOOTMATRIX_CACHE" in said
    assert "--engine host" in said
    assert not (tmp_path / "out").exists()
    assert daemon.docker("ps", "-aq").stdout == b""
    assert daemon.docker("images", "-q", "--filter=dangling=true").stdout == b""
