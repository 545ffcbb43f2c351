"""Netlink messages: what is asked of the kernel as bytes, and what it answers as values. Pure; slow to import (0.3 s).

Source: netlink(7), rtnetlink(7), sock_diag(7). pyroute2 knows the layout and the numbers of their fields.
"""

from __future__ import annotations

import errno
import functools
import os
import struct
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, IPPROTO_TCP
from typing import TYPE_CHECKING, Any

from pyroute2.netlink import NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR
from pyroute2.netlink.diag import SOCK_DESTROY, SOCK_DIAG_BY_FAMILY, SS_ALL, inet_diag_req
from pyroute2.netlink.rtnl import (
    RTM_DELLINK,
    RTM_GETADDR,
    RTM_GETLINK,
    RTM_GETNEIGH,
    RTM_GETROUTE,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWNEIGH,
    RTM_NEWROUTE,
    RTM_SETLINK,
)
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import IFF_NOARP, IFF_UP, ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import NUD_NOARP, ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from bootmatrix.errors import InfrastructureError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Address, IPv4Interface, IPv4Network

HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
STATUS = struct.Struct("=i")  # what follows it in NLMSG_ERROR and NLMSG_DONE
DESTROYED = struct.Struct("=BBBxI")  # inet_diag_req_v2: family, protocol, extensions, states; then an inet_diag_sockid
SOCKET_AT, SOCKET_END = HEADER.size + 4, HEADER.size + 52  # of the inet_diag_sockid in an inet_diag_msg
LO, GROUP = 1, 1  # the index of `lo`, and the group of the links that are made for a boot
DUMP, CHANGE, CREATE = NLM_F_DUMP, NLM_F_ACK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
FAR, LARGEST = "-far", 65535  # what the relay reads from has after its link's name, and its MTU: that of a veth at most
KEPT = 256  # messages of a kind: each takes milliseconds to compose, and all boots of a test have the same
NO_COUNTERS = 1 << 3  # RTEXT_FILTER_SKIP_STATS
TABLE, UNIVERSE, UNICAST, STATIC = 254, 0, 1, 4  # RT_TABLE_MAIN, RT_SCOPE_UNIVERSE, RTN_UNICAST, RTPROT_STATIC


def _message(made: Any, kind: int, flags: int) -> bytes:
    made["header"] = {"type": kind, "flags": NLM_F_REQUEST | flags, "sequence_number": 0, "pid": 0}
    made.encode()
    return bytes(made.data)


@functools.lru_cache(KEPT)
def up(index: int) -> bytes:
    """Sets a link up as it is."""
    made = ifinfmsg()
    made["index"], made["flags"], made["change"] = index, IFF_UP, IFF_UP
    return _message(made, RTM_SETLINK, CHANGE)


@dataclass(frozen=True)
class Link:
    """A link of a boot, which is up. `name` is empty for one that is there already; `master` is the index of the bridge
    that it is a port of, 0 for none.
    """

    index: int
    mac: str
    mtu: int
    name: str = ""
    master: int = 0

    def fill(self, made: Any, *more: tuple[str, object]) -> None:
        """A message, with what it says besides."""
        made["index"], made["flags"], made["change"] = self.index, IFF_UP, IFF_UP
        made["attrs"] = [("IFLA_IFNAME", self.name)] if self.name else []
        made["attrs"] += [("IFLA_ADDRESS", self.mac), ("IFLA_MTU", self.mtu), ("IFLA_GROUP", GROUP)]
        made["attrs"] += [("IFLA_MASTER", self.master)] if self.master else []
        made["attrs"] += more


def tap(link: Link) -> bytes:
    """Sets up a tap that is there, by its index."""
    made = ifinfmsg()
    link.fill(made)
    return _message(made, RTM_SETLINK, CHANGE)


@functools.lru_cache(KEPT)
def bridge(link: Link) -> bytes:
    """Makes a bridge that forwards at once, and all frames to all its ports: it learns no addresses, of which a guest
    could make up any number.
    """
    made = ifinfmsg()
    data = {
        "attrs": [(f"IFLA_BR_{name}", 0) for name in ("FORWARD_DELAY", "STP_STATE", "MCAST_SNOOPING", "AGEING_TIME")]
    }
    link.fill(made, ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "bridge"), ("IFLA_INFO_DATA", data)]}))
    return _message(made, RTM_NEWLINK, CREATE)


