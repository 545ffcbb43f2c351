"""A job on several networks: what goes from one to another goes through the job, and nothing is left of any of them."""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

import pytest
from networked import attached, interface, ping, running
from places.several import BOTH, LAN, WAN, containers, idle, net, networked_place, reached, router, state
from support import run_job

from bootmatrix.errors import InfrastructureError
from bootmatrix.networks import laying
from bootmatrix.places.containers import engine
from bootmatrix.places.containers.place import ContainerPlace
from bootmatrix.places.place import Exit, Job

if TYPE_CHECKING:
    from bootmatrix.places.place import Place, Process

RTM_GETNEIGH, NLM_F_DUMP = 30, 0x301
NEAR, FAR = "10.0.0.1", "10.0.1.1"


@pytest.fixture(params=[pytest.param("container", marks=pytest.mark.docker), "local"])
def place(request: pytest.FixtureRequest) -> Place:
    return networked_place(request, BOTH)


def served(process: Process, network: str, address: str) -> socket.socket:
    """A listener at the host end of a network."""
    end = process.ends[network].socket(socket.AF_INET, socket.SOCK_STREAM)
    end.bind((address, 80))
    end.listen()
    end.settimeout(20)
    return end


def test_what_goes_from_one_network_to_another_goes_through_the_job(place: Place) -> None:
    with running(place, router(place)) as process:
        attached(process)
        assert list(process.ends) == ["lan", "wan"]
        assert ping(process.ends["lan"], FAR) == b"hello"
        assert ping(process.ends["wan"], NEAR) == b"hello"
        listener = served(process, "wan", FAR)
        with process.ends["lan"].socket(socket.AF_INET, socket.SOCK_STREAM) as near:
            near.settimeout(20)
            near.connect((FAR, 80))
            far, peer = listener.accept()
            near.sendall(b"x" * 100_000 + b"end")
            with far:
                assert far.recv(100_003, socket.MSG_WAITALL)[-3:] == b"end"
                assert peer[0] == NEAR


def test_without_a_router_nothing_arrives(place: Place) -> None:
    """Whatever this host itself would forward."""
    with running(place, idle()) as process:
        attached(process)
        assert not reached(process.ends["lan"], FAR, 0.5)
        assert not reached(process.ends["wan"], NEAR, 0.5)
        assert reached(process.ends["lan"], NEAR, 20)


def test_each_network_is_as_it_was_asked_for(place: Place) -> None:
    with running(place, router(place)) as process:
        own = state(attached(process))
        far = state(process.ends["wan"])
    assert {one[3]: one[4:] for one in far if one[0] == "link" and one[3] != "lo"} == {
        "eth0": (1400, "06:00:0a:00:01:01")
    }
    assert ("address", "eth0", 24, "10.0.1.1", "10.0.1.1") in far
    assert ("route", 254, 24, 1, "10.0.0.0", "eth0", "10.0.1.2") in far
    assert {one[4] for one in own if one[0] == "link" and one[3] != "lo"} == {1400}
    assert {one[1] for one in own if one[0] == "address"} == {"lo"}


def test_of_a_single_network_the_host_end_is_where_the_tap_is(place: Place) -> None:
    one = (interface(),)
    with running(place, idle(one)) as process:
        assert process.ends == {"lan": attached(process)}
    assert len(containers(place)) <= 1


def test_two_interfaces_on_one_network_both_reach_the_host_end(place: Place) -> None:
    two = (BOTH[0], interface(LAN, "tap1", "10.0.0.3/24", "02:00:00:00:00:03"))
    wanted = {str(each.address.ip): each.mac for each in two}
    with running(place, router(place, two)) as process:
        own, found, end = attached(process), dict[object, object](), time.monotonic() + 20
        namespace = process.ends["lan"]
        assert namespace != own, "what comes there passes their bridge, and what it dropped at first is sent again"
        with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            for address in wanted:
                asking.sendto(b"who are you", (address, 9))
        while found != wanted and time.monotonic() < end:
            found = {one[2]: one[3] for one in state(namespace) if one[0] == "neighbour"}
        assert ("address", "eth0", 24, "10.0.0.1", "10.0.0.1") in state(namespace)
    assert found == wanted


