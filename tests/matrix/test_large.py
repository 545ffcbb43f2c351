"""What is large costs little; what is too large is told, soon and shortly."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from bootmatrix.matrix.expanding.cells import MAX_CELLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.matrix.load import Matrix

    Errors = Callable[[str | bytes], list[str]]
    Load = Callable[[str | bytes], Matrix]

AXES = "axes: {backend: [qemu], a: [x, y]}\n"
TESTS = "tests: {t: {}}\n"


def huge_axes(count: int, choices: int) -> str:
    return "axes: {" + ", ".join(f"a{i}: [{', '.join(map(str, range(choices)))}]" for i in range(count)) + "}\n"


HUGE = {
    "a million million cells": (
        huge_axes(12, 10) + TESTS,
        "the axes give 1,000,000,000,000 cells; the limit is 1,000,000",
    ),
    "ten to the five thousand cells": (huge_axes(5000, 10) + TESTS, "the axes give more than 1,000,000,000,000"),
    "many axes of one value": (huge_axes(300, 1) + TESTS, "the ids of the cells have more than 200 characters"),
    "parameters": (
        AXES + "tests: {t: {params: " + huge_axes(12, 10)[6:-1] + "}}\n",
        "the matrix has more than 5,000,000",
    ),
    "includes": (
        AXES + TESTS + "include: [" + huge_axes(12, 10)[6:-1].replace("a", "k") + "]\n",
        "the includes give",
    ),
    "an exit code": (AXES + f"tests: {{t: {{exit_codes: {{? 1{'0' * 5000} : passed}}}}}}\n", "exit_codes: '1000"),
    "a number": (AXES + f"tests: {{t: {{cpus: 1{'0' * 5000}}}}}\n", "cpus: '1000"),
    "a time": (AXES + f"tests: {{t: {{timeout: 1{'0' * 5000}}}}}\n", "timeout: '1000"),
    "an outcome": (AXES + f"tests: {{t: {{expect: {{outcome: {'x' * 500_000}}}}}}}\n", "outcome: 'xxx"),
    "a parameter": (
        AXES + f"tests: {{t: {{params: {{n: [{'x' * 500_000}]}}}}}}\n",
        "the ids of its tests are up to 500,004",
    ),
    "a test's name": (AXES + f"tests: {{? {'x' * 500_000} : {{}}}}\n", "'xxx"),
}


@pytest.mark.parametrize(("text", "message"), HUGE.values(), ids=HUGE)
def test_what_is_too_large_is_told_soon_and_shortly(errors: Errors, text: str, message: str) -> None:
    started = time.process_time()
    told = errors(text)
    assert time.process_time() - started < 10
    assert any(message in line for line in told)
    assert all(len(line) < 1200 for line in told)


def test_many_rules_tests_and_conditions_cost_little(load: Load) -> None:
    axes = huge_axes(4, 10).replace("{", "{backend: [qemu], ")
    excludes = "exclude: [" + ", ".join(f"{{a0: {i % 10}, a1: '[{i % 7}]', a2: {i % 9}}}" for i in range(500)) + "]\n"
    whens = ", ".join(f"{{match: {{a1: {i % 10}, a3: {i % 8}}}, cpus: 2}}" for i in range(1000))
    started = time.process_time()
    matrix = load(
        axes + excludes + f"tests: {{t: {{when: [{whens}]}}, " + ", ".join(f"t{i}: {{}}" for i in range(400)) + "}\n"
    )
    assert time.process_time() - started < 10
    assert 0 < len(matrix.cells) < MAX_CELLS


def test_the_first_of_the_longest_ids_is_told_if_a_cell_has_it(load: Load, errors: Errors) -> None:
    axes = f"axes: {{a: [x, {'y' * 120}, {'z' * 120}], b: [x, {'y' * 120}]}}\n"
    assert errors(axes + TESTS)[0].startswith(f"matrix.yaml:1:1: an id of more than 200 characters: {'y' * 120}-yyy")
    assert errors(axes + TESTS + "exclude: [{a: y*}]\n")[0].endswith(
        f"{'z' * 120}-{'y' * 120}\n    shorten the values, or name fewer axes"
    )
    assert len(load(axes + TESTS + "exclude: [{a: '[yz]*', b: y*}]\n").cells) == 4
    assert (
        "200 characters: x-x-yyy"
        in errors(f"axes: {{a: [x]}}\n{TESTS}include: [{{k: x, m: {'y' * 128}, n: {'y' * 90}}}]\n")[0]
    )


def test_conditions_on_many_values_are_held_against_the_cells(load: Load, errors: Errors) -> None:
    axes = huge_axes(3, 20) + "exclude: [{a0: 7, a1: 7}]\n"
    test = "tests: {{t: {{when: [{{match: {{a0: 7, a1: {}, a2: '*1'}}, cpus: 2}}]}}}}\n"
    assert load(axes + test.format("[6, 7]"))
    (told,) = errors(axes + test.format(7))
    assert told.startswith(
        "matrix.yaml:3:33: matches no cell: {a0: 7, a1: 7, a2: *1}\n    did you mean '7'? possible: 0, 1,"
    )
