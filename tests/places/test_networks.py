"""The networks of a job, in a container and on this host: there while it runs, its own, and gone with it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import TYPE_CHECKING

import psutil
import pytest
from networked import attached, connected, echoed, interface, job, ping, program, running, until_attached
from places.several import containers, networked_place, state
from support import read, run_job

from bootmatrix.errors import InfrastructureError
from bootmatrix.model import Network
from bootmatrix.networks import messages
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.namespace import Lent
from bootmatrix.places.place import CONSOLE, Exit, Job

if TYPE_CHECKING:
    from bootmatrix.places.containers.place import ContainerPlace
    from bootmatrix.places.place import Place

# What a guest's tender may do to its tap.
MISCHIEF = ("", "mac", "owner", "gone", "neighbours", "mac owner gone neighbours")


@pytest.fixture(params=[pytest.param("container", marks=pytest.mark.docker), "local"])
def place(request: pytest.FixtureRequest) -> Place:
    return networked_place(request, (interface(),))


def test_a_guest_answers_pings_and_connections(place: Place) -> None:
    with running(place, job(place)) as process:
        namespace = attached(process)
        assert ping(namespace) == b"hello"
        assert echoed(namespace, b"a line" * 100) == b"a line" * 100


def test_a_network_is_as_it_was_asked_for(place: Place) -> None:
    with running(place, job(place)) as process:
        found = state(attached(process))
    links = {one[3]: one[4:] for one in found if one[0] == "link"}
    assert set(links) == {"lo", "tap100"}
    assert links["tap100"] == (1400, "06:00:0a:00:00:01")
    assert ("address", "tap100", 24, "10.0.0.1", "10.0.0.1") in found
    assert ("route", 254, 24, 1, "10.1.0.0", "tap100", "10.0.0.2") in found
    assert ("route", 254, 24, 1, "10.0.0.0", "tap100", None) in found


def test_what_goes_over_a_network_can_be_captured(place: Place) -> None:
    with running(place, job(place)) as process:
        namespace = attached(process)
        with namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003)) as capture:  # ETH_P_ALL
            capture.bind(("tap100", 0))
            capture.settimeout(20)
            ping(namespace)
            asked, answered = capture.recv(2000), capture.recv(2000)
    assert asked[:14] == bytes.fromhex("ffffffffffff 06000a000001 0806"), "ARP for the guest"
    assert answered[:14] == bytes.fromhex("06000a000001 020000000002 0806")


def test_a_host_end_routes_and_filters_nothing(place: Place) -> None:
    """Whatever this host itself does."""
    settings = ("ip_forward", "conf/all/rp_filter", "conf/tap100/rp_filter")
    look = Job(("cat", *(f"/proc/sys/net/ipv4/{name}" for name in settings)), "test", interfaces=(interface(),))
    assert run_job(place, look)[1] == b"0\n0\n0\n"


def test_a_job_finds_its_networks_when_it_begins(place: Place) -> None:
    other = Network("other", IPv4Interface("192.168.7.1/30"))
    two = (interface(), interface(other, "tap101", "192.168.7.2/30"))
    seen: list[bool] = []
    with place.start(Job(("cat", "/proc/net/dev"), "test", interfaces=two), lambda _: seen.append(True)) as process:
        said = b""
        while (item := read(process))[0] != "end":
            said += item[1]
    assert seen == [True]
    assert {line.split(b":")[0].strip() for line in said.splitlines() if b":" in line} >= {b"lo", b"tap100", b"tap101"}


def test_a_job_without_interfaces_has_no_network(place: Place) -> None:
    with place.start(Job(("true",), "test")) as process:
        assert process.namespace is None


def test_a_network_that_cannot_be_is_the_infrastructures_failure_and_spoils_nothing(place: Place) -> None:
    beyond = Network(
        "lan", IPv4Interface("10.0.0.1/24"), routes=((IPv4Network("10.1.0.0/24"), IPv4Address("10.9.0.1")),)
    )
    with pytest.raises(
        InfrastructureError, match=r"network for service cannot be set up: .*unreachable \(ENETUNREACH\)"
    ):
        run_job(place, job(place, interface(beyond)))
    with running(place, job(place)) as process:
        assert ping(attached(process)) == b"hello"


def test_jobs_with_the_same_addresses_run_at_once_and_never_meet(place: Place) -> None:
    """Each guest has the same address and another MAC: who hears of one alone is alone with it."""
    together = threading.Barrier(8, timeout=100)
    heard: dict[str, object] = {}

    def boot(mac: str) -> None:
        with running(place, job(place, interface(mac=mac))) as process:
            namespace = attached(process)
            together.wait()
            answer = ping(namespace), echoed(namespace, mac.encode())
            together.wait()
            heard[mac] = (*answer, [one[3] for one in state(namespace) if one[0] == "neighbour"])

    macs = [f"02:00:00:00:01:{number:02x}" for number in range(8)]
    threads = [threading.Thread(target=boot, args=(mac,)) for mac in macs]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert heard == {mac: (b"hello", mac.encode(), [mac]) for mac in macs}


def looked(place: Place) -> tuple[bytes, set[tuple[object, ...]]]:
    """What a job sees of its network, and what the kernel tells of it."""
    look = "cat /proc/net/dev /proc/net/route /proc/net/arp; echo attached; sleep 60"
    with running(place, Job(("sh", "-c", look), "test", interfaces=(interface(),))) as process:
        said, namespace = until_attached(process)
        return said, state(namespace)


@pytest.mark.parametrize("mischief", MISCHIEF)
def test_nothing_of_a_network_is_left_for_the_next(place: Place, mischief: str) -> None:
    """Whatever a tender does to its tap, and with sockets that are still open, or closed and not over."""
    before, first = looked(place), containers(place)
    with running(place, job(place, mischief=mischief)) as process:
        namespace = attached(process)
        waiting, bound = connected(namespace), namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)
        waiting.send(b"unread" * 1000)
        bound.bind(("10.0.0.1", 9))
        connected(namespace).close()
        if mischief == "neighbours":
            assert len([one for one in state(namespace) if one[0] == "neighbour"]) > 100
    assert waiting.fileno() == bound.fileno() == -1
    assert looked(place) == before
    assert containers(place) == first, "the container is not replaced"


def test_who_is_out_of_reach_is_no_neighbour(place: Place) -> None:
    """All networks of a host share one table of neighbours, which a guest with invented ones could fill."""
    with running(place, job(place, mischief="strangers")) as process:
        namespace = attached(process)
        assert ping(namespace) == b"hello"
        assert [one[2:3] for one in state(namespace) if one[0] == "neighbour"] == [("10.0.0.2",)]


def test_half_a_packet_is_not_joined_with_one_of_the_next_boot(place: Place) -> None:
    count = ("grep", "FRAG", "/proc/net/sockstat")
    with running(place, job(place, mischief="fragment")) as process:
        attached(process)
    with place.start(Job(count, "test", interfaces=(interface(),))) as process:
        assert read(process) == (CONSOLE, b"FRAG: inuse 0 memory 0\n")
        process.kill()


def test_who_comes_into_a_network_late_does_not_meet_the_next_boot(container_place: ContainerPlace) -> None:
    """A program's own container takes seconds to start on a busy host, and its boot may have ended since."""
    program()
    with contextlib.ExitStack() as stack:
        with running(container_place, job(container_place)) as process:
            end = process.ends["lan"]
            stack.enter_context(end.visited())
        assert containers(container_place) == []
    with pytest.raises(InfrastructureError, match="gone"), end.visited():
        pass


