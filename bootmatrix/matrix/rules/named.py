"""What a check may name: the networks and the interfaces of its test's guest."""

from __future__ import annotations

import contextlib
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, NamedTuple

from bootmatrix.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bootmatrix.matrix.keys.checks import OneCheck

NO_ADDRESS = frozenset({"console"})  # kinds that need no network


class Missing(NamedTuple):
    """What is wrong with a check, with which of its keys (None: with all of it), and what to do."""

    key: str | None
    what: str
    remedy: str


def missing(check: OneCheck, attached: Mapping[str, str]) -> Missing | None:
    """What it names that is not there; `attached` are the guest's interfaces, each with the name of its network."""
    if check.kind in NO_ADDRESS:
        return None
    if not attached:
        what = f"a check of the kind {check.kind} needs a network, and the guest has none"
        return Missing(None, what, "give it one with `nets:`")
    known = dict.fromkeys(attached.values())
    if check.network is not None and check.network not in known:
        what = f"from: the guest is not on the network '{check.network}'"
        return Missing("from", what, suggest(check.network, known))
    if check.to is not None and check.to not in attached and not address(check.to):
        remedy = f"{suggest(check.to, attached)}, or an IPv4 address"
        return Missing("to", f"to: the guest has no interface '{check.to}'", remedy)
    return None


def address(text: str) -> IPv4Address | None:
    """That of a `to`, None if it is a name."""
    with contextlib.suppress(ValueError):
        return IPv4Address(text)
    return None
