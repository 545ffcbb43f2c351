"""The interfaces of a test's guest: what the matrix leaves open is filled in, the same for each boot."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface
from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError
from bootmatrix.matrix import template
from bootmatrix.model import Interface

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from bootmatrix.matrix.nets import Attachment
    from bootmatrix.model import Network


def interfaces(
    wanted: Mapping[str, Mapping[str, Attachment]], known: Mapping[str, Network]
) -> list[tuple[Interface, ...]]:
    """Those of each guest of a test by its name, empty if it is alone, in the order of the matrix; raises UserError if
    two have the same address.
    """
    taken: set[tuple[str, IPv4Address]] = {
        (each.net, each.address) for guest in wanted.values() for each in guest.values() if each.address is not None
    }
    found = {guest: tuple(_interfaces(guest, each, known, taken)) for guest, each in wanted.items()}
    seen: dict[tuple[str, IPv4Address], str] = {}
    for guest, all_of_it in found.items():
        for each in all_of_it:
            called = _called(guest, each.name)
            other = seen.setdefault((each.network.name, each.address.ip), called)
            if other != called:
                both = (
                    f"{other} and {called}, have the same address {each.address.ip} on the network {each.network.name}"
                )
                raise UserError(Problem(f"two interfaces, {both}", remedy="give one of them another address"))
    return list(found.values())


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