def test_a_network_of_this_host_stays_until_the_last_has_left_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program comes into it by the number of a process, which could be another by then."""
    program()
    place, left = LocalPlace(), list[bool]()
    inside, closed = threading.Event(), threading.Event()

    def visit(end: Lent) -> None:
        with end.visited():
            inside.set()
            closed.wait(20)
            left.append(psutil.pid_exists(int(end.home)))

    if trouble := place.lacks(Job((), "test", interfaces=(interface(),))):
        pytest.skip(trouble)
    with running(place, job(place)) as process:
        end = process.ends["lan"]
        visitor = threading.Thread(target=visit, args=(end,))
        visitor.start()
        assert inside.wait(20)

        def awaited(seconds: float) -> bool:
            closed.set()
            return Lent.left(end, seconds)

        monkeypatch.setattr(end, "left", awaited)
    assert left == [True]
    visitor.join()


def test_a_reader_of_a_socket_is_woken_when_the_job_is_over(place: Place) -> None:
    """It is told the end, or, if it began to read no sooner than that, that the connection was destroyed."""
    ended: list[bytes] = []

    def read_on() -> None:
        try:
            ended.append(end.recv(100))
        except ConnectionAbortedError:
            ended.append(b"")

    with running(place, job(place)) as process:
        end = connected(attached(process))
        end.settimeout(None)
        reader = threading.Thread(target=read_on)
        reader.start()
    reader.join(20)
    assert ended == [b""]


def test_nothing_more_is_had_of_a_network_when_its_job_is_over(place: Place) -> None:
    """Its container may have the next job by then."""
    with running(place, job(place)) as process:
        namespace = attached(process)
    with running(place, job(place)) as process:
        attached(process)
        for had in (
            lambda: namespace.socket(socket.AF_INET, socket.SOCK_STREAM),
            lambda: namespace.tap("tap7"),
            lambda: namespace.netlink(messages.links()),
        ):
            with pytest.raises(InfrastructureError, match="the network of a boot is gone with it"):
                had()


def test_no_descriptor_is_left(place: Place) -> None:
    def boot() -> int:
        with running(place, job(place)) as process:
            namespace = attached(process)
            kept = [namespace.socket(socket.AF_INET, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
            assert [each.get_inheritable() for each in kept] == [False, False]
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # a count

    boot()
    assert boot() == boot()


def test_jobs_go_on_after_one_that_ended_by_itself(place: Place) -> None:
    for _ in range(3):
        assert run_job(place, Job(("sh", "-c", "exit 3"), "test", interfaces=(interface(),)))[0] == Exit(3)
    assert len(containers(place)) <= 1
