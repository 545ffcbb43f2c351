"""The interfaces of a test's guest: what the matrix leaves open is filled in, the same for each boot."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface
from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError
from bootmatrix.matrix import template
from bootmatrix.model import Interface

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from bootmatrix.errors import Mark
    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.keys.nets import Attachment
    from bootmatrix.model import Network


def interfaces(
    wanted: Mapping[str, Mapping[str, Attachment]],
    known: Mapping[str, Network],
    where: Callable[[Path_], Mark | None] = lambda _path: None,
) -> list[tuple[Interface, ...]]:
    """Those of each guest of a test by its name, empty if it is alone, in the order of the matrix; `where` something of
    the test stands. Raises UserError if two on one network have the same address or the same MAC.
    """
    taken: set[tuple[str, IPv4Address]] = {
        (each.net, each.address) for guest in wanted.values() for each in guest.values() if each.address is not None
    }
    found = {guest: tuple(_interfaces(guest, each, known, taken)) for guest, each in wanted.items()}
    for key, remedy in (("address", "another address"), ("mac", "another MAC, or none: then each has its own")):
        problems = [
            Problem(
                what, where((*(("guests", guest) if guest else ()), "nets", name, key)), f"give one of them {remedy}"
            )
            for guest, name, what in _twice(found, key)
        ]
        if problems:  # a MAC that nobody gives comes from the address
            raise UserError(*problems)
    return list(found.values())


def _twice(found: Mapping[str, tuple[Interface, ...]], key: str) -> Iterator[tuple[str, str, str]]:
    """Each interface that shares its address or its MAC with one before it on its network: its guest, its name, and
    what is wrong.
    """
    words = {"address": "address", "mac": "MAC"}
    seen: dict[tuple[str, str], str] = {}
    for guest, own in found.items():
        for each in own:
            value = str(each.address.ip) if key == "address" else each.mac
            called = _called(guest, each.name)
            other = seen.setdefault((each.network.name, value), called)
            if other != called:
                both = f"{other} and {called}, have the same {words[key]} {value} on the network {each.network.name}"
                yield guest, each.name, f"two interfaces, {both}"


def _of(guest: str) -> Path_:
    return ("guests", guest) if guest else ()


def _called(guest: str, interface: str) -> str:
    return f"'{interface}' of the guest '{guest}'" if guest else f"'{interface}'"


def _interfaces(
    guest: str, wanted: Mapping[str, Attachment], known: Mapping[str, Network], taken: set[tuple[str, IPv4Address]]
) -> Iterator[Interface]:
    for index, (name, each) in enumerate(wanted.items()):
        network = known[each.net]
        address = each.address or _free(_called(guest, name), network, {ip for net, ip in taken if net == each.net})
        taken.add((each.net, address))
        yield Interface(
            name=name,
            network=network,
            device=f"tap{index}",
            address=IPv4Interface((address, network.host.network.prefixlen)),
            mac=each.mac or _mac(address),
            mtu=each.mtu or network.mtu,
        )


def _free(called: str, network: Network, taken: Container[IPv4Address]) -> IPv4Address:
    """The first address after the host's, else the first of all, that nobody has."""
    whole = network.host.network
    after = int(network.host.ip) - int(whole.network_address)
    for step in range(whole.num_addresses):
        address = whole[(after + step) % whole.num_addresses]
        if address not in taken and address not in {network.host.ip, whole[0], whole[-1]}:
            return address
    what = f"the network {network.name} ({whole}) has no address left for the interface {called}"
    raise UserError(Problem(what, remedy=f"give it a shorter prefix: nets: {{{network.name}: {{host: …}}}}"))


def _mac(address: IPv4Address) -> str:
    """One that is locally administered, and another for each address."""
    return "02:00:" + address.packed.hex(":")


def placeholders(found: tuple[Interface, ...], before: str = "") -> dict[str, str]:
    """What `{net.NAME.guest}` and the others stand for, each word of template.OF_NET; all with a word `before` them."""
    return {
        f"{before}net.{each.name}.{word}": text
        for each in found
        for word, text in zip(template.OF_NET, _words(each), strict=True)
    }


def _words(each: Interface) -> Iterator[str]:
    yield str(each.address.ip)
    yield str(each.address)
    yield str(each.address.network.prefixlen)
    yield str(each.address.netmask)
    yield str(each.network.host.ip)
    yield str(each.address.network)
    yield each.mac
    yield str(each.mtu)
    yield each.device
