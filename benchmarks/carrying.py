"""Frames from one guest to another: ends that send and take them, and how many are carried in a second."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from benchmarks.contract import Failed, Missing
from bootmatrix.networks.datagrams import Incoming, Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator

NEW_NETWORK = 0x40000000  # CLONE_NEWNET
LENGTH, BURST, WINDOW = 1414, 64, 256  # bytes of a frame; frames that are sent at once, and that are on their way
SECONDS = 5.0  # without a frame: then some were lost
HEAD = struct.Struct("!I")
FRAME = bytes.fromhex("02000000000b 02000000000a 88b5").ljust(LENGTH, b"x")  # of a protocol for experiments
GREETING = bytes.fromhex("ffffffffffff 02000000000b 88b5").ljust(60, b"x")  # so that a bridge knows where that is
LINKS = """
ip link add bridge0 type bridge
for name in guest0 guest1; do
    ip link add name $name type veth peer name port-$name
    ip link set dev port-$name master bridge0 up
    ip link set dev $name up
done
ip link set dev bridge0 up
"""


class End(ABC):
    """Where a guest is."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(SECONDS)

    @abstractmethod
    def greet(self) -> None:
        """Send one frame, from the guest to which the others go."""

    @abstractmethod
    def send(self) -> None:
        """BURST frames."""

    @abstractmethod
    def take(self) -> int:
        """How many frames have come; raises TimeoutError."""


class BySocket(End):
    """A relay's end: each frame has its length before it."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self._burst, self._rest = (HEAD.pack(LENGTH) + FRAME) * BURST, b""

    def greet(self) -> None:
        self.sock.sendall(HEAD.pack(len(GREETING)) + GREETING)

    def send(self) -> None:
        self.sock.sendall(self._burst)

    def take(self) -> int:
        data, at, found = self._rest + self.sock.recv(1 << 18), 0, 0
        while len(data) - at >= HEAD.size:
            (length,) = HEAD.unpack_from(data, at)
            if len(data) - at < HEAD.size + length:
                break
            at += HEAD.size + length
            found += length == LENGTH
        self._rest = data[at:]
        return found


class ByLink(End):
    """A link's end, whose frames are sent and taken many at a time."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        sock.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)  # SO_RCVBUFFORCE
        sock.settimeout(None)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", int(SECONDS), 0))
        self._burst, self._came = Outgoing(BURST, LENGTH), Incoming(BURST, LENGTH)
        for at in range(BURST):
            self._burst.put(at, FRAME)

    def greet(self) -> None:
        self.sock.send(GREETING)

    def send(self) -> None:
        sent = 0
        while sent < BURST:
            sent += self._burst.send(self.sock, sent, BURST)

    def take(self) -> int:
        try:
            return self._came.lengths(self._came.receive(self.sock)).count(LENGTH)
        except BlockingIOError:
            raise TimeoutError from None


def rate(source: End, target: End, frames: int) -> float:
    """Frames in a second, of so many. Raises Failed if one is lost: no more are on their way than each way holds."""
    target.greet()
    free = threading.Semaphore(WINDOW // BURST)
    bursts = max(1, frames // BURST)

    def send() -> None:
        for _ in range(bursts):
            if not free.acquire(timeout=2 * SECONDS):
                return
            source.send()

    sender = threading.Thread(target=send)
    begun, came = time.monotonic(), 0
    sender.start()
    try:
        while came < bursts * BURST:
            whole = came // BURST
            came += target.take()
            for _ in range(came // BURST - whole):
                free.release()
    except TimeoutError:
        raise Failed(f"{bursts * BURST - came} of {bursts * BURST} frames were lost") from None
    finally:
        sender.join()
    return came / (time.monotonic() - begun)


@contextmanager
def bare() -> Iterator[tuple[End, End]]:
    """Two links of a kernel's bridge, in a network namespace that goes with them. Raises Missing."""
    with ThreadPoolExecutor(1) as thread, ExitStack() as stack:
        try:
            ends = thread.submit(_links).result()
        except (OSError, subprocess.CalledProcessError) as error:
            raise Missing(f"no network namespace with a bridge can be made: {error}") from None
        source, target = (ByLink(stack.enter_context(end)) for end in ends)
        yield source, target


def _links() -> list[socket.socket]:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NETWORK):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    subprocess.run(["sh", "-e", "-c", LINKS], check=True, capture_output=True)
    ends = []
    for name in ("guest0", "guest1"):
        ends.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))  # ETH_P_ALL
        ends[-1].bind((name, 3))
    return ends
