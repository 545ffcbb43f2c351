"""A world whose network is this host's loopback, or one of the tests' own; and guests of all sorts in it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import Future
from ipaddress import IPv4Interface
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from bootmatrix.checks import trying
from bootmatrix.checks.check import Failed, Ran, Report, World
from bootmatrix.matrix.keys.checks import OneCheck
from bootmatrix.model import Interface, Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HOST = "127.0.0.1"
CLONE_NEWNET = 0x40000000


def interface(name: str = "service", network: str = "lan", address: str = "127.0.0.1/8") -> Interface:
    return Interface(
        name, Network(network, IPv4Interface(address)), "tap0", IPv4Interface(address), "02:00:00:00:00:02"
    )


def plain(network: str, family: int, kind: int, protocol: int) -> socket.socket:
    """A socket of this host's."""
    del network
    return socket.socket(family, kind, protocol)


def run(network: str, argv: Sequence[str], image: str, seconds: float, limit: int, stop: threading.Event) -> Ran:
    """A program of this host, which is ended with its time or with the boot."""
    del network, image
    end = time.monotonic() + seconds
    with tempfile.TemporaryFile() as output, subprocess.Popen(argv, stdout=output, stderr=output) as process:
        while process.poll() is None:
            if time.monotonic() >= end or stop.wait(0.005):
                process.kill()
                process.wait()
                return Ran(None, b"", "did not end in time", late=True)
        output.seek(0)
        return Ran(process.returncode, output.read(limit))


def world(**changes: Any) -> World:
    return World(**{"interfaces": (interface(),), "socket": plain, "run": run, **changes})


def made(**keys: Any) -> OneCheck:
    """A check as matrix.yaml has it: every value is a text."""
    return OneCheck.model_validate(keys)


def passed(where: World | None = None, **keys: Any) -> Report:
    return trying.passed(made(**keys), "lan", HOST, where or world(), time.monotonic)


def failed(where: World | None = None, **keys: Any) -> str:
    """The sentence with which it fails."""
    with pytest.raises(Failed) as caught:
        passed(where, **keys)
    return str(caught.value)


def value(report: Report, key: str) -> float:
    """A number of a report's."""
    (found,) = (word.partition("=")[2] for word in report.numbers.split() if word.startswith(f"{key}="))
    return float(found.removesuffix("%"))


class Guest:
    """Listens on a port of its own; each connection is served by a thread, until it ends itself or `closing` is set."""

    def __init__(self, serve: Callable[[Guest, socket.socket], None], *, listening: bool = True) -> None:
        self.serve, self.closing = serve, threading.Event()
        self.accepted = 0
        self.socket = socket.socket()
        self.socket.bind((HOST, 0))
        self.port = str(self.socket.getsockname()[1])
        self.threads: list[threading.Thread] = []
        if listening:
            self.listen()

    def listen(self) -> None:
        self.socket.listen(8)
        self.threads.append(threading.Thread(target=self._accept, daemon=True))
        self.threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                made, _ = self.socket.accept()
                self.accepted += 1
                self.threads.append(threading.Thread(target=self._serve, args=(made,), daemon=True))
                self.threads[-1].start()

    def _serve(self, made: socket.socket) -> None:
        with made, contextlib.suppress(OSError):
            self.serve(self, made)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive()

    def drip(self, made: socket.socket, data: bytes, pause: float = 0.02) -> None:
        """Byte after byte, with pauses, over and over."""
        while not self.closing.is_set():
            for at in range(len(data)):
                made.sendall(data[at : at + 1])
                if self.closing.wait(pause):
                    return

    def hold(self, made: socket.socket) -> None:
        """Says nothing, and keeps the connection open."""
        del made
        self.closing.wait(30)


def endlessly(data: bytes) -> Callable[[Guest, socket.socket], None]:
    """Serves by sending the same for ever."""

    def serve(_guest: Guest, made: socket.socket) -> None:
        made.recv(1 << 16)
        while True:
            made.sendall(data)

    return serve


def saying(data: bytes) -> Callable[[Guest, socket.socket], None]:
    """Serves by sending this once it was asked something, and closing."""

    def serve(_guest: Guest, made: socket.socket) -> None:
        made.recv(1 << 16)
        made.sendall(data)

    return serve


class Apart:
    """A network namespace of its own, in which ping sockets may be made; it lives as long as its thread."""

    def __init__(self) -> None:
        self.asked: queue.Queue[tuple[Callable[[], Any], Future[Any]] | None] = queue.Queue()
        self.thread = threading.Thread(target=self._answer, daemon=True)
        self.thread.start()

    def do(self, what: Callable[[], Any]) -> Any:
        """In that namespace."""
        done: Future[Any] = Future()
        self.asked.put((what, done))
        return done.result(30)

    def socket(self, network: str, family: int, kind: int, protocol: int) -> socket.socket:
        del network
        found: socket.socket = self.do(lambda: socket.socket(family, kind, protocol))
        return found

    def close(self) -> None:
        self.asked.put(None)
        self.thread.join(10)

    def _answer(self) -> None:
        while item := self.asked.get():
            what, done = item
            try:
                done.set_result(what())
            except Exception as error:  # noqa: BLE001  # whoever asked raises it
                done.set_exception(error)


def enter() -> None:
    """Puts the calling thread into a new network namespace whose loopback is up."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    Path("/proc/thread-self/net").stat()
    Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 2147483647\n")


@contextlib.contextmanager
def apart() -> Iterator[Apart]:
    """Skips the test where that cannot be."""
    found = Apart()
    try:
        found.do(enter)
    except (OSError, subprocess.CalledProcessError) as error:
        found.close()
        pytest.skip(f"no network namespace can be made here: {error}")
    try:
        yield found
    finally:
        found.close()