def test_a_bridge_learns_nothing_of_which_a_guest_could_make_up_any_number(place: Place) -> None:
    with running(place, router(place)) as process:
        namespace = attached(process)
        assert ping(process.ends["lan"], FAR) == b"hello"
        asked = struct.pack("=IHHIIBxHiHBB", 28, RTM_GETNEIGH, NLM_F_DUMP, 0, 0, socket.AF_BRIDGE, 0, 0, 0, 0, 0)
        table = namespace.netlink(asked)
    assert bytes.fromhex(laying.mac_of(BOTH[0].address.ip, laying.TAP).replace(":", "")) in table
    for mac in (BOTH[0].mac, BOTH[1].mac, laying.mac_of(LAN.host.ip), laying.mac_of(WAN.host.ip)):
        assert bytes.fromhex(mac.replace(":", "")) not in table


def looked(place: Place) -> list[set[tuple[object, ...]]]:
    with running(place, idle()) as process:
        return [state(each) for each in (attached(process), *process.ends.values())]


def test_nothing_is_left_for_the_next(place: Place) -> None:
    """With sockets that are still open, or closed and not over, on either side."""
    before, first = looked(place), containers(place)
    for _ in range(3):
        with running(place, router(place)) as process:
            attached(process)
            listener = served(process, "wan", FAR)
            kept = [process.ends["lan"].socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(2)]
            for each in kept:
                each.settimeout(20)
                each.connect((FAR, 80))
            kept[0].close()
            with listener.accept()[0] as far:
                far.send(b"unread" * 1000)
        assert kept[1].fileno() == listener.fileno() == -1
        assert looked(place) == before
    assert containers(place) == first, "no container is replaced"
    assert len(first) in {0, 3}


def test_jobs_with_the_same_addresses_run_at_once_and_never_meet(place: Place) -> None:
    together = threading.Barrier(4, timeout=100)
    heard: list[bytes] = []

    def boot(number: int) -> None:
        with running(place, router(place)) as process:
            attached(process)
            listener = served(process, "wan", FAR)
            together.wait()
            with process.ends["lan"].socket(socket.AF_INET, socket.SOCK_STREAM) as near:
                near.settimeout(20)
                near.connect((FAR, 80))
                near.send(b"%d" % number)
                with listener.accept()[0] as far:
                    heard.append(b"%d=%s" % (number, far.recv(10)))
            together.wait()

    threads = [threading.Thread(target=boot, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(heard) == [b"%d=%d" % (number, number) for number in range(4)]


@pytest.mark.parametrize("name", ["lan", "wan"])
def test_a_host_end_that_is_ended_from_outside_is_the_infrastructures_failure(place: Place, name: str) -> None:
    def boot() -> None:
        with running(place, router(place)) as process:
            attached(process)
            home = process.ends[name].home
            if isinstance(place, ContainerPlace):
                engine.client().kill(home)
            else:
                os.kill(int(home), signal.SIGKILL)
            end = time.monotonic() + 20
            while time.monotonic() < end:
                assert process.read(0.1) is None

    before = containers(place)
    with pytest.raises(InfrastructureError, match=rf"network of test \({name}\) was ended from outside"):
        boot()
    with running(place, router(place)) as process:
        attached(process)
        assert ping(process.ends["lan"], FAR) == b"hello"
    assert before == []
    assert len(containers(place)) in {0, 3}


def test_a_network_that_cannot_be_spoils_nothing(place: Place) -> None:
    beyond = net("wan", "10.0.1.1/24", "10.7.0.0/24", "10.9.0.1")
    bad = (BOTH[0], interface(beyond, "tap1", "10.0.1.2/24"))
    with pytest.raises(InfrastructureError, match=r"network for service cannot be set up: .*unreachable"):
        run_job(place, idle(bad))
    first = containers(place)
    with running(place, router(place)) as process:
        attached(process)
        assert ping(process.ends["lan"], FAR) == b"hello"
    assert set(first) <= set(containers(place)), "no holder is replaced"


def test_a_program_stands_on_the_side_that_it_is_told(place: Place) -> None:
    with running(place, router(place)) as process:
        attached(process)
        assert ping(process.ends["lan"], FAR) == b"hello"
        for name, end in process.ends.items():
            ended, said, _ = run_job(place, Job(("cat", "/proc/net/arp"), "test", stands_in=end))
            assert ended == Exit(0)
            near = "10.0.0.2" if name == "lan" else "10.0.1.2"
            assert [line.split()[0] for line in said.decode().splitlines()[1:]] == [near]
