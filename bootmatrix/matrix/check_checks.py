"""Checks: the networks and interfaces that they name must be the test's own."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from bootmatrix.errors import suggest
from bootmatrix.matrix.check_nets import layers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bootmatrix.matrix.checks import OneCheck
    from bootmatrix.matrix.document import Path_
    from bootmatrix.matrix.problems import Problems
    from bootmatrix.matrix.schema import Defaults, TestFields


def check(sections: Mapping[str, Any], problems: Problems) -> None:
    defaults, tests = sections["defaults"], sections["tests"]
    shared = _attached([defaults])
    for path, fields in layers(sections):
        mine = tests.values() if path[0] == "defaults" else [tests[path[1]]]
        nets = {**shared, **_attached(mine)}
        for where, each in _checks(fields, path):
            _check(each, where, nets, problems)


def _attached(owners: Iterable[Defaults]) -> dict[str, set[str]]:
    """The interfaces that a guest may have on some cell, each with the networks that it may be attached to."""
    found: dict[str, set[str]] = {}
    for owner in owners:
        for fields in (owner, *owner.when):
            for name, each in fields.nets.items():
                found.setdefault(name, set()).add(each.net)
    return found


def _checks(fields: TestFields, path: Path_) -> Iterator[tuple[Path_, OneCheck]]:
    if fields.ready and not fields.ready.pattern:
        yield (*path, "ready"), fields.ready
    for index, check in enumerate(fields.checks):
        here = (*path, "checks", index)
        for number, each in enumerate(check.each):
            yield (*here, "parallel", number) if check.parallel else here, each


def _check(each: OneCheck, path: Path_, nets: Mapping[str, set[str]], problems: Problems) -> None:
    if each.kind == "console":
        return
    if not nets:
        what = f"a check of the kind {each.kind} needs a network, and the test has none"
        problems.say(what, path, "give it one with `nets:`")
        return
    networks = {name for names in nets.values() for name in names}
    if each.network and "{" not in each.network and each.network not in networks:
        what = f"from: the test has no network '{each.network}'"
        problems.say(what, (*path, "from"), suggest(each.network, networks))
    if each.to and "{" not in each.to and each.to not in nets and not _is_address(each.to):
        remedy = f"{suggest(each.to, nets)}, or an IPv4 address"
        problems.say(f"to: the guest has no interface '{each.to}'", (*path, "to"), remedy)


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True
