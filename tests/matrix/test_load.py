"""Every error of a matrix: where it is, what it is and what was meant; and all of them at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import UserError
from bootmatrix.matrix import load as loader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bootmatrix.matrix.load import Matrix

    Errors = Callable[[str | bytes], list[str]]
    Load = Callable[[str | bytes], Matrix]

AXES = "axes: {backend: [qemu], a: [x, y]}\n"
TESTS = "tests: {t: {}}\n"


def test_all_errors_are_told_at_once_in_the_order_of_the_file(errors: Errors) -> None:
    told = errors(
        """
axes:
  backend: [qemu, sollo5-spt]
exclude:
  - {backend: xen}
tests:
  a:
    timeot: 3 s
    args: ["{depht}"]
  b: {cpus: many, expect: {outcome: crash}}
  c: {only: {os: windows}}
bulids: {}
"""
    )
    assert [message.split(": ")[0] for message in told] == [
        f"matrix.yaml:{place}" for place in ("3:19", "5:15", "8:5", "9:12", "10:13", "10:37", "11:18", "12:1")
    ]


def test_an_error_in_what_is_merged_is_told_at_its_own_place(errors: Errors) -> None:
    told = errors("x-base: &base {cpus: x}\n" + AXES + "tests: {t: {<<: *base}}\n")
    assert told == ["matrix.yaml:1:22: cpus: 'x' is not a whole number"]


def test_a_file_full_of_errors_tells_a_hundred(errors: Errors) -> None:
    started = time.process_time()
    told = errors(AXES + "tests:\n" + "".join(f"  t{i}: {{argz: [a], expect: {{conole: x}}}}\n" for i in range(5000)))
    assert len(told) == 101
    assert told[-1] == "more than 100 errors: the rest is not shown"
    assert time.process_time() - started < 10


def test_sections_that_begin_with_x_are_the_users_own(load: Load) -> None:
    assert load("x-mine: {any: [thing]}\n" + AXES + TESTS).tests.keys() == {"t"}


@pytest.mark.parametrize(
    "values", [["no", "3.10", "12", "0x10", "1e3", "012", "true", "2024-01-01", "1_0", ".5", "=", "1:30"]]
)
def test_an_axis_value_stays_what_was_typed(load: Load, values: list[str]) -> None:
    assert [cell.values["a"] for cell in load(f"axes: {{a: [{', '.join(values)}]}}\n{TESTS}").cells] == values


def test_unquoted_numbers_are_texts_wherever_texts_are_expected(load: Load) -> None:
    matrix = load(
        AXES + "builds: {b: {run: 1, env: {A: 0x1}}}\ntests: {1: {args: [1, 0x2, no], unikernel: 1e3, skip: 12345}}\n"
    )
    test = matrix.tests["1"]
    assert (test.args, test.unikernel, test.skip) == (["1", "0x2", "no"], "1e3", "12345")
    assert (matrix.builds["b"].run, matrix.builds["b"].env) == (["1"], {"A": "0x1"})


def test_one_entry_stands_for_a_list_of_it(load: Load) -> None:
    test = load(
        AXES + "tests: {t: {only: {a: x}, expect: {outcome: hung, console: {regex: a+}}, retry: {on: hung}}}"
    ).tests["t"]
    assert (test.only, test.expect.outcome, test.retry.on) == ([{"a": ["x"]}], ["hung"], ["hung"])
    assert [pattern.regex for pattern in test.expect.console] == ["a+"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("absent.yaml", "absent.yaml does not exist\n    `bootmatrix init` writes one"), (".", "is not a regular file")],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        loader.load(tmp_path / name)
    assert message in str(caught.value)


def test_the_root_is_the_files_folder(load: Load, tmp_path: Path) -> None:
    assert load(AXES + TESTS).root == tmp_path.resolve()


BACKENDS = "axes: {backend: [qemu, solo5-hvt, solo5-spt], compiler: [gcc, clang]}\n"


def test_options_are_held_against_the_backends_that_a_test_is_for(load: Load, errors: Errors) -> None:
    right = "tests: {t: {only: {backend: solo5-hvt}, runner: {options: [--x]}, when: [{match: {compiler: gcc}, "
    assert load(BACKENDS + right + "runner: {tender_in_build: a}}]}}\n")
    assert "runner 'solo5-hvt': unknown option 'accel'" in errors(BACKENDS + right + "runner: {accel: tcg}}]}}\n")[0]
    assert "runner 'solo5-spt': unknown option 'machine'" in "".join(
        errors(BACKENDS + "tests: {t: {only: {backend: [qemu, solo5-spt]}, runner: {machine: pc}}}\n")
    )


@pytest.mark.parametrize("fields", ["unikernel: 'a{attempt}'", "expect: {console: 'try {attempt}'}"])
def test_the_attempt_is_a_placeholder_of_arguments_only(load: Load, errors: Errors, fields: str) -> None:
    assert load(BACKENDS + "tests: {t: {args: ['{attempt}']}}\n")
    assert "{attempt} names no axis or parameter" in errors(BACKENDS + f"tests: {{t: {{{fields}}}}}\n")[0]
