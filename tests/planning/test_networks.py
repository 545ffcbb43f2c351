"""The interfaces of a guest: addresses are filled in, the same each time, and none twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bootmatrix.errors import UserError
from bootmatrix.matrix import document, load, template
from bootmatrix.matrix.keys import nets
from bootmatrix.matrix.keys.nets import Attachment, Net
from bootmatrix.planning import networks, plan

if TYPE_CHECKING:
    from bootmatrix.model import Interface


def made(wanted: dict[str, dict[str, Any]], **known: dict[str, Any]) -> tuple[Interface, ...]:
    found = {name: Net.model_validate(each) for name, each in known.items()}
    given = {name: Attachment.model_validate(each) for name, each in wanted.items()}
    return networks.interfaces({"": given}, nets.networks(found))[0]


def test_a_guest_has_the_addresses_after_the_hosts() -> None:
    found = made({"a": {"net": "lan"}, "b": {"net": "wan"}, "c": {"net": "lan"}}, lan={}, wan={"mtu": "9000"})
    assert [str(each.address) for each in found] == ["10.0.0.2/24", "10.0.1.2/24", "10.0.0.3/24"]
    assert [each.mac for each in found] == ["02:00:0a:00:00:02", "02:00:0a:00:01:02", "02:00:0a:00:00:03"]
    assert [(each.device, each.mtu) for each in found] == [("tap0", 1500), ("tap1", 9000), ("tap2", 1500)]


def test_an_address_that_another_interface_names_is_left_to_it() -> None:
    found = made({"a": {"net": "lan"}, "b": {"net": "lan", "address": "10.0.0.2"}}, lan={})
    assert [str(each.address.ip) for each in found] == ["10.0.0.3", "10.0.0.2"]


def test_after_the_last_address_comes_the_first() -> None:
    found = made({"a": {"net": "lan"}}, lan={"host": "10.0.0.254/24"})
    assert str(found[0].address) == "10.0.0.1/24"


def test_a_full_network_is_told() -> None:
    with pytest.raises(UserError, match=r"lan \(10.0.0.0/30\) has no address left"):
        made({"a": {"net": "lan"}, "b": {"net": "lan"}}, lan={"host": "10.0.0.1/30"})


def test_one_address_twice_is_told() -> None:
    both = {"net": "lan", "address": "10.0.0.9"}
    with pytest.raises(
        UserError, match=r"two interfaces, 'a' and 'b', have the same address 10.0.0.9 on the network lan"
    ):
        made({"a": both, "b": both}, lan={})
    made({"a": both, "b": {"net": "wan", "address": "10.0.0.9"}}, lan={}, wan={"host": "10.0.0.1/24"})


PLACES = """\
axes: {backend: [command]}
nets: {lan: , wan: 10.9.0.1/24}
tests:
  t:
    unikernel: guest
    runner: {command: [sh, "{unikernel}"]}
    expect: {outcome: passed}
"""
MAC = "mac: '02:00:00:00:00:09'"
ONE = f"{{net: lan, {MAC}}}"


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            f"    nets: {{a: {{net: lan, {MAC}}}, b: {{net: lan, {MAC}}}}}",
            "8:67: two interfaces, 'a' and 'b', have the same MAC 02:00:00:00:00:09 on the network lan",
        ),
        (
            "    nets: {a: {net: lan}, b: {net: lan, mac: '02:00:0A:00:00:02'}}",
            "8:41: two interfaces, 'a' and 'b', have the same MAC 02:00:0a:00:00:02 on the network lan",
        ),
        (
            "    nets: {a: {net: lan, address: 10.0.0.9}, b: {net: lan, address: 10.0.0.9}}",
            "8:60: two interfaces, 'a' and 'b', have the same address 10.0.0.9 on the network lan",
        ),
        (
            f"    guests:\n      one: {{nets: {{a: {ONE}}}}}\n      two: {{nets: {{a: {ONE}}}}}",
            "10:34: two interfaces, 'a' of the guest 'one' and 'a' of the guest 'two', have the same MAC",
        ),
        (
            f"    nets: {{a: {{net: lan, {MAC}}}}}\n    guests: {{one: {{}}, two: {{}}}}",
            "9:23: two interfaces, 'a' of the guest 'one' and 'a' of the guest 'two', have the same MAC",
        ),
        (
            "    guests:\n      one: {ready: x, after: two}\n      two: {ready: x, after: one}",
            "10:23: these guests wait for one another: two, one",
        ),
    ],
)
def test_what_cannot_be_together_is_told_at_its_place(keys: str, told: str) -> None:
    matrix = load.from_document(document.parse(f"{PLACES}{keys}\n", "matrix.yaml"), Path("/nowhere/matrix.yaml"))
    with pytest.raises(UserError) as caught:
        plan.make(matrix, engine="host")
    (problem,) = caught.value.problems
    at, _, what = told.partition(": ")
    assert str(problem.where) == f"matrix.yaml:{at}"
    assert what in problem.what


def test_one_mac_on_two_networks_is_nobodys_concern() -> None:
    both = {"mac": "02:00:00:00:00:09"}
    made({"a": {"net": "lan", **both}, "b": {"net": "wan", **both}}, lan={}, wan={"host": "10.9.0.1/24"})


@pytest.mark.parametrize(
    ("host", "address", "told"),
    [
        (
            "10.0.0.1/24",
            "10.0.0.9",
            "two interfaces, 's' of the guest 'a' and 's' of the guest 'b', have the same address",
        ),
        ("10.0.0.1/30", None, "no address left for the interface 's' of the guest 'b'"),
    ],
)
def test_what_is_wrong_with_one_of_several_guests_is_told_with_its_name(
    host: str, address: str | None, told: str
) -> None:
    known = nets.networks({"lan": Net.model_validate({"host": host})})
    one = {"s": Attachment.model_validate({"net": "lan", **({"address": address} if address else {})})}
    with pytest.raises(UserError, match=told):
        networks.interfaces({"a": one, "b": one}, known)


def test_placeholders_stand_for_what_the_interface_has() -> None:
    values = networks.placeholders(made({"s": {"net": "lan"}}, lan={"host": "10.0.0.1/25", "mtu": "1400"}))
    assert values == {
        "net.s.guest": "10.0.0.2",
        "net.s.cidr": "10.0.0.2/25",
        "net.s.prefix": "25",
        "net.s.netmask": "255.255.255.128",
        "net.s.host": "10.0.0.1",
        "net.s.network": "10.0.0.0/25",
        "net.s.mac": "02:00:0a:00:00:02",
        "net.s.mtu": "1400",
        "net.s.device": "tap0",
    }
    assert {name.rpartition(".")[2] for name in values} == set(template.OF_NET)
    assert template.fill("--ipv4={net.s.cidr} {net.t.cidr} {{net.s.cidr}}", values) == (
        "--ipv4=10.0.0.2/25 {net.t.cidr} {net.s.cidr}"
    )
