"""`pair` in matrix.yaml: what it may say, and what is wrong, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootmatrix.errors import UserError
from bootmatrix.matrix import document, load

HEAD = "axes: {backend: [qemu], ocaml: ['4.14', '5.3']}\n"


def loaded(text: str) -> load.Matrix:
    return load.from_document(document.parse(HEAD + text, "matrix.yaml"), Path("/nowhere/matrix.yaml"))


def test_an_axis_alone_is_all_that_is_needed() -> None:
    pair = loaded("tests: {t: {pair: ocaml}}\n").tests["t"].pair
    assert pair
    assert (pair.axis, pair.base, pair.until, pair.most, pair.of) == ("ocaml", "", 2, 30, ["boot_time", "memory_peak"])


def test_all_of_it_can_be_said() -> None:
    text = "{axis: n, base: 2, until: 0.5%, most: 100, of: [heap, p99, unikernel_size]}"
    check = "nets: {s: lan}, checks: [{command: [c], metrics: {p99: 'p=(.)'}}]"
    matrix = loaded(
        f"nets: {{lan: }}\ntests: {{t: {{params: {{n: [1, 2]}}, metrics: {{heap: 'h=(.)'}}, {check}, pair: {text}}}}}\n"
    )
    pair = matrix.tests["t"].pair
    assert pair
    assert (pair.base, pair.until, pair.most, pair.of) == ("2", 0.5, 100, ["heap", "p99", "unikernel_size"])


def test_a_default_may_name_what_some_test_has() -> None:
    matrix = loaded("defaults: {pair: {axis: ocaml, of: heap}}\ntests: {t: {metrics: {heap: 'h=(.)'}}, u: {}}\n")
    assert matrix.defaults.pair
    assert matrix.defaults.pair.of == ["heap"]


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ("ocml", "pair: there is no axis or parameter 'ocml'|did you mean 'ocaml'?"),
        ("backend", "pair: backend has only one value, qemu|give it another one to compare with"),
        ("{axis: ocaml, base: 5.2}", "pair: ocaml is never '5.2'|did you mean '5.3'?"),
        ("{axis: ocaml, of: memory}", "pair: no test measures 'memory'|did you mean 'memory_peak'?"),
        ("{axis: ocaml, until: 0%}", "until: 0% is not between 0.01% and 50%"),
        ("{axis: ocaml, most: 19}", "most: '19' is too small: the minimum is 20"),
        ("{axis: ocaml, most: 1001}", "most: '1001' is too large: the maximum is 1000"),
        ("{until: 2%}", "axis"),
        ("{axis: ocaml, unitl: 2%}", "unitl"),
    ],
)
@pytest.mark.parametrize(
    "where", ["tests: {{t: {{pair: {}}}}}", "tests: {{t: {{when: [{{match: {{backend: qemu}}, pair: {}}}]}}}}"]
)
def test_what_is_wrong_is_told_at_its_place(where: str, pair: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        loaded(where.format(pair))
    said = str(caught.value)
    assert said.startswith("matrix.yaml:2:")
    assert all(each in said for each in told.split("|")), said


def test_guests_measure_too_and_a_parameter_has_the_values_of_every_test() -> None:
    guests = "guests: {server: {metrics: {heap: 'h=(.)'}}, client: {}}"
    loaded(f"tests: {{t: {{{guests}, pair: {{axis: ocaml, of: ['server: heap', 'client: boot_time']}}}}}}\n")
    loaded("defaults: {pair: {axis: n, base: 1}}\ntests: {a: {params: {n: [1]}}, b: {params: {n: [2]}}}\n")
    with pytest.raises(UserError, match="no test measures 'server: heat'"):
        loaded(f"tests: {{t: {{{guests}, pair: {{axis: ocaml, of: 'server: heat'}}}}}}\n")
