"""Where a check stands and whom it asks; and what it is called."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Interface
from typing import Any

import pytest
from checks.worlds import interface, made

from bootmatrix.checks import targets
from bootmatrix.errors import UserError
from bootmatrix.model import Network

TWO = tuple(
    replace(interface(name, network, guest), network=Network(network, IPv4Interface(host)))
    for name, network, host, guest in (
        ("service", "lan", "10.0.0.1/24", "10.0.0.2/24"),
        ("outside", "wan", "10.1.0.1/24", "10.1.0.2/24"),
    )
)
OWN_END = (
    "to: 10.1.0.1 is the host end of network 'wan', from which this check is made: no guest is asked\n"
    "    say from which other network: lan"
)

FOUND: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({"tcp": "80"}, ("lan", "10.0.0.2")),
    ({"tcp": "80", "from": "wan"}, ("wan", "10.1.0.2")),
    ({"tcp": "80", "to": "outside"}, ("wan", "10.1.0.2")),
    ({"tcp": "80", "to": "outside", "from": "lan"}, ("lan", "10.1.0.2")),
    ({"tcp": "80", "to": "10.1.0.3"}, ("wan", "10.1.0.3")),
    ({"tcp": "80", "to": "10.1.0.1", "from": "lan"}, ("lan", "10.1.0.1")),
    ({"tcp": "80", "to": "192.0.2.1"}, ("lan", "192.0.2.1")),
    ({"command": "ls", "from": "wan"}, ("wan", "10.1.0.2")),
    ({"console": "ok"}, ("", "")),
]


@pytest.mark.parametrize(("keys", "found"), FOUND, ids=str)
def test_a_check_stands_in_a_network_and_asks_an_address(keys: dict[str, Any], found: tuple[str, str]) -> None:
    assert targets.of(made(**keys), TWO) == found


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"tcp": "80", "from": "lun"},
        "from: the guest is not on the network 'lun'\n    did you mean 'lan'? possible: lan, wan",
    ),
    (
        {"tcp": "80", "to": "out"},
        "to: the guest has no interface 'out'\n    did you mean 'outside'? possible: outside, service, or an IPv4",
    ),
    ({"ping": None, "to": "10.1.0.1"}, OWN_END),
    ({"ping": None, "to": "10.1.0.1", "from": "wan"}, OWN_END),
]


@pytest.mark.parametrize(("keys", "what"), WRONG, ids=str)
def test_who_names_nothing_or_asks_no_guest_is_told(keys: dict[str, Any], what: str) -> None:
    with pytest.raises(UserError) as caught:
        targets.of(made(**keys), TWO)
    assert str(caught.value).startswith(what)


def test_a_check_needs_a_network_but_for_the_console() -> None:
    assert targets.of(made(console="ok"), ()) == ("", "")
    with pytest.raises(UserError, match="a check of the kind ping needs a network, and the guest has none"):
        targets.of(made(ping=None), ())


def test_each_check_has_a_name_of_its_own() -> None:
    checks = [
        made(ping=None),
        made(ping="5"),
        made(tcp="80"),
        made(http="/x"),
        made(http="http://10.0.0.2/"),
        made(command=["/usr/bin/iperf3", "-c"]),
        made(console="ok"),
        made(udp="7", name="ping"),
        made(udp="7"),
    ]
    assert targets.names(checks) == [
        *("ping", "ping (2)", "tcp 80", "http /x", "http http://10.0.0.2/", "command iperf3", "console"),
        *("ping (3)", "udp 7"),
    ]
