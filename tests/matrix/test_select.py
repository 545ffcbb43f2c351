"""The selection of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import UserError, suggest
from bootmatrix.matrix import resolve
from bootmatrix.matrix.expanding import cells, select

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.matrix.load import Matrix

MATRIX = """
axes:
  backend: [qemu, solo5-spt]
  arch: [x86_64, aarch64]
exclude: [{backend: solo5-spt, arch: aarch64}]
tests:
  hello: {}
  stack: {params: {depth: [1, 20]}}
"""


@pytest.fixture
def matrix(load: Callable[[str], Matrix]) -> Matrix:
    return load(MATRIX)


def taken(matrix: Matrix, *terms: str) -> list[str]:
    names = []
    for cell, name, _, params in resolve.selected(matrix, terms):
        names.append(f"{cell.id}/{name}{params.get('depth', '')}")
    return names


def message(matrix: Matrix, *terms: str) -> str:
    with pytest.raises(UserError) as caught:
        taken(matrix, *terms)
    return str(caught.value)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((), 9),
        (("backend=qemu",), 6),
        (("backend=solo5-*",), 3),
        (("backend=qemu,solo5-spt", "arch=aarch64"), 3),
        (("backend=qemu", "backend=solo5-spt"), 9),
        (("test=stack", "depth=20"), 3),
        (("depth=*",), 6),
        (("!depth=*",), 3),
        (("!backend=qemu", "!test=hello"), 2),
        (("qemu-x86_64",), 3),
        (("qemu-*",), 6),
        (("qemu-x86_64/hello", "solo5-*/hello"), 2),
        (("qemu-x86_64/stack@depth=20",), 1),
        (("*/stack@depth=*",), 6),
        (("!qemu-*",), 3),
        (("qemu-*", "!*/hello", "arch=x86_64"), 2),
    ],
)
def test_terms_of_one_key_are_alternatives_and_of_several_all_hold(
    matrix: Matrix, terms: tuple[str, ...], expected: int
) -> None:
    assert len(taken(matrix, *terms)) == expected


def test_the_order_is_the_matrixs_own(matrix: Matrix) -> None:
    assert taken(matrix, "solo5-spt-x86_64", "qemu-x86_64/hello") == [
        "qemu-x86_64/hello",
        "solo5-spt-x86_64/hello",
        "solo5-spt-x86_64/stack1",
        "solo5-spt-x86_64/stack20",
    ]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (("bakend=qemu",), "select 'bakend=qemu': there is no axis or parameter 'bakend'\n    did you mean 'backend'?"),
        (("!bakend=qemu",), "select '!bakend=qemu': there is no axis or parameter 'bakend'"),
        (("backend=",), "select 'backend=': no value after '='\n    write backend=VALUE or backend=GLOB"),
        (("backend=qemu,sollo5-spt",), "select: backend is never 'sollo5-spt'\n    did you mean 'solo5-spt'?"),
        (("!backend=qmu",), "select: backend is never 'qmu'\n    did you mean 'qemu'?"),
        (("test=hallo",), "select: test is never 'hallo'\n    did you mean 'hello'? possible: hello, stack"),
        (("depth=3",), "select: depth is never '3'\n    possible: 1, 20"),
        (("hallo",), "select: there is no cell or test 'hallo'\n    did you mean 'hello'? possible: hello, "),
        (("qemu-x86",), "select: there is no cell or test 'qemu-x86'\n    did you mean 'qemu-x86_64'?"),
        (("!qemu-x86",), "select: there is no cell or test 'qemu-x86'"),
        (("qemu-x86_64/hallo",), "there is no cell or test 'qemu-x86_64/hallo'\n    did you mean 'qemu-x86_64/hello'?"),
        (("qemu-x86_64/hello", "nonsense"), "select: there is no cell or test 'nonsense'"),
        (
            ("backend=solo5-*", "arch=aarch64"),
            "nothing is selected by backend=solo5-* arch=aarch64\n    each term matches",
        ),
        (("",), "select: there is no cell or test ''"),
        (("\x1b[31m=x",), "select '\\x1b[31m=x': there is no axis"),
    ],
)
def test_a_term_that_names_nothing_is_told(matrix: Matrix, terms: tuple[str, ...], expected: str) -> None:
    assert expected in message(matrix, *terms)


def test_the_keys_are_the_axes_the_parameters_and_test(matrix: Matrix) -> None:
    assert resolve.selectable(matrix) == {
        "test": ["hello", "stack"],
        "backend": ["qemu", "solo5-spt"],
        "arch": ["x86_64", "aarch64"],
        "depth": ["1", "20"],
    }


ADDED = MATRIX.replace("tests:", "include: [{backend: qemu, release: 1}, {arch: riscv64, release: 2}]\ntests:")


@pytest.mark.parametrize(
    "terms",
    [
        ("backend=qemu",),
        ("release=*",),
        ("!release=*", "arch=*64"),
        ("arch=riscv64",),
        ("arch=x86_64,riscv64", "depth=*", "*/stack@*"),
        ("!arch=riscv64", "release=1"),
        ("riscv64-2", "qemu-*-1/hello"),
    ],
)
def test_what_is_taken_are_the_boots_that_fit_of_all(load: Callable[[str], Matrix], terms: tuple[str, ...]) -> None:
    added = load(ADDED)
    every = [
        (cell.id, name, params, {**cell.values, **params, "test": name})
        for cell, name, _, params in resolve.selected(added, ())
    ]
    selection = select.parse(terms, resolve.selectable(added))
    fit = [each for each in every if selection.takes(each[0], cells.test_id(each[1], each[2]), each[3])]
    found = [(cell.id, name, params) for cell, name, _, params in resolve.selected(added, terms)]
    assert found == [each[:3] for each in fit]
    assert 0 < len(found) < len(every)


def test_of_many_cells_the_first_are_told(load: Callable[[str], Matrix]) -> None:
    numbers = ", ".join(map(str, range(40)))
    many = load(f"axes: {{a: [{numbers}], b: [{numbers}]}}\ntests: {{t: {{}}}}\n")
    told = message(many, "nonsense").removeprefix("select: there is no cell or test 'nonsense'\n    ")
    assert told == suggest("nonsense", [cell.id for cell in many.cells])
    assert told.endswith(", … (1,600 in all)")


def test_a_tests_bare_name_means_the_test(matrix: Matrix) -> None:
    assert taken(matrix, "hello") == taken(matrix, "test=hello")
    assert taken(matrix, "hello", "stack", "qemu-x86_64") == taken(matrix, "qemu-x86_64")
    assert taken(matrix, "!hello", "arch=aarch64") == taken(matrix, "test=stack", "arch=aarch64")


SAME = "axes: {{backend: [qemu], mine: [a, {value}]}}\ntests: {{{test}: {{params: {{p: [b, c]}}}}, other: {{}}}}\n"


@pytest.mark.parametrize(
    ("value", "test", "remedy"), [("same", "same", "mine=same"), ("x", "b", "p=b"), ("x", "qemu", "backend=qemu")]
)
def test_a_name_of_a_test_and_of_something_else_is_no_guess(
    value: str, test: str, remedy: str, load: Callable[[str], Matrix]
) -> None:
    told = message(load(SAME.format(value=value, test=test)), test)
    assert told.startswith(f"select '{test}' is ambiguous: a test has that name, and so has a value of ")
    assert told.endswith(f"\n    write test={test} or {remedy}")


def test_a_cell_comes_before_a_test_of_its_name(load: Callable[[str], Matrix]) -> None:
    both = load(SAME.format(value="x", test="qemu-a"))
    assert {each.partition("/")[0] for each in taken(both, "qemu-a")} == {"qemu-a"}
    assert len(taken(both, "qemu-a")) == 3


def test_without_terms_everything_is_taken() -> None:
    everything = select.parse((), {"a": ["x"]})
    assert everything.everything
    assert everything.takes("cell", "test", {})
    assert not select.parse(("a=*",), {"a": ["x"]}).takes("cell", "test", {})
