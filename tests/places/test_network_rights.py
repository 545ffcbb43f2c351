"""A boot with a network in a container: what its tender could do there if it broke out, and what ends the agent."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING

import pytest
from networked import attached, connected, interface, job, ping, program, running
from support import run_job

from bootmatrix.errors import InfrastructureError
from bootmatrix.model import Network
from bootmatrix.networks import laying
from bootmatrix.places import wire
from bootmatrix.places.containers import agents, engine, settings
from bootmatrix.places.place import Exit, Job, Mount

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.places.containers.place import ContainerPlace

pytestmark = pytest.mark.docker
PERL = "use Socket; use IO::Socket::INET; $| = 1; socket(U, PF_INET, SOCK_DGRAM, 0); "


@pytest.fixture
def place(container_place: ContainerPlace) -> ContainerPlace:
    program()
    return container_place


def said(place: ContainerPlace, *argv: str) -> str:
    _, console, tender = run_job(place, Job(argv, "test", interfaces=(interface(),)))
    return (console + tender).decode()


def containers(place: ContainerPlace) -> list[str]:
    found = engine.client().containers(filters={"label": f"{settings.LABEL}={place.pool.run}"})
    return sorted(str(each["Id"]) for each in found)


def test_a_boot_has_no_right_over_its_network(place: ContainerPlace) -> None:
    status = said(place, "cat", "/proc/self/status")
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert f"{name}:\t0000000000000000" in status


REFUSED = {
    "a raw socket": "socket(S, PF_INET, SOCK_RAW, 1)",
    "a socket of packets": "socket(S, 17, SOCK_RAW, 0)",
    "a socket for pings": "socket(S, PF_INET, SOCK_DGRAM, 1)",
    "an address": "my $r = pack(q(a16 S n a4 x8), q(tap100), 2, 0, inet_aton(q(1.2.3.4))); ioctl(U, 0x8916, $r)",
    "a link that goes down": "my $r = pack(q(a16 S x22), q(lo), 0); ioctl(U, 0x8914, $r)",
    "a tap of its own": "my $r = pack(q(a16 S x22), q(tap7), 0x1002);"
    " open(T, q(+<), q(/dev/net/tun)); ioctl(T, 0x400454ca, $r)",
    "a setting": "open(T, q(>), q(/proc/sys/net/ipv4/ip_forward))",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_boot_is_refused(place: ContainerPlace, name: str) -> None:
    assert said(place, "perl", "-e", f"{PERL}{REFUSED[name]} or print qq($!\n)") in {
        "Operation not permitted\n",
        "Permission denied\n",
        "Read-only file system\n",
    }


def test_a_boot_finds_no_wire(place: ContainerPlace) -> None:
    look = "[ -e /bootmatrix/wire ] || echo none; [ -e /bootmatrix/agent ] && echo agent; ls /proc/1/fd"
    told = said(place, "sh", "-c", look)
    assert told.startswith("none\nagent\n")
    assert "Permission denied" in told


def test_the_wire_is_not_handed_on(place: ContainerPlace) -> None:
    look = ("sh", "-c", "ls /proc/self/fd; ls -l /proc/self/fd | grep -c socket")
    _, without, _ = run_job(place, Job(look, "test"))
    assert said(place, *look) == without.decode()
    assert without.endswith(b"\n0\n")


def test_a_boot_reaches_neither_this_host_nor_what_lies_behind_it(place: ContainerPlace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as here, socket.create_server(("0.0.0.0", 0)) as everywhere:  # noqa: S104
        mine = socket.gethostbyname(socket.gethostname())
        targets = [("127.0.0.1", here.getsockname()[1]), (mine, everywhere.getsockname()[1]), ("192.0.2.1", 80)]
        for address, port in targets:
            call = f"IO::Socket::INET->new(PeerAddr => q({address}:{port}), Timeout => 5) ? print 1 : print qq($@)"
            told = said(place, "perl", "-e", PERL + call)
            assert "refused" in told or "unreachable" in told


def test_jobs_share_a_container_whatever_their_addresses_are_but_only_with_those_that_have_some(
    place: ContainerPlace,
) -> None:
    first = interface()
    other = interface(Network("b", IPv4Interface("10.5.0.1/16")), "tap7", "10.5.0.2/16")
    for each in (first, other, first):
        with running(place, job(place, each)) as process:
            assert ping(attached(process), str(each.address.ip)) == b"hello"
    (with_network,) = containers(place)
    run_job(place, Job(("true",), "test"))
    without, again = [each for each in containers(place) if each != with_network], containers(place)
    assert (len(without), len(again)) == (1, 2)
    kept = engine.client().inspect_container(without[0])["HostConfig"]
    assert not {"NET_ADMIN", "CAP_NET_ADMIN", "NET_RAW", "CAP_NET_RAW"} & set(kept["CapAdd"])
    assert not kept["Devices"]


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SECONDS", 2.0)


def stopped(container: str) -> int:
    process = int(engine.client().inspect_container(container)["State"]["Pid"])
    os.kill(process, signal.SIGSTOP)
    return process


@pytest.mark.usefixtures("_soon")
@pytest.mark.skipif(os.getuid() != 0, reason="to stop the agent needs root")
def test_an_agent_that_is_stopped_is_given_up_and_replaced(place: ContainerPlace) -> None:
    def boot() -> None:
        with running(place, job(place)) as process:
            namespace = attached(process)
            stopped(*containers(place))
            connected(namespace)

    begun = time.monotonic()
    with pytest.raises(InfrastructureError, match="network of test makes no socket: no answer"):
        boot()
    assert time.monotonic() - begun < 30
    assert containers(place) == []
    assert run_job(place, Job(("true",), "test", interfaces=(interface(),)))[0] == Exit(0)


def test_an_agent_that_is_killed_is_told_and_replaced(place: ContainerPlace) -> None:
    def boot() -> None:
        with running(place, job(place)) as process:
            namespace = attached(process)
            (mine,) = containers(place)
            engine.client().kill(mine)
            with contextlib.suppress(InfrastructureError):  # it has removed itself already
                engine.ended(mine, 30)
            connected(namespace)

    with pytest.raises(InfrastructureError, match=r"network of test makes no socket: its other end is gone"):
        boot()
    assert containers(place) == []
    with running(place, job(place)) as process:
        assert ping(attached(process)) == b"hello"


def test_what_cannot_be_cleared_costs_the_container_and_nothing_else(
    place: ContainerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that stays, as one that the kernel does not forget."""
    monkeypatch.setattr(laying, "GONE_SECONDS", 0.2)
    once = Job(("true",), "test", interfaces=(interface(),))
    run_job(place, once)
    first = containers(place)
    with place.start(once) as process:
        while process.read(60) != ("end", b""):
            pass
        assert process.namespace
        process.namespace.tap("stays")
    assert containers(place) != first
    assert run_job(place, once)[0] == Exit(0)


def test_an_image_without_a_compiler_has_no_networks_and_says_so(
    place: ContainerPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(agents, "COMPILE", "exit 127")
    asked = Job(("true",), "test", interfaces=(interface(),))
    assert "needs a C compiler in its image" in place.lacks(asked)
    with pytest.raises(InfrastructureError, match="needs a C compiler in its image"):
        run_job(place, asked)
    assert place.lacks(Job(("true",), "test")) == ""


def test_a_scratch_folder_of_the_hosts_is_no_place_for_networks(place: ContainerPlace, tmp_path: Path) -> None:
    asked = Job(("true",), "test", interfaces=(interface(),), mounts=(Mount(tmp_path, "/tmp/theirs"),))
    assert "needs a /tmp of its own" in place.lacks(asked)
