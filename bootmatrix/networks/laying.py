"""Lays the networks of a boot into a namespace, and clears them away: afterwards it is as it was, or cannot be used."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from bootmatrix.errors import InfrastructureError
from bootmatrix.networks import messages
from bootmatrix.networks.messages import Link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from ipaddress import IPv4Address

    from bootmatrix.model import Interface, Network

GONE_SECONDS, TICK = 5.0, 0.001  # that links have to come or to go, and between two looks
FIRST = 1 << 24  # the index of the first link that is not a tap: the kernel counts up, and never comes there
HOST = "eth0"  # what programs beside the guest see as their network's link, where that is no tap
TAP, PAIR, BRIDGE, PORT = 1, 2, 3, 4  # kinds of links whose MAC is not the host's
REMEDY = "a boot on several networks needs bridges and veth in this host's kernel: modprobe -a bridge veth"
LINE_REMEDY = (
    "without /dev/net/tun a boot with networks needs veth in this host's kernel: modprobe tun, or modprobe veth"
)
ROUTES, SOCKETS = 0, 4  # NETLINK_ROUTE, NETLINK_SOCK_DIAG

State = frozenset[tuple[object, ...]]


class Kernel(Protocol):
    """What is needed of a namespace to change it; raises InfrastructureError if that cannot be reached."""

    def tap(self, device: str) -> int:
        """Make a tap that the boot may open; its index."""

    def relay(self, device: str) -> int:
        """Carry the frames of a link to and from the boot, which comes to a socket of this name; its index."""

    def usher(self, device: str, link: str) -> None:
        """Send what comes by a tap on a bridge to the link that leads from it, until the bridge does."""

    def netlink(self, request: bytes, protocol: int = ROUTES) -> bytes:
        """The kernel's answer."""

    def given(self) -> AbstractContextManager[int]:
        """A descriptor of the namespace."""

    def taken(self, descriptor: int) -> AbstractContextManager[int]:
        """The number by which `netlink` knows another namespace by its descriptor."""


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


def share(end: Kernel, network: Network) -> None:
    """Make the host's end of a network for several guests: a bridge, at which each has a port. Raises as `lay`."""
    orders = [messages.bridge(Link(FIRST, mac_of(network.host.ip), network.mtu, HOST)), *_addressed(FIRST, network)]
    messages.check(end.netlink(b"".join(orders)), f"the network {network.name} cannot be set up", REMEDY)


def lay(kernel: Kernel, interfaces: Sequence[Interface], ends: Mapping[str, Kernel], port: int | None = None) -> None:
    """Make a link for each interface, and the host's end of each network, by its name, in that one of `ends`.

    Where that is the boot's own namespace, the only link is the host's end itself. Where it is another, a pair of links
    leads there from a bridge. With a `port`, the number of a guest, the end is there already: see `share`. Raises
    InfrastructureError if the kernel refuses, or does not answer.
    """
    for number, network in enumerate(dict.fromkeys(each.network for each in interfaces)):
        mine = [each for each in interfaces if each.network == network]
        what = f"the network for {', '.join(each.name for each in mine)} cannot be set up"
        end = ends[network.name]
        if end is kernel:
            (only,) = mine
            index = attach(kernel, only.device, by_socket=only.by_socket)
            orders = [messages.tap(Link(index, mac_of(network.host.ip), network.mtu)), *_addressed(index, network)]
            messages.check(end.netlink(b"".join(orders)), what)
            continue
        far = Link(FIRST, mac_of(network.host.ip), network.mtu, HOST)
        if port is not None:
            far = Link(FIRST + 1 + port, mac_of(mine[0].address.ip, PORT), network.mtu, f"port{port}")
        _joined(kernel, mine, end, far, FIRST + 2 * number)
        orders = [messages.up(far.index), *_addressed(far.index, network)]
        if port is not None:
            orders = [messages.tap(replace(far, name="", master=FIRST))]
        messages.check(end.netlink(b"".join(orders)), what)
        settle(kernel, FIRST + 2 * number + 1, what)
        for link in dict.fromkeys((far.index, FIRST)):
            settle(end, link, what)


def settle(kernel: Kernel, index: int, what: str) -> None:
    """Wait until frames pass a link that is up: the kernel sees that later, in a thread of its own. To be asked hurries
    it: since Linux 6.8 it does then what was left for later.
    """
    end = time.monotonic() + GONE_SECONDS
    while not messages.passes(kernel.netlink(messages.link(index))):
        if time.monotonic() > end:
            raise InfrastructureError(f"{what}: its links do not come up")
        time.sleep(TICK)


