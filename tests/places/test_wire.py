"""The wire: what an agent or a holder answers to whatever is asked."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import struct
import subprocess
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest
from support import OWN_TUN

from bootmatrix.errors import InfrastructureError
from bootmatrix.networks import laying, messages
from bootmatrix.networks.messages import Link
from bootmatrix.places import devices, wire
from bootmatrix.places.containers import agents
from bootmatrix.places.here import apart
from bootmatrix.places.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAC = "06:00:00:00:00:01"
APART = ("unshare", "--net", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child")


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("gcc"):
        pytest.skip("no gcc on PATH")
    made = tmp_path_factory.mktemp("agent") / "agent"
    made.with_suffix(".c").write_text(agents.SOURCE.replace('SCRATCH "/tmp"', 'SCRATCH "/media"', 1))
    subprocess.run(["gcc", "-Wall", "-Werror", "-pthread", "-o", made, made.with_suffix(".c")], check=True)
    return made


@pytest.fixture(params=["agent", "holder"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[socket.socket]:
    """One end of a wire, at whose other end is who serves it, in a network namespace."""
    if os.getuid():
        pytest.skip("namespaces need root")
    if trouble := devices.trouble("tun"):
        pytest.skip(trouble)
    yield from of_agent(request.getfixturevalue("agent"), tmp_path) if request.param == "agent" else of_holder()


def of_agent(program: Path, box: Path) -> Iterator[socket.socket]:
    start = f"mount -t tmpfs tmpfs /media; mount -t proc proc /proc; exec {program} . 65534 65534"
    with ExitStack() as ends, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        for name in agents.PIPES:
            os.mkfifo(box / name)
            ends.callback(os.close, os.open(box / name, os.O_RDWR))
        folder = os.open(box, os.O_PATH)
        listening.bind(f"/proc/self/fd/{folder}/{wire.NAME}")
        os.close(folder)
        listening.listen()
        listening.settimeout(20)
        process = ends.enter_context(subprocess.Popen([*APART, *OWN_TUN, "sh", "-c", start], cwd=box))
        ends.callback(process.kill)
        end = ends.enter_context(listening.accept()[0])
        end.settimeout(20)
        yield end


def of_holder() -> Iterator[socket.socket]:
    holder = apart.Holder()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with closing(holder), ours, theirs:
        holder.hold(theirs)
        theirs.close()
        ours.settimeout(20)
        ours.send(b"begin")
        assert ours.recv(100).startswith(b"ok ")
        yield ours


SILENT = struct.pack("=IHHIIBxHiII", 32, 16, 1, 0, 0, 0, 0, 1, 1, 1)  # RTM_NEWLINK without NLM_F_ACK
NONSENSE = {
    "a word": b"reboot",
    "a zero": b"\0",
    "bytes": b"\xff" * 60_000,
    "a tap without a name": b"tap ",
    "a tap with a long name": b"tap " + b"x" * 16,
    "a tap with two names": b"tap a b",
    "a relay without a name": b"relay ",
    "a relay with a long name": b"relay " + b"x" * 12,
    "a relay with two names": b"relay a b",
    "a relay of a link that is not there": b"relay tap100",
    "a socket of nothing": b"socket",
    "a socket of words": b"socket a b c",
    "a socket that the kernel does not have": b"socket 2 77 0",
    "a descriptor that is not there": b"take",
    "a drop of nothing": b"drop",
    "netlink of nothing": b"netlink",
    "netlink without a message": b"netlink 0\0",
    "netlink with a piece of a message": b"netlink 0\0abc",
    "netlink with an empty message": b"netlink 0\0" + bytes(16),
    "netlink with more than there is": b"netlink 0\0" + struct.pack("=IHHII", 17, 18, 5, 0, 0),
    "netlink that wants no answer": b"netlink 0\0" + SILENT,
    "to take nothing": b"take",
    "to drop what was not taken": b"drop 0",
    "to drop what cannot be": b"drop 4711",
    "to drop less than nothing": b"drop -1",
    "to drop a word": b"drop it",
    "to give more than itself": b"give all",
    "netlink of another kind": b"netlink 4711\0" + SILENT,
}


@pytest.mark.parametrize("name", [name for name, request in NONSENSE.items() if request != b"take"])
def test_nonsense_with_a_descriptor_keeps_none(served: socket.socket, name: str) -> None:
    ours, theirs = socket.socketpair()
    socket.send_fds(served, [NONSENSE[name]], [theirs.fileno()] * 2)
    theirs.close()
    assert served.recv(1 << 16).startswith(b"error ")
    ours.settimeout(20)
    assert ours.recv(1) == b"", "the other end is closed everywhere"
    ours.close()


def test_a_namespace_is_given_and_taken_by_another(served: socket.socket) -> None:
    there = Wire(served, "test")
    with there.given() as descriptor:
        assert os.fstat(descriptor).st_ino != os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116
        assert not os.get_inheritable(descriptor)
        with there.taken(descriptor) as number, there.taken(descriptor) as other:
            assert number != other
            there.netlink(messages.pair(Link(7, MAC, 1500, "near"), Link(8, MAC, 1500, "far"), number))
    assert {one[3] for one in laying.state(there) if one[0] == "link"} == {"lo", "near", "far"}
    served.send(b"drop %d" % number)
    assert served.recv(100) == b"error %d" % errno.EBADF


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_and_what_follows_is_served(served: socket.socket, name: str) -> None:
    served.send(NONSENSE[name])
    said, descriptors, _, _ = socket.recv_fds(served, 1 << 16, 1)
    assert said.startswith(b"error ")
    assert descriptors == []
    served.send(b"socket 2 1 0")
    said, descriptors, _, _ = socket.recv_fds(served, 1 << 16, 1)
    assert said == b"ok"
    os.close(*descriptors)


def test_a_tap_that_is_there_is_refused(served: socket.socket) -> None:
    there = Wire(served, "test")
    assert there.tap("tap100") > 1
    with pytest.raises(InfrastructureError, match="test has no tap tap100: Device or resource busy"):
        there.tap("tap100")


def test_a_socket_is_of_their_network(served: socket.socket) -> None:
    with Wire(served, "test").socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        assert (made.family, made.type) == (socket.AF_INET, socket.SOCK_STREAM)
        assert not made.get_inheritable()
        with pytest.raises(OSError, match="unreachable"):  # its `lo` is down yet
            made.connect(("127.0.0.1", 1))


def asked_of(end: socket.socket, request: bytes, *given: int) -> tuple[bytes, list[int]]:
    socket.send_fds(end, [request], given)
    said, descriptors, _, _ = socket.recv_fds(end, 1 << 16, 1)
    return said, descriptors


def test_a_descriptor_is_kept_until_it_is_dropped(served: socket.socket) -> None:
    """Whether it is, tells a pipe's other end."""
    reading, writing = os.pipe()
    word, _, number = asked_of(served, b"take", writing)[0].partition(b" ")
    os.close(writing)
    os.set_blocking(reading, False)
    assert word == b"ok"
    with pytest.raises(BlockingIOError):
        os.read(reading, 1)
    assert asked_of(served, b"drop 4711") == (b"error 9", [])
    assert asked_of(served, b"drop " + number) == (b"ok", [])
    assert os.read(reading, 1) == b""
    assert asked_of(served, b"drop " + number) == (b"error 9", [])
    os.close(reading)


def test_a_network_is_given_and_can_be_taken_by_another(served: socket.socket) -> None:
    """A link goes over to where its descriptor leads: to this one itself."""
    said, (network,) = asked_of(served, b"give")
    assert said == b"ok"
    assert os.readlink(f"/proc/self/fd/{network}") != os.readlink("/proc/self/ns/net")  # noqa: PTH115
    assert asked_of(served, b"take", network)[0].startswith(b"ok ")
    os.close(network)


def test_what_nobody_asked_to_keep_is_not_kept(served: socket.socket) -> None:
    reading, writing = os.pipe()
    for request in (b"nonsense", b"socket 2 1 0", b"drop 0", b"give"):
        for each in asked_of(served, request, writing)[1]:
            os.close(each)
    os.close(writing)
    assert os.read(reading, 1) == b""
    os.close(reading)
