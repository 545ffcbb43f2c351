"""What a guest has besides processor and memory: interfaces on networks of its boot's own, and disks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Interface, IPv4Network


@dataclass(frozen=True)
class Network:
    """A network that each boot has for itself. `host` is the address of its host end, with the prefix; `routes` are
    those of that end: what else is reached through which of the network's addresses.
    """

    name: str
    host: IPv4Interface
    mtu: int = 1500
    routes: tuple[tuple[IPv4Network, IPv4Address], ...] = ()


@dataclass(frozen=True)
class Interface:
    """One of a guest's interfaces, by the `name` that the guest itself knows it by. `device` is the name of its tap
    where the tender runs; `by_socket`: there is none, but a Unix socket of this name, an abstract one, on which each
    frame has its length before it. `mac` as `02:00:00:00:00:02`.
    """

    name: str
    network: Network
    device: str
    address: IPv4Interface
    mac: str
    mtu: int = 1500
    by_socket: bool = False


@dataclass(frozen=True)
class Block:
    """One of a guest's disks, by the `name` that the guest itself knows it by. `path` is that of its file where the
    tender runs, `size` and `sector` in bytes.
    """

    name: str
    path: str
    size: int
    sector: int = 512
    read_only: bool = False
