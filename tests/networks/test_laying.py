"""Waiting for the kernel to see what it was told: links that come up late or never, taps that somebody attaches to."""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import re
import socket
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from networked import LAN, interface
from pyroute2.netlink import NLMSG_DONE
from pyroute2.netlink.rtnl import RTM_NEWLINK
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from bootmatrix.errors import InfrastructureError
from bootmatrix.networks import laying, messages
from bootmatrix.places.here import apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.places.here.apart import Apart

TAPS = tuple(f"tap{number}" for number in range(16))
CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000  # linux/if_tun.h
SEEN_WHEN_ASKED = (6, 8)  # Linux that sees to a link when it is asked for it
LONG = 1 << 20


@pytest.fixture
def asked(namespace: Apart) -> Iterator[Asked]:
    found = Asked(namespace)
    with found.socket:
        yield found


class Asked:
    """A namespace, by a socket of its own; `then` is done there when it is asked for the third time."""

    def __init__(self, namespace: Apart) -> None:
        self.namespace, self.times = namespace, 0
        self.then: tuple[str, ...] = ()
        self.socket = namespace.socket(socket.AF_NETLINK, socket.SOCK_RAW)
        self.socket.settimeout(20)

    def netlink(self, request: bytes, protocol: int = laying.ROUTES) -> bytes:
        assert protocol == laying.ROUTES
        self.times += 1
        if self.then and self.times == 3:
            ordered(self.namespace, *self.then)
        self.socket.send(request)
        return self.socket.recv(LONG)


def ordered(namespace: Apart, *words: str) -> None:
    subprocess.run(apart.inside(namespace, ("ip", "link", *words)), check=True, capture_output=True)


def pair(namespace: Apart) -> int:
    """Two links at each other's ends, of which only one is up; its index."""
    ordered(namespace, "add", "near", "type", "veth", "peer", "name", "far")
    ordered(namespace, "set", "near", "up")
    (index,) = (one[1] for one in laying.state(namespace) if one[0] == "link" and one[3] == "near")
    assert isinstance(index, int)
    return index


def enter(namespace: Apart) -> None:
    """With the calling thread."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/proc/{namespace.home}/ns/net").open() as file:
        assert libc.setns(file.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())


def attach(tap: str) -> int:
    """As a tender does."""
    found = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(found, TUNSETIFF, struct.pack("16sH22x", tap.encode(), IFF_TAP | IFF_NO_PI))
    return found


def passing(asked: Asked) -> set[str]:
    """The links that frames pass, in an answer about all of them: that alone hurries nothing."""
    found = {}
    answer, at = asked.netlink(messages.links()), 0
    while at < len(answer):
        length, kind = struct.unpack_from("=IH", answer, at)
        if kind == RTM_NEWLINK:
            read = ifinfmsg(answer[at : at + length])
            read.decode()
            found[read.get_attr("IFLA_IFNAME")] = messages.passes(answer[at : at + length])
        at += (length + 3) & ~3
        answer += asked.socket.recv(LONG) if at == len(answer) and kind != NLMSG_DONE else b""
    return {name for name, passes in found.items() if passes}


def test_a_link_is_waited_for_until_frames_pass_it(namespace: Apart, asked: Asked) -> None:
    index, asked.then = pair(namespace), ("set", "far", "up")
    laying.settle(asked, index, "the network")  # type: ignore[arg-type]  # only this of a kernel is needed
    assert asked.times >= 3
    assert messages.passes(namespace.netlink(messages.link(index)))


def test_a_link_that_never_comes_up_is_told(namespace: Apart, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laying, "GONE_SECONDS", 0.05)
    with pytest.raises(InfrastructureError, match=r"^the network for service: its links do not come up$"):
        laying.settle(asked, pair(namespace), "the network for service")  # type: ignore[arg-type]
    assert asked.times > 1


def test_taps_that_somebody_has_attached_to_are_seen_at_once(namespace: Apart, asked: Asked) -> None:
    """The kernel itself sees to that when it comes to it, in a thread of its own."""
    numbers = re.match(r"(\d+)\.(\d+)", platform.release())
    if not numbers or tuple(map(int, numbers.groups())) < SEEN_WHEN_ASKED:
        pytest.skip(f"this kernel, {platform.release()}, sees to it in its own time")
    for tap in TAPS:
        index = namespace.tap(tap)
        messages.check(namespace.netlink(messages.up(index)), tap)
        messages.passes(namespace.netlink(messages.link(index)))
    attached: list[int] = []

    def attach_and_look() -> list[str]:
        enter(namespace)
        late = []
        for tap in TAPS:
            attached.append(attach(tap))
            laying.hurry(asked, [interface(LAN, tap)])  # type: ignore[arg-type]
            late += [] if tap in passing(asked) else [tap]
        return late

    with ThreadPoolExecutor(1) as thread:  # which alone goes there
        late = thread.submit(attach_and_look).result()
    for each in attached:
        os.close(each)
    assert late == []


def test_what_is_attached_by_a_socket_is_not_asked_for(asked: Asked) -> None:
    laying.hurry(asked, [interface(by_socket=True)])  # type: ignore[arg-type]
    assert asked.times == 0


class Late:
    """A namespace whose orders, which nobody waits for, are carried out when all else has been done."""

    def __init__(self, namespace: Apart) -> None:
        self.namespace = namespace
        self.orders: list[bytes] = []

    def netlink(self, request: bytes, protocol: int = laying.ROUTES) -> bytes:
        return self.namespace.netlink(request, protocol)

    def post(self, request: bytes) -> None:
        self.orders.append(request)

    def held(self) -> bool:
        return False


def test_what_a_boot_has_given_up_itself_costs_the_next_nothing(namespace: Apart) -> None:
    """Its tap is gone already: an order to remove all links would be carried out when the next boot has its own."""
    late, before, ends = Late(namespace), laying.state(namespace), {"lan": namespace}
    laying.lay(namespace, [interface()], ends)
    ordered(namespace, "delete", interface().device)
    assert laying.clear(late, before) == ""  # type: ignore[arg-type]  # all of a kernel that is needed
    laying.lay(namespace, [interface()], ends)
    there = laying.state(namespace)
    for order in late.orders:
        namespace.netlink(order)
    assert laying.state(namespace) == there