@functools.lru_cache(KEPT)
def pair(link: Link, other: Link, namespace: int) -> bytes:
    """Makes a link, and the other end of it in a namespace, by the number of a descriptor of who asks the kernel: that
    end is not yet up.
    """
    made, far = ifinfmsg(), ifinfmsg()
    other.fill(far, ("IFLA_NET_NS_FD", namespace))
    data = {"attrs": [("VETH_INFO_PEER", {"index": other.index, "attrs": far["attrs"]})]}
    link.fill(made, ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_DATA", data)]}))
    return _message(made, RTM_NEWLINK, CREATE)


@functools.lru_cache(KEPT)
def line(device: str) -> bytes:
    """Makes a link whose other end, in the same namespace, is up, takes any frame and answers none by itself."""
    made, far = ifinfmsg(), ifinfmsg()
    peer = {"attrs": [("IFLA_IFNAME", device + FAR), ("IFLA_MTU", LARGEST)]}
    data = {"attrs": [("VETH_INFO_PEER", peer)]}
    made["attrs"] = [("IFLA_IFNAME", device), ("IFLA_GROUP", GROUP)]
    made["attrs"].append(("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_DATA", data)]}))
    far["flags"] = far["change"] = IFF_UP | IFF_NOARP
    far["attrs"] = [("IFLA_IFNAME", device + FAR)]
    return _message(made, RTM_NEWLINK, CREATE) + _message(far, RTM_SETLINK, CHANGE)


@functools.lru_cache(KEPT)
def address(index: int, host: IPv4Interface) -> bytes:
    """Gives a link an address; the route to its network comes with it."""
    made = ifaddrmsg()
    made["family"], made["index"], made["prefixlen"] = AF_INET, index, host.network.prefixlen
    made["attrs"] = [("IFA_LOCAL", str(host.ip)), ("IFA_ADDRESS", str(host.ip))]
    if host.network.prefixlen < host.max_prefixlen - 1:
        made["attrs"].append(("IFA_BROADCAST", str(host.network.broadcast_address)))
    return _message(made, RTM_NEWADDR, CREATE)


@functools.lru_cache(KEPT)
def route(index: int, target: IPv4Network, gateway: IPv4Address) -> bytes:
    """Makes what lies behind a gateway known."""
    made = rtmsg()
    made["family"], made["dst_len"], made["table"], made["proto"] = AF_INET, target.prefixlen, TABLE, STATIC
    made["scope"], made["type"] = UNIVERSE, UNICAST
    made["attrs"] = [("RTA_GATEWAY", str(gateway)), ("RTA_OIF", index)]
    if target.prefixlen:
        made["attrs"].append(("RTA_DST", str(target.network_address)))
    return _message(made, RTM_NEWROUTE, CREATE)


@functools.cache
def no_links() -> bytes:
    """Removes all links of boots, with their addresses, routes and neighbours; an error if there are none."""
    made = ifinfmsg()
    made["attrs"] = [("IFLA_GROUP", GROUP)]
    return _message(made, RTM_DELLINK, CHANGE)


@functools.cache
def links() -> bytes:
    """A question for all links."""
    made = ifinfmsg()
    made["attrs"] = [("IFLA_EXT_MASK", NO_COUNTERS)]
    return _message(made, RTM_GETLINK, DUMP)


@functools.lru_cache(KEPT)
def link(index: int) -> bytes:
    """A question for one link."""
    made = ifinfmsg()
    made["index"] = index
    made["attrs"] = [("IFLA_EXT_MASK", NO_COUNTERS)]
    return _message(made, RTM_GETLINK, NLM_F_ACK)


@functools.lru_cache(KEPT)
def named(device: str) -> bytes:
    """A question for the link of a name."""
    made = ifinfmsg()
    made["attrs"] = [("IFLA_IFNAME", device), ("IFLA_EXT_MASK", NO_COUNTERS)]
    return _message(made, RTM_GETLINK, NLM_F_ACK)


