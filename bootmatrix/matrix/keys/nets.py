"""Networks in matrix.yaml: what one is, and how a guest's interface is attached to it."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from bootmatrix.matrix.keys.marks import AsWritten, Short
from bootmatrix.matrix.keys.parts import Strict
from bootmatrix.matrix.keys.values import Whole
from bootmatrix.model import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ZERO = IPv4Network("0.0.0.0/8")  # "this network" (RFC 1122, 3.2.1.3): the kernel has no route to one that begins there
LONGEST_PREFIX = 30  # bits: a longer one leaves no room for host and guest
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
FIRST = IPv4Interface("10.0.0.1/24")  # the host end of the first network that names none; the next one has 10.0.1.1
GROUP = 1  # the bit of a MAC's first byte that makes it a group's
OURS = re.compile("06:0[0-4]:")  # how those of host ends and of their bridges begin


def _parsed(kind: Callable[[str], Any], what: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        try:
            return kind(value) if isinstance(value, str) else kind("")
        except ValueError:
            shown = f"'{value}'" if isinstance(value, str) else "this"
            raise ValueError(f"{shown} is not {what}") from None

    return convert


def _host(value: IPv4Interface) -> IPv4Interface:
    """An address that a host can have, in a network in which there is another for a guest."""
    if value.network.prefixlen > LONGEST_PREFIX:
        raise ValueError(f"'{value}' leaves no address for a guest; the prefix is {LONGEST_PREFIX} at most")
    if value.ip in {value.network.network_address, value.network.broadcast_address}:
        raise ValueError(f"'{value}' is the address of the network or its broadcast, not of a host")
    if value.network.network_address in ZERO:
        raise ValueError(f"'{value}' is in a network that begins with 0, to which there is no route; write 10.0.0.1/24")
    return value


def _usable(value: Any) -> Any:
    if value.is_loopback or value.is_multicast or value.is_reserved or value.is_unspecified:
        raise ValueError(f"'{value}' is not an address that an interface can have")
    return value


def _mac(value: str) -> str:
    text = value.lower()
    if not MAC.fullmatch(text):
        raise ValueError(f"'{value}' is not a MAC address; write it as '02:00:00:00:00:02', in quotes")
    if int(text[:2], 16) & GROUP:
        raise ValueError(f"'{value}' is the MAC address of a group: the second digit must be even")
    if OURS.match(text):
        raise ValueError(f"'{value}' may be the MAC address of a network's host end: begin it with 02")
    return text


AS_TEXT = PlainSerializer(str)
HostEnd = Annotated[
    IPv4Interface,
    BeforeValidator(_parsed(IPv4Interface, "an IPv4 address with its prefix; write it as 10.0.0.1/24")),
    AfterValidator(_host),
    AfterValidator(_usable),
    AS_TEXT,
    WithJsonSchema({"type": "string", "examples": ["10.0.0.1/24"]}),
]
Address = Annotated[
    IPv4Address,
    BeforeValidator(_parsed(IPv4Address, "an IPv4 address; write it as 10.0.0.2")),
    AfterValidator(_usable),
    AS_TEXT,
    WithJsonSchema({"type": "string", "examples": ["10.0.0.2"]}),
]
Destination = Annotated[
    IPv4Network,
    BeforeValidator(_parsed(IPv4Network, "an IPv4 network; write it as 10.1.0.0/24")),
    AS_TEXT,
    WithJsonSchema({"type": "string", "examples": ["10.1.0.0/24"]}),
]
Mac = Annotated[str, AfterValidator(_mac), WithJsonSchema({"type": "string", "examples": ["02:00:00:00:00:02"]})]
Mtu = Annotated[Whole, Field(ge=68, le=65521)]  # RFC 791's least, and the most of a tap


class Net(Strict):
    """A network that each boot has for itself; nothing outside of the boot is reached through it."""

    host: HostEnd | None = Field(
        None, description="The address of its host end; without it, 10.0.0.1/24, 10.0.1.1/24, … in the matrix's order."
    )
    mtu: Mtu = Field(1500, description="The largest packet, in bytes.")
    routes: dict[Destination, Address] = Field(
        {}, description="Other networks that the host end reaches, and through which address of this one."
    )


class Attachment(Strict):
    """An interface of the guest: the name of a network, or more of it."""

    net: Annotated[str, AsWritten()] = Field(description="The network, one of the top level's `nets`.")
    address: Annotated[Address | None, AsWritten()] = Field(
        None, description="The guest's address; without it, the next one after the host's."
    )
    mac: Annotated[Mac | None, AsWritten()] = Field(
        None, description="The interface's MAC; without it, by its address."
    )
    mtu: Mtu | None = Field(None, description="The interface's largest packet; without it, the network's.")


OneNet = Annotated[Net, Short("host", empty=True)]
Attachments = Annotated[dict[str, Annotated[Attachment, Short("net")]], AsWritten()]


def networks(nets: Mapping[str, Net]) -> dict[str, Network]:
    """A matrix's networks by name, what they leave open filled in."""
    return {name: _network(name, net, index) for index, (name, net) in enumerate(nets.items())}


def _network(name: str, net: Net, index: int) -> Network:
    host = net.host or IPv4Interface((FIRST.ip + index * FIRST.network.num_addresses, FIRST.network.prefixlen))
    return Network(name, host, net.mtu, tuple(net.routes.items()))
