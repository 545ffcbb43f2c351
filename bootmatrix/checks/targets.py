"""From where a check is made, and at which address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError
from bootmatrix.matrix.rules import named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Address

    from bootmatrix.matrix.keys.checks import OneCheck
    from bootmatrix.model import Interface


def of(check: OneCheck, interfaces: Sequence[Interface]) -> tuple[str, str]:
    """The network that it stands in and the guest's address, both empty where it needs none. UserError if one of its
    keys names nothing, or the guest would not be asked.
    """
    if check.kind in named.NO_ADDRESS:
        return "", ""
    if lacking := named.missing(check, {each.name: each.network.name for each in interfaces}):
        raise UserError(Problem(lacking.what, remedy=lacking.remedy))
    network, to = check.network, check.to
    if to is None:
        found = next(each for each in interfaces if network in {None, each.network.name})
    elif address := named.address(to):
        near = next((each for each in interfaces if address in each.network.host.network), interfaces[0])
        _check_through(network or near.network.name, address, interfaces)
        return network or near.network.name, str(address)
    else:
        found = next(each for each in interfaces if each.name == to)
    return network or found.network.name, str(found.address.ip)


def _check_through(network: str, address: IPv4Address, interfaces: Sequence[Interface]) -> None:
    """Whoever asks the host end from where that is asks no guest, and always has an answer."""
    if any(each.network.name == network and each.network.host.ip == address for each in interfaces):
        others = dict.fromkeys(each.network.name for each in interfaces if each.network.name != network)
        remedy = f"say from which other network: {', '.join(others)}" if others else "ask another address"
        what = f"to: {address} is the host end of network '{network}', from which this check is made: no guest is asked"
        raise UserError(Problem(what, remedy=remedy))


def names(checks: Sequence[OneCheck]) -> list[str]:
    """What they are called in reports, each differently."""
    found: list[str] = []
    for check in checks:
        name = check.name or _own_name(check)
        same = sum(each == name or each.startswith(f"{name} (") for each in found)
        found.append(f"{name} ({same + 1})" if same else name)
    return found


def _own_name(check: OneCheck) -> str:
    """Its kind and its port, path or program."""
    if check.http:
        more = check.http.url or check.http.path
    elif check.command:
        more = check.command.run[0].rpartition("/")[2]
    else:
        more = str(getattr(check.options, "port", ""))
    return f"{check.kind} {more}".strip()[:100]
