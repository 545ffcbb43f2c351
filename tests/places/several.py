"""A job between two networks, and what there is of them."""

from __future__ import annotations

import socket
import struct
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import TYPE_CHECKING

import pytest
from networked import interface, program

from bootmatrix.model import Network
from bootmatrix.networks import laying
from bootmatrix.places.containers import engine, settings
from bootmatrix.places.containers.place import ContainerPlace
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.place import Job

if TYPE_CHECKING:
    from bootmatrix.model import Interface
    from bootmatrix.places.namespace import Namespace
    from bootmatrix.places.place import Place


def net(name: str, host: str, behind: str, through: str) -> Network:
    return Network(name, IPv4Interface(host), 1400, ((IPv4Network(behind), IPv4Address(through)),))


LAN = net("lan", "10.0.0.1/24", "10.0.1.0/24", "10.0.0.2")
WAN = net("wan", "10.0.1.1/24", "10.0.0.0/24", "10.0.1.2")
BOTH = (
    interface(LAN, "tap0", "10.0.0.2/24", "02:00:00:00:00:02"),
    interface(WAN, "tap1", "10.0.1.2/24", "02:00:00:00:01:02"),
)
STATES = {"link": 1, "address": 1, "route": 5, "neighbour": 1}  # where the index of a link stands


def networked_place(request: pytest.FixtureRequest, interfaces: tuple[Interface, ...]) -> Place:
    """On the host or in a container, as the fixture's parameter says, if such interfaces can be there."""
    found: Place = LocalPlace() if request.param == "local" else request.getfixturevalue("container_place")
    program()
    if trouble := found.lacks(Job((), "test", interfaces=interfaces)):
        pytest.skip(trouble)
    return found


def containers(place: Place) -> list[str]:
    """Those that there are; none on this host."""
    if not isinstance(place, ContainerPlace):
        return []
    found = engine.client().containers(filters={"label": f"{settings.LABEL}={place.pool.run}"})
    return sorted(str(each["Id"]) for each in found)


def state(namespace: Namespace) -> set[tuple[object, ...]]:
    """Links, addresses, routes and neighbours; links by their names."""
    found = laying.state(namespace)
    names = {one[1]: one[3] for one in found if one[0] == "link"}
    return {(*one[: (at := STATES[str(one[0])])], names[one[at]], *one[at + 1 :]) for one in found}


def router(place: Place, interfaces: tuple[Interface, ...] = BOTH) -> Job:
    """One that knows the machines on both sides."""
    folder = place.folder()
    start = 'cp "$1/router" "$TMPDIR/router" && chmod +x "$TMPDIR/router" && shift && exec "$TMPDIR/router" "$@"'
    words = [(each.device, str(each.address.ip), each.mac, laying.mac_of(each.network.host.ip)) for each in interfaces]
    argv = ("sh", "-c", start, "sh", folder, *words[0], *words[1])
    return Job(argv, "test", interfaces=interfaces, folder=folder, files={"router": program("router")})


def idle(interfaces: tuple[Interface, ...] = BOTH) -> Job:
    """One that forwards nothing."""
    return Job(("sh", "-c", "echo attached; exec sleep 60"), "test", interfaces=interfaces)


def reached(namespace: Namespace, target: str, seconds: float) -> bool:
    """Whether anything answers a ping there within so many seconds."""
    with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as end:
        end.settimeout(seconds)
        try:
            end.sendto(struct.pack("!BBHHH", 8, 0, 0, 0, 1) + b"hello", (target, 0))
            return end.recv(100)[8:] == b"hello"
        except OSError:
            return False
