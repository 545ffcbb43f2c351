"""Lays the networks of a boot into a namespace, and clears them away: afterwards it is as it was, or cannot be used."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from bootmatrix.networks import messages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Interface

    from bootmatrix.model import Interface

GONE_SECONDS, TICK = 5.0, 0.001  # that links have to go, and between two looks
ROUTES, SOCKETS = 0, 4  # NETLINK_ROUTE, NETLINK_SOCK_DIAG

State = frozenset[tuple[object, ...]]


class Kernel(Protocol):
    """What is needed of a namespace to change it; raises InfrastructureError if that cannot be reached."""

    def tap(self, device: str) -> int:
        """Make a tap that the boot may open; its index."""

    def netlink(self, request: bytes, protocol: int = ROUTES) -> bytes:
        """The kernel's answer."""


class Kept(Kernel, Protocol):
    """One that is used again."""

    def post(self, request: bytes) -> None:
        """Tell the kernel, beside all else."""

    def held(self) -> bool:
        """Whether the kernel holds sockets of it."""


def begin(kernel: Kernel) -> State:
    """Set `lo` up, as jobs without interfaces have it; what there is before the first network of a boot."""
    messages.check(kernel.netlink(messages.up(messages.LO)), "the network of a boot cannot be set up")
    return state(kernel)


def lay(kernel: Kernel, interfaces: Sequence[Interface]) -> None:
    """Make a tap for each interface, and the host's end of its network on it.

    Raises InfrastructureError if the kernel refuses, or does not answer.
    """
    orders: list[bytes] = []
    for each in interfaces:
        index, network = kernel.tap(each.device), each.network
        orders += [messages.tap(index, mac_of(network.host), network.mtu), messages.address(index, network.host)]
        orders += [messages.route(index, target, gateway) for target, gateway in network.routes]
    names = ", ".join(each.name for each in interfaces)
    messages.check(kernel.netlink(b"".join(orders)), f"the network for {names} cannot be set up")


def mac_of(host: IPv4Interface) -> str:
    """That of a network's host end: the same in each boot; a local one, which no guest has by itself."""
    return ":".join(f"{byte:02x}" for byte in (0x06, 0, *host.ip.packed))


def state(kernel: Kernel) -> State:
    """All links, addresses, routes and neighbours that there are."""
    return frozenset(one for question in messages.dumps() for one in messages.found(kernel.netlink(question)))


def clear(kernel: Kept, before: State) -> str:
    """Remove the links of a boot and end its connections; what is left that was not there before, empty if nothing is.

    The kernel takes 20 ms to free a link, most of them after nobody can see it any more. Raises InfrastructureError if
    it does not answer.
    """
    kernel.post(messages.no_links())
    if kernel.held():
        _end_connections(kernel)
    end, links = time.monotonic() + GONE_SECONDS, sum(one[0] == "link" for one in before)
    while time.monotonic() < end and messages.count(kernel.netlink(messages.links())) > links:
        time.sleep(TICK)
    more = sorted(" ".join(map(str, one)) for one in state(kernel) ^ before)
    return ", ".join([*more, *(["sockets"] if kernel.held() else [])])


def _end_connections(kernel: Kernel) -> None:
    """Also those that only wait for the peer that is no more: the kernel would hold their ports for a minute."""
    for question in messages.connections():
        if orders := messages.destroyed(kernel.netlink(question, SOCKETS)):
            kernel.netlink(orders, SOCKETS)
