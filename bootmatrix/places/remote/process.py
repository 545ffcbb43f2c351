"""A job on a host over SSH: what it prints, how it ended as the script says that ran it, and its end by force."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from bootmatrix.places.place import CHUNK, CONSOLE, END, TENDER, Exit, Process, signal_exit
from bootmatrix.places.streams import Streams

if TYPE_CHECKING:
    import subprocess

    from bootmatrix.places.remote.connection import Connection
    from bootmatrix.places.strain import Strain
    from bootmatrix.places.usage import Sample

BEGINNING = 60.0  # seconds until a job runs
LINGER = 2.0  # seconds that a session may take to end after its job: what the job left may hold its output open
SIGNALS = 256  # from where on a status is a signal's: awk's, with as much again where there was a core
SHELLS, HIGHEST = 128, 64  # a shell's, which says the same of what ends with such a status; and of signals


class Told:
    """What the script says on the job's standard error, in lines that begin with a word that no job knows."""

    def __init__(self, token: str) -> None:
        self._token, self._held = token.encode(), b""
        self.words: list[str] = []

    def sift(self, chunk: bytes) -> bytes:
        """What is the job's own of it, and of what was held back before."""
        text, self._held, own = self._held + chunk, b"", b""
        while (at := text.find(self._token)) >= 0:
            end = text.find(b"\n", at)
            if end < 0:
                self._held = text[at:]
                return own + text[:at]
            self.words.append(text[at + len(self._token) : end].decode("ascii", "replace").strip())
            own, text = own + text[:at], text[end + 1 :]
        longest = min(len(self._token) - 1, len(text))
        kept = next((size for size in range(longest, 0, -1) if text.endswith(self._token[:size])), 0)
        self._held = text[len(text) - kept :]
        return own + text[: len(text) - kept]

    def rest(self) -> bytes:
        """What was held back, and was the job's own after all."""
        held, self._held = self._held, b""
        return held


class RemoteProcess(Process):
    """Made when its session has begun; `mark` tells it to the guard."""

    def __init__(
        self,
        connection: Connection,
        child: subprocess.Popen[bytes],
        mark: str,
        token: str,
        *,
        telling: bool,
        reads: bool,
    ) -> None:
        self._connection, self._child, self._mark, self._telling = connection, child, mark, telling
        self._told, self._over, self._killed = Told(token), False, False
        self._exit: Exit | None = None
        self._early: list[tuple[str, bytes]] = []
        self._ended_at = 0.0
        self._end = os.pidfd_open(child.pid)
        assert child.stdin is not None  # noqa: S101
        os.set_blocking(child.stdin.fileno(), False)
        if not reads:
            child.stdin.close()
        self._streams = Streams(_taken(child.stdout), _taken(child.stderr), end=self._end)
        self.begun = time.monotonic()

    def await_begin(self) -> None:
        """Wait until the job runs; InfrastructureError if it does not come to that."""
        end = time.monotonic() + BEGINNING
        while not self._told.words:
            if (item := self._next(end - time.monotonic())) and item[0] != END:
                self._early.append(item)
            elif item or time.monotonic() > end:
                raise self._trouble()
        self.begun = time.monotonic()

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        if self._early:
            return self._early.pop(0)
        end = time.monotonic() + seconds
        while not (item := self._next(end - time.monotonic())) and time.monotonic() < end:
            pass  # what came was not the job's own
        return item

    def _next(self, seconds: float) -> tuple[str, bytes] | None:
        item = self._streams.read(0 if self._over else max(0.0, seconds))
        if item:
            return self._sifted(*item)
        if self._over:
            return self._ending()
        if self._streams.over():
            self._child.wait()
            self._over = True
            self._streams.drain()
            return self._next(0)
        if self._ended_at and time.monotonic() > self._ended_at + LINGER:
            self._child.kill()
        return None

    def _sifted(self, kind: str, chunk: bytes) -> tuple[str, bytes] | None:
        if kind != TENDER:
            return (kind, chunk) if chunk else None
        own = self._told.sift(chunk)
        if len(self._told.words) > 1 and not self._ended_at:
            self._ended_at = time.monotonic()
        return (TENDER, own) if own else None

    def _ending(self) -> tuple[str, bytes]:
        if rest := self._told.rest():
            return TENDER, rest
        if self._exit is None:
            self._exit = self._found()
        return END, b""

    def _found(self) -> Exit:
        """How it ended; InfrastructureError if nobody said so."""
        word, _, status = self._told.words[1].partition(" ") if len(self._told.words) > 1 else ("", "", "")
        if word != "ended" or not (status.isascii() and status.isdecimal()):
            raise self._trouble()
        return exit_of(int(status), self._ended_at - self.begun, telling=self._telling)

    def _trouble(self) -> Exception:
        left = b"".join(chunk for kind, chunk in self._early if kind != CONSOLE)
        return self._connection.trouble(left.decode("utf-8", "replace")[-CHUNK:])

    def write(self, data: bytes) -> int:
        assert self._child.stdin is not None  # noqa: S101
        if self._child.stdin.closed:
            return super().write(data)
        return self._child.stdin.write(data) or 0

    def kill(self) -> None:
        if not self._killed and not self._exit:
            self._killed = True
            self._connection.end(self._mark)

    def wait(self) -> Exit:
        assert self._exit is not None  # noqa: S101  # the contract: END was read
        return self._exit

    def samples(self) -> list[Sample]:
        return []

    def strain(self) -> Strain | None:
        return None

    @property
    def ended_well(self) -> bool:
        return self._exit is not None and self._exit.status == 0

    def close(self) -> None:
        """End what is left of it, there and here."""
        self.kill()
        if self._killed:
            self._connection.await_end(self._mark)
        self._streams.close()
        os.close(self._end)


def exit_of(status: int, seconds: float, *, telling: bool) -> Exit:
    """From what the script tells: awk's word if that is `telling`, else a shell's."""
    if telling and status >= SIGNALS:
        end = signal_exit(status % SIGNALS)
    elif not telling and SHELLS < status <= SHELLS + HIGHEST:
        end = signal_exit(status - SHELLS)
    else:
        end = Exit(status)
    return Exit(end.status, end.signal, seconds=max(0.0, seconds))


def _taken(stream: object) -> int:
    """A descriptor of our own of a pipe, not blocking; the client's object keeps its other."""
    descriptor = os.dup(stream.fileno())  # type: ignore[attr-defined]
    os.set_blocking(descriptor, False)
    return descriptor
