"""What a check names must be there: told when a matrix is loaded, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootmatrix.errors import UserError
from bootmatrix.matrix import document, load

HEAD = "axes: {backend: [qemu]}\nnets: {lan: , wan: }\ntests:\n"


def loaded(tests: str, head: str = HEAD) -> load.Matrix:
    return load.from_document(document.parse(head + tests, "matrix.yaml"), Path("/nowhere/matrix.yaml"))


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("{checks: [ping: ]}", "4:16: a check of the kind ping needs a network, and the test has none"),
        ("{ready: {tcp: 80}}", "4:14: a check of the kind tcp needs a network, and the test has none"),
        ("{nets: {s: lan}, checks: [{ping: , from: wan}]}", "4:47: from: the test has no network 'wan'"),
        ("{nets: {s: lan}, checks: [{ping: , to: t}]}", "4:45: to: the guest has no interface 't'"),
        (
            "{nets: {s: lan}, checks: [{parallel: [{ping: }, {tcp: 1, to: t}]}]}",
            "4:67: to: the guest has no interface 't'",
        ),
        ("{when: [{match: {backend: qemu}, checks: [ping: ]}]}", "a check of the kind ping needs a network"),
    ],
)
def test_what_is_not_there_is_told(test: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        loaded(f"  t: {test}\n")
    assert told in str(caught.value).splitlines()[0]


@pytest.mark.parametrize(
    "test",
    [
        "{checks: [console: ready]}",
        "{ready: listening}",
        "{nets: {s: lan}, checks: [{ping: , from: lan, to: s}, {ping: , to: 10.0.0.9}, {tcp: 1, to: '{net.s.host}'}]}",
        "{nets: {s: lan}, when: [{match: {backend: qemu}, nets: {t: wan}}], checks: [{ping: , from: wan, to: t}]}",
    ],
)
def test_what_may_be_there_is_enough(test: str) -> None:
    loaded(f"  t: {test}\n")


def test_defaults_may_speak_of_what_tests_have() -> None:
    loaded("  t: {nets: {s: lan}}\n", HEAD.replace("tests:", "defaults: {checks: [{ping: , from: lan}]}\ntests:"))