def hurry(kernel: Kernel, interfaces: Sequence[Interface]) -> None:
    """Let the kernel see at once to which taps somebody has attached: then their guests can be reached."""
    for each in interfaces:
        if not each.by_socket:
            kernel.netlink(messages.named(each.device))


def attach(kernel: Kernel, device: str, *, by_socket: bool) -> int:
    """Make what an interface of the guest can be attached to, a tap or a link that has a relay; the link's index."""
    if not by_socket:
        return kernel.tap(device)
    messages.check(kernel.netlink(messages.line(device)), f"the link {device} cannot be made", LINE_REMEDY)
    return kernel.relay(device)


def _addressed(index: int, network: Network) -> list[bytes]:
    """Orders for the addresses and routes of a host's end."""
    routes = [messages.route(index, target, gateway) for target, gateway in network.routes]
    return [messages.address(index, network.host), *routes]


def _bridged(kernel: Kernel, interfaces: Sequence[Interface], bridge: int, mac: str) -> list[bytes]:
    """Orders for a bridge, by its index and its MAC, with a link for each interface on one network."""
    mtu = interfaces[0].network.mtu
    orders = [messages.bridge(Link(bridge, mac, mtu, f"bridge{bridge - FIRST}"))]
    for each in interfaces:
        index = attach(kernel, each.device, by_socket=each.by_socket)
        orders.append(messages.tap(Link(index, mac_of(each.address.ip, TAP), mtu, master=bridge)))
    return orders


def _joined(kernel: Kernel, mine: Sequence[Interface], end: Kernel, far: Link, bridge: int) -> None:
    """Make the bridge for interfaces on one network, by its index, and a pair of links from there to the host's end.

    What a guest sends before the bridge has seen it attach is sent by an usher.
    """
    network = mine[0].network
    what = f"the network for {', '.join(each.name for each in mine)} cannot be set up"
    near = Link(bridge + 1, mac_of(network.host.ip, PAIR), network.mtu, f"pair{bridge - FIRST}", master=bridge)
    orders = _bridged(kernel, mine, bridge, mac_of(network.host.ip, BRIDGE))
    with end.given() as descriptor, kernel.taken(descriptor) as namespace:
        orders.append(messages.pair(near, far, namespace))
        messages.check(kernel.netlink(b"".join(orders)), what, REMEDY)
    for each in mine:
        if not each.by_socket:
            kernel.usher(each.device, near.name)


def mac_of(address: IPv4Address, kind: int = 0) -> str:
    """That of a network's host end, or of one of another kind: the same in each boot; a local one, which no guest has
    by itself.
    """
    return ":".join(f"{byte:02x}" for byte in (0x06, kind, *address.packed))


def state(kernel: Kernel) -> State:
    """All links, addresses, routes and neighbours that there are."""
    return frozenset(one for question in messages.dumps() for one in messages.found(kernel.netlink(question)))


def clear(kernel: Kept, before: State, *, holds: bool = False) -> str:
    """Remove the links of a boot and end its connections; what is left that was not there before, empty if nothing is.

    The links of one that only `holds` host ends go with those at their other ends. The kernel takes 20 ms to free a
    link, most of them after nobody can see it any more: that is not waited for. A boot may have given up its tap
    itself: an order to remove what is not there would come at any time, and take the links of the next boot. Raises
    InfrastructureError if the kernel does not answer.
    """
    links = sum(one[0] == "link" for one in before)
    if not holds and _links(kernel) > links:
        kernel.post(messages.no_links())
    if kernel.held():
        _end_connections(kernel)
    end = time.monotonic() + GONE_SECONDS
    while time.monotonic() < end and _links(kernel) > links:
        time.sleep(TICK)
    more = sorted(" ".join(map(str, one)) for one in state(kernel) ^ before)
    return ", ".join([*more, *(["sockets"] if kernel.held() else [])])


def _links(kernel: Kernel) -> int:
    return messages.count(kernel.netlink(messages.links()))


def _end_connections(kernel: Kernel) -> None:
    """Also those that only wait for the peer that is no more: the kernel would hold their ports for a minute."""
    for question in messages.connections():
        if orders := messages.destroyed(kernel.netlink(question, SOCKETS)):
            kernel.netlink(orders, SOCKETS)
