"""A guest for tests of networks: a small program on a tap, and jobs that run it."""

from __future__ import annotations

import contextlib
import functools
import shutil
import socket
import struct
import subprocess
import tempfile
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import read

from bootmatrix.model import Interface, Network
from bootmatrix.places import devices
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.places.namespace import Namespace
    from bootmatrix.places.place import Place, Process

SOURCES = Path(__file__).parent / "places"
LAN = Network("lan", IPv4Interface("10.0.0.1/24"), 1400, ((IPv4Network("10.1.0.0/24"), IPv4Address("10.0.0.2")),))
PORT = 7
SECONDS = 20.0


def interface(
    network: Network = LAN,
    device: str = "tap100",
    guest: str = "10.0.0.2/24",
    mac: str = "02:00:00:00:00:02",
    *,
    by_socket: bool = False,
) -> Interface:
    return Interface("service", network, device, IPv4Interface(guest), mac, network.mtu, by_socket)


@functools.cache
def program(name: str = "guest", *, by_socket: bool = False) -> bytes:
    """The guest, or another one, which needs nothing of where it runs; skipped without a compiler, or a tap if it needs
    one.
    """
    if not by_socket and (trouble := devices.trouble("tun")):
        pytest.skip(trouble)
    if not shutil.which("gcc"):
        pytest.skip("no gcc on PATH")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, name)
        subprocess.run(["gcc", "-Wall", "-O1", "-static", "-o", made, SOURCES / f"{name}.c"], check=True)
        return made.read_bytes()


def job(place: Place, one: Interface | None = None, mischief: str = "", **more: Any) -> Job:
    """The guest on an interface, for as long as it is not ended."""
    one, folder = one or interface(), place.folder()
    start = 'cp "$1/guest" "$TMPDIR/guest" && chmod +x "$TMPDIR/guest" && exec "$TMPDIR/guest" "$2" "$3" "$4" "$5"'
    where = f"@{one.device}" if one.by_socket else one.device
    argv = ("sh", "-c", start, "sh", folder, where, str(one.address.ip), one.mac, mischief)
    files = {"guest": program(by_socket=one.by_socket)}
    return Job(argv, "test", interfaces=(one,), folder=folder, files=files, **more)


@contextlib.contextmanager
def running(place: Place, started: Job) -> Iterator[Process]:
    """A job that is ended at the end, as a boot whose checks are done: its container goes on."""
    with place.start(started) as process:
        yield process
        process.kill()


def attached(process: Process) -> Namespace:
    """The network of a guest that has its tap."""
    return until_attached(process)[1]


def until_attached(process: Process) -> tuple[bytes, Namespace]:
    """What it has said until then, and its network."""
    said = b""
    while b"attached\n" not in said:
        stream, some = read(process)
        assert stream != "end", said
        said += some
    assert process.namespace
    return said, process.namespace


def ping(namespace: Namespace, target: str = "10.0.0.2") -> bytes:
    """What comes back; raises TimeoutError if nothing does."""
    with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as end:
        end.settimeout(SECONDS)
        end.sendto(struct.pack("!BBHHH", 8, 0, 0, 0, 1) + b"hello", (target, 0))
        return end.recv(100)[8:]


def connected(namespace: Namespace, target: str = "10.0.0.2") -> socket.socket:
    end = namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    end.settimeout(SECONDS)
    end.connect((target, PORT))
    return end


def echoed(namespace: Namespace, text: bytes) -> bytes:
    """Over TCP: what the guest sends back until its end."""
    with connected(namespace) as end:
        end.sendall(text)
        found = exactly(end, len(text))
        end.shutdown(socket.SHUT_WR)
        return found + end.recv(100)


def exactly(end: socket.socket, length: int) -> bytes:
    """So many bytes, or fewer at its end: a socket with a time-out does not wait for all of them by itself."""
    found = b""
    while len(found) < length and (some := end.recv(length - len(found))):
        found += some
    return found
