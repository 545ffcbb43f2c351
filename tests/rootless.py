"""Podman's service of a user who has no rights, made for a test: known in a mount namespace of its own alone.

Its namespace of processes is its own, too: with it all ends that Podman leaves running.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import PATHS, others_python

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME, UID = "bootmatrix-test", 52345
IDS = f"{NAME}:600000:65536\n"  # what newuidmap lets it use
NEEDED = ("podman", "newuidmap", "newgidmap", "unshare", "nsenter", "setpriv")
APART = ("unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc")
HELD = (  # with a node for taps, since this machine's may be for root alone
    "mount -t tmpfs tmpfs /dev/net && mknod -m 0666 /dev/net/tun c 10 200 || exit;"
    'for f in passwd group subuid subgid; do mount --bind "$1/$f" "/etc/$f" || exit; done; echo ready; read -r _'
)
THERE = ("sh", "-c", 'cd "$0" && exec "$@"')  # entering a mount namespace leads to its root
USER = ("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups")


def reason() -> str:
    """Why there can be none here; empty if there can."""
    absent = [program for program in NEEDED if not shutil.which(program)]
    if absent:
        return f"rootless Podman needs on PATH: {', '.join(absent)}"
    return "to make a user for a test needs root" if os.getuid() else ""


class Rootless:
    """The user, with a folder that is its own, and the service at `url`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/podman.sock"
        self._describe()
        apart = [*APART, "sh", "-c", HELD, "sh", str(folder / "etc")]
        self.holder = subprocess.Popen(apart, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout is not None
        if not self.holder.stdout.readline():
            pytest.skip("no mount namespace can be made here")
        (inner,) = Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()
        self.enter = ("nsenter", f"--target={inner}", "--mount", "--pid", "--", *USER)

    def _describe(self) -> None:
        """The files in which a system knows its users, with one more."""
        etc, own = self.folder / "etc", self.folder / "own"
        etc.mkdir()
        for name, line in (
            ("passwd", f"{NAME}:x:{UID}:{UID}::{own}:/bin/sh\n"),
            ("group", f"{NAME}:x:{UID}:\n"),
            ("subuid", IDS),
            ("subgid", IDS),
        ):
            known = Path("/etc", name)
            (etc / name).write_text((known.read_text() if known.exists() else "") + line)
        for made in (own, self.folder / "run"):
            made.mkdir(mode=0o700)
            os.chown(made, UID, UID)
        os.chown(self.folder, UID, UID)

    def environment(self, **more: str) -> dict[str, str]:
        own, run = str(self.folder / "own"), str(self.folder / "run")
        kept = {"PATH": os.environ["PATH"], "TMPDIR": own, "HOME": own, "USER": NAME, "XDG_RUNTIME_DIR": run}
        return {**kept, "PYTHONPATH": PATHS, "PYTHONDONTWRITEBYTECODE": "1", **more}

    def run(self, *argv: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        """A command as that user."""
        return subprocess.run(
            [*self.enter, *THERE, str(cwd or self.folder / "own"), *argv],
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def bootmatrix(self, *args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
        return self.run(others_python(), "-m", "bootmatrix", *args, cwd=cwd, **env)

    def serve(self) -> None:
        """Start the service; skips the test where Podman cannot have several users here."""
        if (tried := self.run("podman", "unshare", "true")).returncode:
            pytest.skip(f"no rootless Podman here: {tried.stderr.strip()[-200:]}")
        argv = [*self.enter, *THERE, str(self.folder), "podman", "system", "service", "--time=0", self.url]
        service = subprocess.Popen(argv, env=self.environment(), stderr=subprocess.DEVNULL)
        self.service = service
        end = time.monotonic() + 60
        while not (self.folder / "podman.sock").exists() and service.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        asked = self.run("podman", "--remote", f"--url={self.url}", "info")  # its first answer takes a while
        assert asked.returncode == 0, asked.stderr

    def close(self) -> None:
        """With the first of its processes the kernel ends all others."""
        self.holder.communicate("\n", timeout=30)
        if hasattr(self, "service"):
            self.service.wait(timeout=30)
        shutil.rmtree(self.folder)


def service() -> Iterator[Rootless]:
    """For as long as a fixture lives."""
    if why := reason():
        pytest.skip(why)
    found = Rootless(Path(tempfile.mkdtemp(prefix="bm-rootless-")))
    try:
        found.serve()
        yield found
    finally:
        found.close()
