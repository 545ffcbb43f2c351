"""Netlink messages against the kernel: what is ordered is what `ip` then shows, and what is told is what there is."""

from __future__ import annotations

import errno
import json
import shutil
import socket
import struct
import subprocess
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import TYPE_CHECKING, Any

import pytest
from networked import LAN, interface

from bootmatrix.errors import InfrastructureError
from bootmatrix.model import Interface, Network
from bootmatrix.networks import laying, messages
from bootmatrix.places.here import apart

if TYPE_CHECKING:
    from bootmatrix.places.here.apart import Apart


def lay(namespace: Apart, one: Interface) -> None:
    """With the host's end in the same namespace."""
    laying.lay(namespace, [one], {one.network.name: namespace})


def ip(namespace: Apart, *words: str) -> list[dict[str, Any]]:
    if not shutil.which("ip"):
        pytest.skip("no ip on PATH")
    command = apart.inside(namespace, ("ip", "-json", "-details", *words))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [each for each in json.loads(done.stdout or "[]") if each]


def test_a_network_is_as_ip_shows_it(namespace: Apart) -> None:
    laying.begin(namespace)
    lay(namespace, interface())
    (tap,) = ip(namespace, "address", "show", "tap100")
    assert {"UP", "BROADCAST"} <= set(tap["flags"])
    assert (tap["mtu"], tap["address"]) == (1400, "06:00:0a:00:00:01")
    assert (tap["linkinfo"]["info_kind"], tap["linkinfo"]["info_data"]["type"]) == ("tun", "tap")
    assert tap["linkinfo"]["info_data"]["persist"]
    (address,) = tap["addr_info"]
    assert (address["local"], address["prefixlen"], address["broadcast"]) == ("10.0.0.1", 24, "10.0.0.255")
    routes = {each["dst"]: each for each in ip(namespace, "route")}
    assert set(routes) == {"10.0.0.0/24", "10.1.0.0/24"}
    assert (routes["10.1.0.0/24"]["gateway"], routes["10.1.0.0/24"]["dev"]) == ("10.0.0.2", "tap100")
    (lo,) = ip(namespace, "link", "show", "lo")
    assert "UP" in lo["flags"]


@pytest.mark.parametrize(
    ("host", "target", "gateway", "shown"),
    [
        ("10.0.0.1/24", "0.0.0.0/0", "10.0.0.254", "default"),
        ("10.0.0.1/24", "10.1.2.3/32", "10.0.0.2", "10.1.2.3"),
        ("10.0.0.1/31", "192.168.0.0/16", "10.0.0.0", "192.168.0.0/16"),
        ("10.0.0.1/8", "172.16.0.0/12", "10.255.255.254", "172.16.0.0/12"),
        ("169.254.0.1/30", "8.0.0.0/5", "169.254.0.2", "8.0.0.0/5"),
    ],
)
def test_prefixes_of_all_lengths(namespace: Apart, host: str, target: str, gateway: str, shown: str) -> None:
    route = (IPv4Network(target), IPv4Address(gateway))
    lay(namespace, interface(Network("lan", IPv4Interface(host), routes=(route,))))
    found = {each["dst"]: each.get("gateway") for each in ip(namespace, "route")}
    assert found == {str(IPv4Interface(host).network): None, shown: gateway}


@pytest.mark.parametrize("mtu", [68, 1500, 9000, 65521])
def test_frames_of_all_sizes(namespace: Apart, mtu: int) -> None:
    lay(namespace, interface(Network("lan", LAN.host, mtu)))
    assert ip(namespace, "link", "show", "tap100")[0]["mtu"] == mtu


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (Network("lan", LAN.host, 67), "Invalid argument (EINVAL)"),
        (Network("lan", LAN.host, routes=(LAN.routes[0], LAN.routes[0])), "File exists (EEXIST)"),
    ],
)
def test_what_the_kernel_refuses_is_told_with_its_reason(namespace: Apart, network: Network, reason: str) -> None:
    with pytest.raises(InfrastructureError) as told:
        lay(namespace, interface(network))
    assert str(told.value) == f"the network for service cannot be set up: {reason}"


def test_the_state_is_what_there_is(namespace: Apart) -> None:
    before = laying.begin(namespace)
    assert laying.state(namespace) == before
    lay(namespace, interface())
    kinds = {str(one[0]) for one in laying.state(namespace) - before}
    assert kinds == {"link", "address", "route"}
    subprocess.run(
        apart.inside(namespace, ("ip", "neigh", "add", "10.0.0.9", "lladdr", "02:00:00:00:00:09", "dev", "tap100")),
        check=True,
    )
    found = [one for one in laying.state(namespace) if one[0] == "neighbour"]
    assert [one[2:] for one in found] == [("10.0.0.9", "02:00:00:00:00:09")]


def test_connections_are_found_and_ended(namespace: Apart) -> None:
    laying.begin(namespace)
    with (
        namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as listening,
        namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as end,
    ):
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        end.connect(listening.getsockname())
        orders = b"".join(
            messages.destroyed(namespace.netlink(question, laying.SOCKETS)) for question in messages.connections()
        )
        namespace.netlink(orders, laying.SOCKETS)
        with pytest.raises(ConnectionError):
            end.recv(1)
        assert messages.destroyed(namespace.netlink(messages.connections()[0], laying.SOCKETS)) == b""


ERROR = struct.pack("=IHHIIi", 20, 2, 0, 0, 0, -errno.EBUSY)
DONE = struct.pack("=IHHIIi", 20, 3, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("answer", "refused"), [(ERROR, True), (DONE + ERROR, True), (DONE, False), (b"", False), (bytes(20), False)]
)
def test_a_refusal_is_found_wherever_it_stands(answer: bytes, refused: bool) -> None:
    if not refused:
        messages.check(answer, "it")
        return
    with pytest.raises(InfrastructureError, match=r"^it: Device or resource busy \(EBUSY\)$"):
        messages.check(answer, "it")


def test_a_hosts_mac_is_a_local_one_and_its_addresss_own() -> None:
    assert laying.mac_of(IPv4Interface("10.0.255.1/8")) == "06:00:0a:00:ff:01"