def passes(answer: bytes) -> bool:
    """Whether frames pass the link of an answer: there is something at its other end, and the kernel has seen that."""
    for kind, message in _messages(answer):
        if kind == RTM_NEWLINK:
            read = ifinfmsg(message)
            read.decode()
            return bool(read.get_attr("IFLA_CARRIER")) and read.get_attr("IFLA_OPERSTATE") == "UP"
    return False


@functools.cache
def dumps() -> tuple[bytes, ...]:
    """Questions for all links, addresses, routes and neighbours, to be asked one at a time."""
    asked = [(ifaddrmsg(), RTM_GETADDR), (rtmsg(), RTM_GETROUTE), (ndmsg(), RTM_GETNEIGH)]
    return (links(), *(_message(made, kind, DUMP) for made, kind in asked))


@functools.cache
def connections() -> tuple[bytes, ...]:
    """Questions of NETLINK_SOCK_DIAG for all TCP sockets, to be asked one at a time."""
    found = []
    for family in (AF_INET, AF_INET6):
        made = inet_diag_req()
        made["sdiag_family"], made["sdiag_protocol"], made["idiag_states"] = family, IPPROTO_TCP, SS_ALL
        found.append(_message(made, SOCK_DIAG_BY_FAMILY, DUMP))
    return tuple(found)


def destroyed(answer: bytes) -> bytes:
    """Orders to end the sockets of an answer to one of `connections`; empty if there are none."""
    orders = []
    for kind, message in _messages(answer):
        if kind == SOCK_DIAG_BY_FAMILY:
            asked = DESTROYED.pack(message[HEADER.size], IPPROTO_TCP, 0, SS_ALL) + message[SOCKET_AT:SOCKET_END]
            length = HEADER.size + len(asked)
            orders.append(HEADER.pack(length, SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK, 0, 0) + asked)
    return b"".join(orders)


def check(answer: bytes, what: str, remedy: str = "") -> None:
    """Raises InfrastructureError with the kernel's reason if it refused one of the orders."""
    for kind, message in _messages(answer):
        if kind in {NLMSG_ERROR, NLMSG_DONE} and len(message) >= HEADER.size + STATUS.size:
            (status,) = STATUS.unpack_from(message, HEADER.size)
            if status < 0:
                reason = f"{os.strerror(-status)} ({errno.errorcode.get(-status, -status)})"
                raise InfrastructureError(Problem(f"{what}: {reason}", remedy=remedy))


def count(answer: bytes) -> int:
    """The links in an answer to `links`: quicker than to read them."""
    return sum(kind == RTM_NEWLINK for kind, _ in _messages(answer))


def found(answer: bytes) -> Iterator[tuple[object, ...]]:
    """The links, addresses, routes and neighbours of an answer to `dumps`: a word, and what tells each from the others.

    Without what the kernel notes of `lo` and of broadcasts by itself, which needs no neighbour.
    """
    for kind, message in _messages(answer):
        if kind not in READ:
            continue
        form, word, fields, attributes = READ[kind]
        read = form(message)
        read.decode()
        if kind == RTM_NEWLINK:
            read["flags"] &= IFF_UP  # others follow a moment later
        if kind != RTM_NEWNEIGH or not read["state"] & NUD_NOARP:
            yield (word, *(read[name] for name in fields), *(read.get_attr(name) for name in attributes))


READ: dict[int, tuple[Any, str, tuple[str, ...], tuple[str, ...]]] = {
    RTM_NEWLINK: (ifinfmsg, "link", ("index", "flags"), ("IFLA_IFNAME", "IFLA_MTU", "IFLA_ADDRESS")),
    RTM_NEWADDR: (ifaddrmsg, "address", ("index", "prefixlen"), ("IFA_ADDRESS", "IFA_LOCAL")),
    RTM_NEWROUTE: (rtmsg, "route", ("table", "dst_len", "type"), ("RTA_DST", "RTA_OIF", "RTA_GATEWAY")),
    RTM_NEWNEIGH: (ndmsg, "neighbour", ("ifindex",), ("NDA_DST", "NDA_LLADDR")),
}


def _messages(answer: bytes) -> Iterator[tuple[int, bytes]]:
    """The type of each message, and all of it."""
    at = 0
    while at + HEADER.size <= len(answer):
        length, kind, *_ = HEADER.unpack_from(answer, at)
        if length < HEADER.size:
            return
        yield kind, answer[at : at + length]
        at += (length + 3) & ~3
