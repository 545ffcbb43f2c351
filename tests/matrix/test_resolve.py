"""A boot's fields: defaults, what matches there, the test, what matches there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bootmatrix.matrix import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.matrix.load import Matrix

    Load = Callable[[str], Matrix]

AXES = "axes: {backend: [qemu, solo5-spt], arch: [x86_64, aarch64]}\n"


def fields(matrix: Matrix) -> dict[str, TestFields]:
    """The merged fields by `cell/test`, parameters' values after it."""
    resolver = resolve.Resolver(matrix)
    return {
        "/".join([cell.id, name, *params.values()]): resolver.fields(cell, test, params)
        for cell, name, test, params in resolver.boots()
    }


def test_the_nearest_layer_wins(load: Load) -> None:
    found = fields(
        load(
            AXES
            + """
defaults:
  cpus: 2
  timeout: 10 s
  when: [{match: {backend: qemu}, cpus: 3, memory: 1 GiB, timeout: 11 s}]
tests:
  plain: {}
  own: {cpus: 4, when: [{match: {arch: aarch64}, cpus: 5}, {match: {backend: solo5-*, arch: aarch64}, cpus: 6}]}
"""
        )
    )
    assert [found[f"{cell}/plain"].cpus for cell in ("qemu-x86_64", "solo5-spt-x86_64")] == [3, 2]
    assert {id_: f.cpus for id_, f in found.items() if id_.endswith("own")} == {
        "qemu-x86_64/own": 4,
        "qemu-aarch64/own": 5,
        "solo5-spt-x86_64/own": 4,
        "solo5-spt-aarch64/own": 6,
    }
    assert (found["qemu-x86_64/own"].memory, found["qemu-x86_64/own"].timeout) == (1 << 30, 11)


def test_expect_retry_and_runner_are_merged_key_by_key(load: Load) -> None:
    found = fields(
        load(
            """
axes: {backend: [qemu]}
defaults:
  expect: {outcome: crashed, console: [a, b]}
  retry: {attempts: 5, wait: 2 s}
  runner: {accel: tcg, machine: q35}
tests:
  t:
    expect: {console: c}
    retry: {attempts: 2}
    runner: {machine: pc}
"""
        )
    )["qemu/t"]
    assert found.expect.outcome == ["crashed"]
    assert [str(pattern) for pattern in found.expect.console] == ["'c'"]
    assert (found.retry.attempts, found.retry.wait, found.retry.on) == (2, 2, ["any"])
    assert found.runner == {"accel": "tcg", "machine": "pc"}


def test_every_other_field_is_replaced(load: Load) -> None:
    found = fields(
        load(
            "axes: {backend: [qemu]}\ndefaults: {args: [a], exit_codes: {1: passed}}\n"
            "tests: {t: {args: [], exit_codes: {3: failed}}}"
        )
    )["qemu/t"]
    assert (found.args, found.exit_codes) == ([], {3: "failed"})


def test_a_null_takes_away_what_the_defaults_set(load: Load) -> None:
    found = fields(
        load(
            "axes: {backend: [qemu]}\ndefaults: {skip: not yet, idle_timeout: 1 s}\n"
            "tests: {t: {skip: ~, idle_timeout: ~}}"
        )
    )
    assert (found["qemu/t"].skip, found["qemu/t"].idle_timeout) == (None, None)


def test_the_only_build_needs_no_naming(load: Load) -> None:
    one = "axes: {backend: [qemu]}\nbuilds: {b: {run: make}}\ntests: {t: {}, none: {build: ~}}\n"
    assert {k: f.build for k, f in fields(load(one)).items()} == {"qemu/t": "b", "qemu/none": None}
    two = "axes: {backend: [qemu]}\nbuilds: {b: {run: make}, c: {run: make}}\ntests: {t: {}, c: {build: c}}\n"
    assert {k: f.build for k, f in fields(load(two)).items()} == {"qemu/t": None, "qemu/c": "c"}


def test_only_limits_a_test_to_cells(load: Load) -> None:
    found = fields(
        load(AXES + "tests: {a: {only: {arch: x86_64}}, b: {only: [{backend: qemu, arch: a*}, {backend: solo5-spt}]}}")
    )
    assert list(found) == [
        "qemu-x86_64/a",
        "qemu-aarch64/b",
        "solo5-spt-x86_64/a",
        "solo5-spt-x86_64/b",
        "solo5-spt-aarch64/b",
    ]


def test_only_and_when_know_what_a_cell_implies(load: Load) -> None:
    found = fields(
        load("axes: {arch: [x86_64]}\ntests: {t: {only: {backend: qemu}, when: [{match: {os: debian-*}, cpus: 2}]}}")
    )
    assert found["x86_64/t"].cpus == 2


def test_a_when_may_match_parameters(load: Load) -> None:
    found = fields(load("axes: {backend: [qemu]}\ntests: {t: {params: {n: [1, 2]}, when: [{match: {n: 2}, cpus: 2}]}}"))
    assert {id_: f.cpus for id_, f in found.items()} == {"qemu/t/1": 1, "qemu/t/2": 2}


def test_cells_of_equal_layers_share_their_fields(load: Load) -> None:
    found = fields(load(AXES + "tests: {t: {}}"))
    assert len({id(f) for f in found.values()}) == 1


@pytest.mark.parametrize("text", ["tests: {t: {}}", "tests:\n  t:\n"])
def test_what_nobody_sets_has_its_default(load: Load, text: str) -> None:
    found = fields(load("axes: {backend: [qemu]}\n" + text))["qemu/t"]
    assert (found.unikernel, found.memory, found.timeout, found.cpus) == ("{test}.{format}", 64 << 20, 30, 1)
    assert (found.expect.outcome, found.retry.attempts, found.unavailable) == (["exited(0)"], 1, "skip")
