"""What guests send of themselves is kept with its time, whatever else they send."""

from __future__ import annotations

import csv
import io
import socket
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING, Any

import networked
import pytest
from servers import free_port, until
from watching.fakes import BEGUN, FakeProcess

from bootmatrix.errors import UserError
from bootmatrix.model import Network
from bootmatrix.texts import Record
from bootmatrix.watching.witness import Ending, Moment
from bootmatrix.watching.witnesses import monitoring
from bootmatrix.watching.witnesses.monitoring import Monitoring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.places.containers.place import ContainerPlace
    from bootmatrix.places.place import Process

LOOPBACK = networked.interface(Network("lan", IPv4Interface("127.0.0.1/8")))


class End:
    """Makes sockets, as the host end of a network does."""

    @staticmethod
    def socket(family: int, kind: int) -> socket.socket:
        made = socket.socket(family, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return made


def attached() -> Process:
    process = FakeProcess()
    ends: Any = {"lan": End}
    process.ends = ends
    return process


class Looked:
    """A witness that looks once a second of a clock of the test's."""

    def __init__(self, process: Process, port: int, interface: Any = LOOPBACK) -> None:
        self.witness, self.now = Monitoring([interface, interface], port), BEGUN
        self.witness.began(process, self.now)

    def look(self, seconds: float = 1.0) -> None:
        self.now += seconds
        self.witness.tick(Moment(self.now, 0.0, Record(0)))

    def kept(self) -> list[tuple[str, str, str]]:
        """The rows of the file; nothing goes on afterwards."""
        raw = self.witness.ended(Ending(None, None)).files.get("monitoring.csv", b"seconds,name,value\n")
        header, *rows = csv.reader(io.StringIO(raw.decode()))
        assert header == ["seconds", "name", "value"]
        return [(row[0], row[1], row[2]) for row in rows]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def looked(port: int) -> Iterator[Looked]:
    made = Looked(attached(), port)
    yield made
    made.witness.abandoned()


def sent(looked: Looked, port: int, *chunks: bytes) -> socket.socket:
    """What a guest has sent, and the witness has seen a chunk a second."""
    guest = socket.create_connection(("127.0.0.1", port))
    guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for chunk in chunks:
        guest.sendall(chunk)
        until(lambda: not unsent(guest))
        looked.look()
    return guest


def unsent(end: socket.socket) -> int:
    """Bytes that the other side's kernel does not have yet."""
    import array  # noqa: PLC0415
    import fcntl  # noqa: PLC0415
    import termios  # noqa: PLC0415

    held = array.array("i", [0])
    fcntl.ioctl(end, termios.TIOCOUTQ, held)
    return held[0]


def test_each_number_has_the_time_at_which_it_came(looked: Looked, port: int) -> None:
    with sent(looked, port, b"memory,vm=a live\\ words=1i\nmemory,vm=a li", b"ve\\ words=2.5\n"):
        assert looked.kept() == [("1.000", "memory.live words", "1"), ("2.000", "memory.live words", "2.5")]


def test_the_last_line_of_a_guest_that_ends_counts(looked: Looked, port: int) -> None:
    sent(looked, port, b"a b=1\n", b"a b=2\na c=3").close()
    assert looked.kept() == [("1.000", "a.b", "1"), ("2.000", "a.b", "2"), ("2.000", "a.c", "3")]


def test_a_guest_may_connect_again(looked: Looked, port: int) -> None:
    for number in range(20):
        sent(looked, port, b"a b=%d\n" % number).close()
        looked.look()
    assert [value for _, _, value in looked.kept()] == [str(number) for number in range(20)]


def test_what_is_no_line_protocol_is_ignored(looked: Looked, port: int) -> None:
    with sent(looked, port, b"\0\xff\n\nGET / HTTP/1.1\r\n\r\na b=nan\n", b"x" * 100_000 + b"\na b=1\n") as _:
        for _ in range(10):
            looked.look()
        assert [row[1:] for row in looked.kept()] == [("a.b", "1")]


def test_a_guest_costs_no_more_than_so_many_names_and_numbers(looked: Looked, port: int) -> None:
    lines = b"".join(b"a b%d=1\n" % number for number in range(1000))
    with sent(looked, port, lines) as guest:
        looked.look()
        for _ in range(3000):
            guest.sendall(b"a b0=2\n")
            looked.look()
        rows = looked.kept()
    assert len({name for _, name, _ in rows}) == monitoring.NAMES
    assert len(rows) < monitoring.NAMES + monitoring.MOST


def test_more_connections_wait(looked: Looked, port: int) -> None:
    guests = [sent(looked, port, b"a n%d=1\n" % number) for number in range(monitoring.CONNECTIONS + 2)]
    looked.look()
    for guest in guests:
        guest.close()
    looked.look()
    looked.look()
    assert len(looked.kept()) == len(guests)


def test_a_guest_that_sends_nothing_has_no_file(looked: Looked) -> None:
    looked.look()
    assert looked.witness.ended(Ending(None, None)).files == {}


def test_nobody_listens_afterwards(looked: Looked, port: int) -> None:
    with sent(looked, port, b"a b=1\n"):
        looked.kept()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.usefixtures("looked")
def test_a_port_that_is_taken_is_told(port: int) -> None:
    with pytest.raises(UserError, match=f"at port {port} of the network 'lan': Address already in use") as caught:
        Looked(attached(), port)
    assert "give each guest that is on it another port" in str(caught.value)


@pytest.mark.docker
def test_it_listens_in_the_network_of_the_boot(container_place: ContainerPlace) -> None:
    with networked.running(container_place, networked.job(container_place)) as process:
        looked = Looked(process, 8094, networked.interface())
        namespace = networked.attached(process)
        with namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as guest:
            guest.settimeout(networked.SECONDS)
            guest.connect(("10.0.0.1", 8094))
            guest.sendall(b"memory,vm=a live=1i\n")
            until(lambda: not unsent(guest))
            looked.look()
        assert looked.kept() == [("1.000", "memory.live", "1")]
