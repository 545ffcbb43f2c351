"""What a check names must be there: told when a matrix is loaded, at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.matrix.load import Matrix

    Errors = Callable[[str | bytes], list[str]]
    Load = Callable[[str | bytes], Matrix]

HEAD = "axes: {backend: [qemu, solo5-spt], n: ['1', '2']}\nnets: {lan: , wan: }\n"


def whole(test: str, defaults: str = "{}") -> str:
    return f"{HEAD}defaults: {defaults}\ntests:\n  t: {test}\n"


NONE = "a check of the kind {} needs a network, and the guest has none"
LANS = "{nets: {s: lan}, "
WRONG = [
    ("{checks: [ping: ]}", "5:16: " + NONE.format("ping")),
    ("{checks: {ping: }}", "5:15: " + NONE.format("ping")),
    ("{ready: {tcp: 80}}", "5:14: " + NONE.format("tcp")),
    (LANS + "checks: [{ping: , from: wan}]}", "5:47: from: the guest is not on the network 'wan'"),
    (LANS + "checks: [{ping: , to: t}]}", "5:45: to: the guest has no interface 't'\n    possible: s, or an IPv4"),
    (LANS + "ready: {ping: , to: t}}", "5:43: to: the guest has no interface 't'"),
    (LANS + "checks: [{parallel: [{ping: }, {tcp: 1, to: t}]}]}", "5:67: to: the guest has no interface 't'"),
    ("{when: [{match: {n: '*'}, checks: [ping: ]}]}", "5:41: " + NONE.format("ping") + "\n"),
    ("{when: [{match: {n: '1'}, checks: [ping: ]}]}", "5:41: " + NONE.format("ping") + " ({n: 1})"),
    (
        "{checks: [ping: ], when: [{match: {backend: qemu}, nets: {s: lan}}]}",
        "5:16: " + NONE.format("ping") + " ({backend: solo5-spt})",
    ),
    (
        LANS + "checks: [{ping: , to: t}], when: [{match: {a: x}, nets: {t: wan}}], params: {a: [x, y]}}",
        "5:45: to: the guest has no interface 't' ({a: y})",
    ),
    (
        LANS + "checks: [{ping: , to: t}], when: [{match: {backend: q*}, nets: {t: wan}}], only: {n: '1'}}",
        "5:45: to: the guest has no interface 't' ({backend: solo5-spt, n: 1})",
    ),
    ("{guests: {a: {checks: [ping: ]}}}", "5:29: the guest 'a': " + NONE.format("ping")),
    (LANS + "guests: {a: {ready: {tcp: 1, to: t}}, b: }}", "5:56: the guest 'a': to: the guest has no interface 't'"),
    (
        "{checks: [ping: ], guests: {a: {nets: {s: lan}}, b: }}",
        "5:16: the guest 'b': " + NONE.format("ping"),
    ),
    (
        LANS
        + "guests: {a: {checks: [{ping: , from: wan}]}}, when: [{match: {n: '1'}, guests: {a: {nets: {t: wan}}}}]}",
        "5:60: the guest 'a': from: the guest is not on the network 'wan' ({n: 2})",
    ),
]


@pytest.mark.parametrize(("test", "told"), WRONG, ids=[test for test, _ in WRONG])
def test_what_is_not_there_is_told(errors: Errors, test: str, told: str) -> None:
    (found,) = errors(whole(test))
    assert found.startswith(f"matrix.yaml:{told}")


RIGHT = [
    "{checks: [console: ready]}",
    "{ready: listening}",
    LANS + "checks: [{ping: , from: lan, to: s}, {ping: , to: 10.0.0.9}, {tcp: 1, to: '{net.s.host}'}]}",
    "{when: [{match: {backend: qemu}, nets: {s: lan}, checks: [{ping: , to: s}]}]}",
    "{checks: [ping: ], only: {backend: qemu}, when: [{match: {backend: qemu}, nets: {s: lan}}]}",
    "{checks: [ping: ], when: [{match: {n: '1'}, nets: {s: lan}}, {match: {n: '2'}, skip: no network here}]}",
    "{checks: [ping: ], guests: {a: {nets: {s: lan}}, b: {checks: [], nets: {t: wan}, ready: {ping: , from: wan}}}}",
    "{guests: {a: {checks: [ping: ]}}, when: [{match: {n: '*'}, guests: {a: {nets: {s: lan}}}}]}",
    "{nets: {s1: lan, s2: wan}, params: {a: ['1', '2']}, checks: [{ping: , to: 's{a}'}]}",
]


@pytest.mark.parametrize("test", RIGHT)
def test_what_is_there_is_enough(load: Load, test: str) -> None:
    load(whole(test))


def test_what_defaults_ask_must_be_there_in_each_test(load: Load, errors: Errors) -> None:
    asking = "{checks: [{ping: , from: lan}]}"
    load(whole("{nets: {s: lan}}", asking))
    load(whole("{checks: []}", asking))
    told = errors(whole("{nets: {s: lan}}\n  u: {nets: {s: wan}}\n  v: {}", asking))
    assert [each.partition("\n")[0] for each in told] == [
        "matrix.yaml:3:21: a check of the kind ping needs a network, and the guest has none (test v)",
        "matrix.yaml:3:36: from: the guest is not on the network 'lan' (test u)",
    ]


def test_all_that_is_wrong_is_told_at_once(errors: Errors) -> None:
    told = errors(whole("{checks: [ping: ], build: none}"))
    assert [each.partition("\n")[0] for each in told] == [
        "matrix.yaml:5:16: " + NONE.format("ping"),
        "matrix.yaml:5:32: there is no build 'none'",
    ]


def test_a_check_is_told_however_many_values_there_are(errors: Errors) -> None:
    many = ", ".join(f"'{number}'" for number in range(5000))
    test = f"{{checks: [ping: ], params: {{a: [{many}]}}, when: [{{match: {{a: '1*'}}, nets: {{s: lan}}}}]}}"
    (found,) = errors(whole(test))
    assert found.startswith("matrix.yaml:5:16: " + NONE.format("ping") + " ({a: 0})")


def test_where_too_many_axes_differ_it_is_told_before_the_boot(load: Load) -> None:
    axes = ", ".join(f"{axis}: [{', '.join(f'v{number}' for number in range(40))}]" for axis in "ab")
    match = "[{match: {a: v1}, nets: {s: lan}}, {match: {b: v1}, nets: {t: wan}}]"
    text = whole(f"{{checks: [ping: ], when: {match}}}")
    load(text.replace("n: ['1', '2']", axes))
