"""Networks: names that must exist, and addresses that must fit them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import suggest
from bootmatrix.matrix.keys import nets
from bootmatrix.matrix.rules.guests import layers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from ipaddress import IPv4Address

    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.keys.guests import GuestFields
    from bootmatrix.matrix.keys.nets import Attachment
    from bootmatrix.matrix.problems import Problems
    from bootmatrix.model import Network

INTERFACE = re.compile(r"[A-Za-z0-9]{1,67}")  # what Solo5's manifests can name (MFT_NAME_MAX)
MOST = 16  # interfaces of a guest


def check(sections: Mapping[str, Any], problems: Problems) -> None:
    known, networks = problems.mapping("nets"), nets.networks(sections["nets"])
    for name, network in networks.items():
        problems.check_name(name, ("nets", name), "a network")
        _routes(network, problems)
    for path, fields in _layers(sections):
        if len(fields.nets) > MOST:
            problems.say(f"a guest has at most {MOST} interfaces", (*path, "nets"), "attach fewer", key=True)
        for name, each in fields.nets.items():
            _attachment(name, each, (*path, "nets", name), known, networks, problems)


def _layers(sections: Mapping[str, Any]) -> Iterator[tuple[Path_, GuestFields]]:
    """The defaults and the tests, with what each overrides for some cells, and the guests of each."""
    for path, fields in layers(sections):
        yield path, fields
        for name, guest in fields.guests.items():
            yield (*path, "guests", name), guest


def _routes(network: Network, problems: Problems) -> None:
    whole = network.host.network
    for to, via in network.routes:
        path = ("nets", network.name, "routes", str(to))
        if to == whole:
            what = f"the network {network.name} is {whole} itself, to which its host end has a route already"
            problems.say(what, path, "remove this route")
        if via not in whole or via == network.host.ip:
            what = f"the route to {to} goes through {via}, which is not another address of the network {whole}"
            problems.say(what, path, "name an address of a guest on this network")


def _attachment(
    name: str,
    each: Attachment,
    path: Path_,
    known: Mapping[str, Any],
    networks: Mapping[str, Network],
    problems: Problems,
) -> None:
    if not INTERFACE.fullmatch(name):
        problems.say(f"'{name}' is not a valid name for an interface", path, "use letters and digits", key=True)
    if each.net not in known:
        remedy = suggest(each.net, known) if known else f"add it at the top level: nets: {{{each.net}: }}"
        problems.say(f"there is no network '{each.net}'", (*path, "net"), remedy)
    elif each.address and each.net in networks:
        _address(each.address, networks[each.net], (*path, "address"), problems)


def _address(address: IPv4Address, network: Network, path: Path_, problems: Problems) -> None:
    whole = network.host.network
    if address not in whole or address in {whole.network_address, whole.broadcast_address}:
        what = f"'{address}' is not an address of a guest on the network {network.name} ({whole})"
        problems.say(what, path, f"choose one from {whole[1]} to {whole[-2]}")
    elif address == network.host.ip:
        problems.say(f"'{address}' is the host's own address on {network.name}", path, "choose another")
