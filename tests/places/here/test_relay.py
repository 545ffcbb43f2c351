"""The networks of a job where there are no taps: sockets, and a relay that a guest can neither fill nor hang."""

from __future__ import annotations

import contextlib
import functools
import socket
import struct
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest
from networked import attached, echoed, exactly, interface, job, ping, running
from support import run_job

from bootmatrix.places.containers.place import ContainerPlace
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.places.namespace import Namespace
    from bootmatrix.places.place import Place, Process

INTERFACE = interface(by_socket=True)
HOST = bytes.fromhex("06000a000001")
HEAD = struct.Struct("!I")
BROADCAST = b"\xff" * 6 + b"\x02" * 6 + b"\x08\x00" + bytes(1386)  # no packet at all: the kernel looks, and drops it
SECONDS = 20.0
GROWN = 16 << 20  # bytes that the one who carries frames may have more of after a flood: its own buffers, and slack


@pytest.fixture(params=[pytest.param("container", marks=pytest.mark.docker), "local"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = LocalPlace() if request.param == "local" else request.getfixturevalue("container_place")
    if trouble := found.lacks(Job((), "test", interfaces=(INTERFACE,))):
        pytest.skip(trouble)
    return found


@contextlib.contextmanager
def alone(place: Place) -> Iterator[tuple[Process, Namespace]]:
    """A job that does nothing, for a test that is the guest itself."""
    with running(place, Job(("sh", "-c", "echo attached; sleep 600"), "test", interfaces=(INTERFACE,))) as process:
        yield process, attached(process)


def joined(namespace: Namespace) -> socket.socket:
    """As QEMU comes to the relay: any process of the boot can."""
    end = namespace.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.connect(f"\0{INTERFACE.device}")  # with a time it would not wait in a queue
    end.settimeout(SECONDS)
    return end


def packed(*frames: bytes) -> bytes:
    return b"".join(HEAD.pack(len(frame)) + frame for frame in frames)


def received(end: socket.socket) -> bytes:
    (length,) = HEAD.unpack(exactly(end, HEAD.size))
    return exactly(end, length)


def asked(end: socket.socket) -> bytes:
    """What the host end answers to an ARP request: it has had all that was sent before. Asked again after some frames:
    where many wait, the answer is lost.
    """
    own = b"\x02\x00\x00\x00\x00\x02"
    question = b"\xff" * 6 + own + bytes.fromhex("0806 0001 0800 06 04 0001") + own
    while True:
        end.sendall(packed(question + bytes([10, 0, 0, 2]) + bytes(6) + bytes([10, 0, 0, 1])))
        for _ in range(20):
            if (frame := received(end))[12:22] == bytes.fromhex("0806 0001 0800 06 04 0002"):
                return frame[6:12]


def carrier(place: Place, process: Process) -> psutil.Process:
    """The process that has the relay: the container's first, or the one that holds the namespace."""
    assert process.namespace
    if isinstance(place, ContainerPlace):
        return psutil.Process(process.container.pid())  # type: ignore[attr-defined]
    return psutil.Process(int(process.namespace.home))


def test_a_guest_answers_pings_and_connections_without_a_tap(place: Place) -> None:
    """Also with more at once than a packet holds, which no device divides for the kernel."""
    with running(place, job(place, INTERFACE)) as process:
        namespace = attached(process)
        assert ping(namespace) == b"hello"
        assert echoed(namespace, b"a line" * 700) == b"a line" * 700


@pytest.mark.docker
def test_a_container_has_no_tap_device_then(container_place: ContainerPlace) -> None:
    look = Job(("ls", "/dev/net/tun"), "test", interfaces=(INTERFACE,))
    assert run_job(container_place, look)[2] == b"ls: cannot access '/dev/net/tun': No such file or directory\n"


def test_boots_with_the_same_addresses_and_sockets_never_meet(place: Place) -> None:
    together = threading.Barrier(6, timeout=100)
    heard: dict[str, object] = {}

    def boot(mac: str) -> None:
        with running(place, job(place, replace(INTERFACE, mac=mac))) as process:
            namespace = attached(process)
            together.wait()
            answer = ping(namespace), echoed(namespace, mac.encode())
            together.wait()
            heard[mac] = answer

    macs = [f"02:00:00:00:01:{number:02x}" for number in range(6)]
    threads = [threading.Thread(target=boot, args=(mac,)) for mac in macs]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert heard == {mac: (b"hello", mac.encode()) for mac in macs}


def test_nothing_is_left_for_the_next(place: Place) -> None:
    """The same container, link and socket, and none of what the guest before had sent or not read."""
    found = []
    for _ in range(3):
        with alone(place) as (process, namespace), namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            found.append(process.container.id if isinstance(place, ContainerPlace) else "")  # type: ignore[attr-defined]
            guest = joined(namespace)
            assert asked(guest) == HOST
            end.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            end.sendto(b"unread", ("10.0.0.255", 9))
            guest.sendall(HEAD.pack(1000) + b"half a frame")
        assert guest.fileno() == -1
    assert len(set(found)) == 1


def test_a_frame_keeps_its_vlan_tag(place: Place) -> None:
    frame = b"\xff" * 6 + HOST + bytes.fromhex("8100 2005 0800") + bytes(60)
    with alone(place) as (_, namespace), joined(namespace) as guest:
        assert asked(guest) == HOST
        with namespace.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind((INTERFACE.device, 0))
            raw.send(frame)
            while (came := received(guest))[12:14] != b"\x81\x00":
                pass
        assert came == frame


def test_what_the_kernel_leaves_to_devices_is_done(place: Place) -> None:
    """A checksum of UDP, which the guest would else find wrong."""
    with alone(place) as (_, namespace), joined(namespace) as guest:
        assert asked(guest) == HOST
        with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"hello!", ("10.0.0.2", 9))
            while (came := received(guest))[12:14] != b"\x08\x00":
                pass
    segment = came[34:48]
    words = struct.unpack("!11H", came[26:34] + segment)
    whole = sum(words) + socket.IPPROTO_UDP + len(segment)
    assert functools.reduce(lambda total, _: (total & 0xFFFF) + (total >> 16), range(3), whole) == 0xFFFF


def test_a_large_frame_of_a_large_mtu_arrives_whole(place: Place) -> None:
    large = replace(INTERFACE.network, mtu=9000)
    wait = Job(
        ("sh", "-c", "echo attached; sleep 600"), "test", interfaces=(replace(INTERFACE, network=large, mtu=9000),)
    )
    with running(place, wait) as process, joined(namespace := attached(process)) as guest:
        assert asked(guest) == HOST
        with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(bytes(8972), ("10.0.0.2", 9))
            while (came := received(guest))[12:14] != b"\x08\x00":
                pass
        assert len(came) == 9014


NONSENSE = {
    "no frame": HEAD.pack(0),
    "an endless one": HEAD.pack(2**32 - 1),
    "one that is too long": HEAD.pack(65535 + 19),
    "another protocol": b"GET / HTTP/1.1\r\n\r\n",
    "part of a length": b"\0",
    "part of a frame": HEAD.pack(1000) + b"half",
}


def test_nonsense_ends_a_connection_alone(place: Place) -> None:
    with alone(place) as (_, namespace):
        for name, sent in NONSENSE.items():
            with joined(namespace) as guest:
                guest.sendall(sent)
                guest.shutdown(socket.SHUT_WR)
                assert guest.recv(1) == b"", name
            with joined(namespace) as guest:
                assert asked(guest) == HOST, name


def test_frames_that_the_link_does_not_take_are_lost_alone(place: Place) -> None:
    with alone(place) as (_, namespace), joined(namespace) as guest:
        for length in (1, 13, 1419, 9000, 65535 + 18):
            guest.sendall(packed(bytes(length)) * 100)
            assert asked(guest) == HOST


def test_who_comes_second_waits_until_the_first_is_gone(place: Place) -> None:
    with alone(place) as (_, namespace), joined(namespace) as first, joined(namespace) as second:
        assert asked(first) == HOST
        first.close()
        assert asked(second) == HOST


@pytest.mark.parametrize("kind", ["large frames", "small frames", "connections"])
def test_a_guest_that_floods_neither_hangs_nor_grows_who_carries_it(place: Place, kind: str) -> None:
    with alone(place) as (process, namespace):
        flood = b"" if kind == "connections" else packed(BROADCAST if kind == "large frames" else b"x" * 14) * 500
        over, sent = threading.Event(), []

        def send() -> None:
            end = joined(namespace)
            while not over.is_set():
                if kind == "connections":
                    end.close()
                    end = joined(namespace)
                end.sendall(flood)
                sent.append(len(flood))
            end.close()

        sender = threading.Thread(target=send)
        sender.start()
        while len(sent) < 20:
            sender.join(0.01)
        carried, took = carrier(place, process), []
        before, end = carried.memory_info().rss, time.monotonic() + 1.5
        while time.monotonic() < end:
            begun = time.monotonic()
            namespace.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
            took.append(time.monotonic() - begun)
        assert carried.memory_info().rss < before + GROWN
        over.set()
        sender.join(SECONDS)
        assert not sender.is_alive()
        assert max(took) < 5, "who asks for something else waits for no frame"
        with joined(namespace) as guest:
            assert asked(guest) == HOST


def test_a_guest_that_reads_nothing_loses_frames_and_nobody_waits(place: Place) -> None:
    with alone(place) as (process, namespace), joined(namespace) as guest:
        assert asked(guest) == HOST
        with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            carried = carrier(place, process)
            before = carried.memory_info().rss
            for _ in range(30_000):
                end.sendto(bytes(1000), ("10.0.0.255", 9))
            assert carried.memory_info().rss < before + GROWN
        for _ in range(20):
            assert received(guest)[:6] == b"\xff" * 6, "frames are whole"
        assert asked(guest) == HOST
