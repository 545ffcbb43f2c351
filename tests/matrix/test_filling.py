"""Placeholders of a whole test: where they are filled in, when, and what is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import pydantic
import pytest

from bootmatrix.matrix import filling, resolve
from bootmatrix.matrix.keys.marks import AsWritten, Expression, Filled, Merged, Replaced

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.matrix.load import Matrix

    Load = Callable[[str], Matrix]
    Errors = Callable[[str], list[str]]

VALUES = {"n": "1.5+", "format": "elf"}


def fields(matrix: Matrix) -> TestFields:
    """Those of the only test."""
    resolver = resolve.Resolver(matrix)
    ((cell, _, test, params),) = resolver.boots()
    return resolver.fields(cell, test, params)


def one(load: Load, test: str) -> TestFields:
    return fields(load(f"axes: {{backend: [qemu]}}\ntests: {{t: {{params: {{n: [1.5+]}}, {test}}}}}\n"))


def test_placeholders_are_filled_in_and_in_expressions_literally(load: Load) -> None:
    test = (
        "unikernel: 'u-{n}.{format}', args: ['{n}'], expect: {console: ['<{n}>', {regex: '^n={n}$'}],"
        " console_not: '{n}!', console_any: [a]}"
    )
    filled = filling.fill(one(load, test), VALUES)
    assert (filled.unikernel, filled.args) == ("u-1.5+.elf", ["{n}"])  # arguments are filled in at each attempt
    assert [str(p) for p in filled.expect.console] == ["'<1.5+>'", r"/^n=1\.5\+$/"]
    assert [str(p) for p in [*filled.expect.console_not, *filled.expect.console_any]] == ["'1.5+!'", "'a'"]


def test_fields_in_which_nothing_is_filled_in_are_the_same_for_all_boots(load: Load) -> None:
    found = one(load, "unikernel: u.elf, expect: {console: a}, labels: {area: net}, files: {config: a.txt}")
    assert filling.fill(found, VALUES) is found
    assert filling.of_key(found, "files", VALUES) is found.files


def test_arguments_are_filled_in_at_each_attempt(load: Load) -> None:
    found = one(load, "args: ['{n}', 'try {attempt}', '{{attempt}}']")
    filled = filling.fill(found, VALUES)
    assert filled.args == ["{n}", "try {attempt}", "{{attempt}}"]
    assert filling.of_key(filled, "args", {**VALUES, "attempt": "2"}) == ["1.5+", "try 2", "{attempt}"]


def test_one_key_is_filled_in_alone(load: Load) -> None:
    assert filling.of_key(one(load, "resources: 'tap-{n}'"), "resources", VALUES) == ["tap-1.5+"]
    assert filling.of_key(one(load, "skip: 'see {n}'"), "skip", VALUES) == "see {n}"


def test_what_means_nothing_in_braces_stays(load: Load) -> None:
    test = (
        "skip: 'see {n}', console_exit: '({n})', skip_rejected: '{n}', metrics: {'{n}': '({n})'}, cases: tap,"
        " requires: '/{n}', expected-failure: 'see {n}'"
    )
    found = one(load, test)
    assert filling.fill(found, VALUES) == found.model_copy(update={"unikernel": "{test}.elf"})


def test_where_nothing_is_to_fill_in_the_fields_are_the_same(load: Load) -> None:
    found = one(load, "unikernel: u.elf, expect: {console: [a, {regex: 'b{3}'}]}")
    filled = filling.fill(found, VALUES)
    assert filled.expect.console[0] is found.expect.console[0]
    assert filled == found


class Net(pydantic.BaseModel):
    address: str = ""
    name: Annotated[str, Expression()] = ""
    comment: Annotated[str, AsWritten()] = ""
    port: int = 0


class Nested(pydantic.BaseModel):
    nets: Annotated[dict[str, Net], Merged(), Filled()] = {}
    lists: Annotated[dict[str, list[str]], Replaced(), Filled()] = {}


def test_placeholders_are_filled_in_however_deep_they_stand() -> None:
    net = Net(address="10.0.0.{n}", name="{n}", comment="{n}", port=3)
    found = Nested(nets={"{n}": net}, lists={"a": ["b", "{n}"], "c": []})
    filled = filling.fill(found, VALUES)
    assert filled.nets == {"{n}": Net(address="10.0.0.1.5+", name=r"1\.5\+", comment="{n}", port=3)}
    assert filled.lists == {"a": ["b", "1.5+"], "c": []}
    assert found.nets["{n}"] is net
    assert net.address == "10.0.0.{n}"


def test_texts_are_found_in_a_layer_as_it_is_written_valid_or_not() -> None:
    layer = {
        "nets": {"one": {"address": "a", "name": "b", "comment": "c", "port": "d"}, "two": "e", "three": ["f"]},
        "lists": {"x": ["g", {"h": "i"}], "y": "j"},
        "other": "k",
    }
    found = [("/".join(map(str, path)), text) for path, text, _ in filling.written(Nested, layer)]
    assert found == [
        ("nets/one/address", "a"),
        ("nets/one/name", "b"),
        ("nets/two", "e"),
        ("lists/x/0", "g"),
        ("lists/y", "j"),
    ]
    assert list(filling.written(Nested, {"nets": None, "lists": []})) == []


@pytest.mark.parametrize(
    ("test", "places"),
    [
        ("expect: {console: ['{b}', {regex: 'x{c}'}, {text: '{d}'}]}", ["2:32", "2:47", "2:63"]),
        ("expect: {tender: {regex: '{b}'}, console_not: '{c}'}", ["2:38", "2:59"]),
        ("args: ['{b}', x, '{c}'], resources: '{b}'", ["2:20", "2:30", "2:49"]),
        ("when: [{match: {backend: qemu}, unikernel: '{b}'}]", ["2:56"]),
        ("expect: '{b}', unikernel: '{c}'", ["2:21", "2:39"]),  # the first for what it is
        ("args: ['{backend} {test} {cell} {format} {attempt} {arch} {os} {compiler}']", []),
        ("skip: 'see {b}', skip_rejected: 'x{b}', metrics: {a: '({b})'}", []),
    ],
)
def test_a_placeholder_that_means_nothing_is_told_where_it_stands(
    errors: Errors, load: Load, test: str, places: list[str]
) -> None:
    text = f"axes: {{backend: [qemu]}}\ntests: {{t: {{{test}}}}}\n"
    if not places:
        assert load(text)
        return
    assert [told.split(": ")[0] for told in errors(text)] == [f"matrix.yaml:{place}" for place in places]
