"""The connection to a host over SSH: its sessions, and its guard there, which ends jobs and does not outlive it."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from bootmatrix.places.remote import ssh
from bootmatrix.program import leaving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.errors import InfrastructureError
    from bootmatrix.model.remote import Remote

SILENCE = 60  # seconds without a word of ours after which the guard thinks the connection lost, twice that at most
WORD = 5.0  # seconds between two such words
OPENING = 40.0  # seconds that a host has to answer and to say what it is
SESSIONS = 8  # at once, besides the guard: sshd's MaxSessions is 10
LARGEST = 1 << 20  # bytes that a host says of itself
CHUNK = 1 << 16
GONE = 10.0  # seconds that the guard has to end a job


class Connection:
    """Opened when it is made. `root` is our folder there, `said` what the host says of itself, a line for each thing;
    `flags` are those of its `tar`, and `brought` what is there of what jobs need, which `bringing` guards.

    Raises InfrastructureError if the host cannot be reached, or is refused.
    """

    def __init__(self, remote: Remote, root: str, control: Path) -> None:
        self.remote, self.root = remote, root
        self.client = ssh.Client(remote, control)
        self._token = secrets.token_hex(16)
        self._sessions = threading.BoundedSemaphore(SESSIONS)
        self._lock, self._answered = threading.Lock(), threading.Condition()
        self._done: set[str] = set()
        self._complaints = b""
        self.lost = False
        self.flags = ""
        given = {"root": root, "token": self._token, "silence": str(SILENCE), "programs": " ".join(remote.programs)}
        script = ssh.script("ends", "survey", "guard", **given)
        self._guard = self.client.started(script, secrets.token_hex(16), master=True)
        self.brought: set[str] = set()
        self.bringing = threading.Lock()
        try:
            self.said = self._surveyed()
        except BaseException:
            ssh.ended(self._guard)
            raise
        self._thread = threading.Thread(target=self._listen, name=f"ssh {remote.name}", daemon=True)
        self._thread.start()

    def _surveyed(self) -> list[str]:
        """What comes before the guard is ready."""
        out, said, end = b"", b"", time.monotonic() + OPENING
        answers, complaints = self._pipes()
        ready, opened = f"{self._token} ready\n".encode(), {answers, complaints}
        while ready not in out and opened:
            found = ssh.ready(opened, end - time.monotonic())
            if not found or len(out) + len(said) > LARGEST:
                what = f"{self.remote.name} does not answer over SSH within {OPENING:.0f} s"
                raise ssh.trouble(self.remote, what, _text(said))
            for descriptor in found:
                chunk = os.read(descriptor, CHUNK)
                out, said = (out + chunk, said) if descriptor == answers else (out, said + chunk)
                opened -= set() if chunk else {descriptor}
        if ready not in out:
            raise ssh.trouble(self.remote, f"{self.remote.name} cannot be reached over SSH", _text(said))
        before, lines = f"{self._token} ", _text(out).splitlines()
        if strange := next((line for line in lines if line and not line.startswith(before)), ""):
            raise ssh.trouble(self.remote, f"{self.remote.name} prints something at each login", f"at login: {strange}")
        return [line.removeprefix(before) for line in lines if line.startswith(before)][:-1]

    def _pipes(self) -> tuple[int, int]:
        """Where the guard answers, and where it and the client complain."""
        assert self._guard.stdout is not None  # noqa: S101
        assert self._guard.stderr is not None  # noqa: S101
        return self._guard.stdout.fileno(), self._guard.stderr.fileno()

    def _listen(self) -> None:
        """Tell the guard every few seconds that we live, hear its answers, and notice that the connection is lost."""
        answers, complaints = self._pipes()
        opened, part, due = {answers, complaints}, b"", 0.0
        while answers in opened:
            if time.monotonic() > due:
                due = time.monotonic() + WORD
                self._tell("alive")
            for descriptor in ssh.ready(opened, WORD):
                chunk = os.read(descriptor, CHUNK)
                opened -= set() if chunk else {descriptor}
                if descriptor == answers:
                    part = self._heard(part + chunk)
                else:
                    self._complaints = (self._complaints + chunk)[-CHUNK:]
        with self._answered:
            self.lost = True
            self._answered.notify_all()

    def _heard(self, answers: bytes) -> bytes:
        """The part that is not a whole answer yet."""
        *lines, part = answers.split(b"\n")
        with self._answered:
            self._done.update(_text(line).rpartition(" ")[2] for line in lines)
            self._answered.notify_all()
        return part[-CHUNK:]

    def _tell(self, words: str) -> bool:
        """Whether the guard could be told."""
        assert self._guard.stdin is not None  # noqa: S101
        with self._lock, contextlib.suppress(OSError, ValueError):
            ssh.written(self._guard.stdin.fileno(), f"{words}\n".encode())
            return True
        return False

    def end(self, mark: str) -> None:
        """Let the job of this mark be ended, and all that is left of it be removed."""
        self._tell(f"end {mark}")

    def await_end(self, mark: str) -> None:
        """Wait until that is so; where the connection is lost, the guard does it by itself."""
        with self._answered:
            self._answered.wait_for(lambda: mark in self._done or self.lost, GONE)
            self._done.discard(mark)

    def remove(self, there: str) -> None:
        """Let what was brought into this folder be removed."""
        self.brought.discard(there)
        self._tell(f"remove {there.rpartition('/')[2]}")

    @contextlib.contextmanager
    def session(self, script: str) -> Iterator[subprocess.Popen[bytes]]:
        """A script in a session of its own, whose client has ended afterwards."""
        with self._sessions:
            if self.lost:
                raise self.trouble()
            child = self.client.started(script, secrets.token_hex(16))
            try:
                yield child
            finally:
                ssh.ended(child)

    def trouble(self, said: str = "") -> InfrastructureError:
        """What to say of what it did not bring to an end."""
        said = said or _text(self._complaints)
        return ssh.trouble(self.remote, f"the connection to {self.remote.name} was lost", said)

    def close(self) -> None:
        """End all that there is of ours, and the connection with it."""
        self._tell("leave")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guard.wait(leaving.CONTAINERS)
        self._guard.kill()
        self._thread.join(GONE)
        ssh.ended(self._guard)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
