"""Networks in matrix.yaml: what is wrong is told at its place, with what is possible."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

import pytest

from bootmatrix.errors import UserError
from bootmatrix.matrix import document, load
from bootmatrix.matrix.keys import nets
from bootmatrix.matrix.keys.nets import Net

ZERO = "is in a network that begins with 0, to which there is no route; write 10.0.0.1/24"
HEAD = "axes: {backend: [qemu]}\n"


def loaded(text: str) -> load.Matrix:
    return load.from_document(document.parse(HEAD + text, "matrix.yaml"), Path("/nowhere/matrix.yaml"))


def problems(text: str) -> list[str]:
    with pytest.raises(UserError) as caught:
        loaded(text)
    return str(caught.value).splitlines()


def test_a_network_may_be_nothing_and_an_interface_its_name() -> None:
    matrix = loaded("nets: {lan: , wan: {mtu: 9000}}\ntests: {t: {nets: {service: lan, other: {net: wan}}}}\n")
    assert {name: each.net for name, each in matrix.tests["t"].nets.items()} == {"service": "lan", "other": "wan"}
    networks = nets.networks(matrix.nets)
    assert [(str(each.host), each.mtu) for each in networks.values()] == [("10.0.0.1/24", 1500), ("10.0.1.1/24", 9000)]


def test_what_is_given_is_taken() -> None:
    text = "nets: {lan: {host: 192.168.7.9/28, routes: {10.1.0.0/24: 192.168.7.2}}}\n"
    matrix = loaded(
        f"{text}tests: {{t: {{nets: {{service: {{net: lan, address: 192.168.7.3, mac: '02:0A:00:00:00:01'}}}}}}}}\n"
    )
    lan = nets.networks(matrix.nets)["lan"]
    assert lan.host == IPv4Interface("192.168.7.9/28")
    assert lan.routes == ((IPv4Network("10.1.0.0/24"), IPv4Address("192.168.7.2")),)
    service = matrix.tests["t"].nets["service"]
    assert (service.address, service.mac) == (IPv4Address("192.168.7.3"), "02:0a:00:00:00:01")


@pytest.mark.parametrize(
    ("net", "told"),
    [
        ("{host: 10.0.0.1}", "host: '10.0.0.1/32' leaves no address for a guest; the prefix is 30 at most"),
        ("{host: 10.0.0.0/24}", "host: '10.0.0.0/24' is the address of the network or its broadcast, not of a host"),
        (
            "{host: 10.0.0.255/24}",
            "host: '10.0.0.255/24' is the address of the network or its broadcast, not of a host",
        ),
        ("{host: 127.0.0.1/8}", "host: '127.0.0.1/8' is not an address that an interface can have"),
        ("{host: 224.0.0.1/8}", "host: '224.0.0.1/8' is not an address that an interface can have"),
        ("{host: 10.0.0.1/0}", f"host: '10.0.0.1/0' {ZERO}"),
        ("{host: 100.0.0.1/1}", f"host: '100.0.0.1/1' {ZERO}"),
        ("{host: 0.0.0.1/24}", f"host: '0.0.0.1/24' {ZERO}"),
        ("{host: 10.0.0/24}", "host: '10.0.0/24' is not an IPv4 address with its prefix; write it as 10.0.0.1/24"),
        ("{host: '::1/64'}", "host: '::1/64' is not an IPv4 address with its prefix; write it as 10.0.0.1/24"),
        ("{host: [1]}", "host: this is not an IPv4 address with its prefix; write it as 10.0.0.1/24"),
        ("{mtu: 67}", "mtu: '67' is too small: the minimum is 68"),
        ("{mtu: 70000}", "mtu: '70000' is too large: the maximum is 65521"),
        ("{routes: {10.1.0.0/24: eth0}}", "10.1.0.0/24: 'eth0' is not an IPv4 address; write it as 10.0.0.2"),
        ("{gateway: 10.0.0.2}", "unknown key 'gateway'"),
    ],
)
def test_a_network_that_cannot_be_is_told(net: str, told: str) -> None:
    (first, *_) = problems(f"nets:\n  lan: {net}\ntests: {{t: }}\n")
    assert first.startswith("matrix.yaml:3:")
    assert first.partition(": ")[2] == told


def test_a_route_must_go_through_another_address_of_the_network() -> None:
    lines = problems("nets: {lan: {routes: {10.1.0.0/24: 10.0.9.2, 10.2.0.0/24: 10.0.0.1}}}\ntests: {t: }\n")
    assert lines[0].endswith("goes through 10.0.9.2, which is not another address of the network 10.0.0.0/24")
    assert "    name an address of a guest on this network" in lines
    assert len([line for line in lines if "the route to" in line]) == 2


def test_a_route_to_the_network_itself_is_told() -> None:
    lines = problems("nets: {lan: {routes: {10.0.0.0/24: 10.0.0.2}}}\ntests: {t: }\n")
    assert lines[0].endswith("2:36: the network lan is 10.0.0.0/24 itself, to which its host end has a route already")
    assert lines[1:] == ["    remove this route"]


@pytest.mark.parametrize(
    ("interface", "told"),
    [
        ("service: wan", "4:23: there is no network 'wan'\n    did you mean 'lan'?"),
        ("service: {net: lna}", "4:29: there is no network 'lna'\n    did you mean 'lan'?"),
        ("service: {address: 10.0.0.2}", "'net' is missing\n    add `net:`"),
        ("ser-vice: lan", "4:14: 'ser-vice' is not a valid name for an interface\n    use letters and digits"),
        ("s: {net: lan, address: 10.0.0.1}", "'10.0.0.1' is the host's own address on lan\n    choose another"),
        ("s: {net: lan, address: 10.0.1.1}", "choose one from 10.0.0.1 to 10.0.0.254"),
        ("s: {net: lan, address: 10.0.0.255}", "'10.0.0.255' is not an address of a guest on the network lan"),
        ("s: {net: lan, mac: '03:00:00:00:00:01'}", "is the MAC address of a group: the second digit must be even"),
        (
            "s: {net: lan, mac: '06:00:0A:00:00:01'}",
            "may be the MAC address of a network's host end: begin it with 02",
        ),
        ("s: {net: lan, mac: '02:00'}", "'02:00' is not a MAC address; write it as '02:00:00:00:00:02', in quotes"),
        ("s: lan}, args: ['{net.t.guest}'], skip_rejected: {x: 1", "the placeholder {net.t.guest} names no"),
    ],
)
def test_an_interface_that_cannot_be_is_told(interface: str, told: str) -> None:
    assert told in "\n".join(problems(f"nets: {{lan: }}\ntests:\n  t: {{nets: {{{interface}}}}}\n"))


def test_what_overrides_for_some_cells_is_checked_too() -> None:
    text = "nets: {lan: }\ndefaults: {when: [{match: {backend: qemu}, nets: {s: wan}}]}\ntests: {t: }\n"
    assert problems(text)[0].endswith("there is no network 'wan'")


def test_many_interfaces_are_too_many() -> None:
    names = ", ".join(f"i{number}: lan" for number in range(17))
    assert "a guest has at most 16 interfaces" in problems(f"nets: {{lan: }}\ntests: {{t: {{nets: {{{names}}}}}}}\n")[0]


def test_a_network_by_default_leaves_what_the_matrix_gives_alone() -> None:
    given = Net.model_validate({"host": "10.9.0.1/16"})
    assert str(nets.networks({"a": Net(), "b": given, "c": Net()})["c"].host) == "10.0.2.1/24"
