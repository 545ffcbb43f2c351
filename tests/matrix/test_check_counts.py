"""What is counted: only where a backend can, only what the counter sees, and under no other number's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import write_matrix

from bootmatrix.errors import UserError
from bootmatrix.matrix import load
from bootmatrix.planning import plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Errors = Callable[[str | bytes], list[str]]

AXES = "axes: {{backend: [{}]}}\n"
NONE = "'{}' is for backends that can count instructions, and it reaches none\n    possible: qemu, solo5-virtio"
ALONE = "'{}' is for tests of one guest, since a boot that is counted has no others to speak with"
WRONG = [
    ("solo5-spt", "count: instructions", NONE.format("count")),
    ("solo5-spt", "coverage: true", NONE.format("coverage")),
    ("qemu, solo5-spt", "when: [{match: {backend: solo5-spt}, count: instructions}]", NONE.format("count")),
    ("qemu", "count: cycles", "count: 'cycles' is not allowed here"),
    ("qemu", "count: instructions, guests: {a: {}, b: {}}", ALONE.format("count")),
    ("qemu", "coverage: true, guests: {a: {}, b: {}}", ALONE.format("coverage")),
    ("qemu", "count: instructions, metrics: {instructions: '(x)'}", "metric 'instructions' has the name of what is"),
]
UNSEEN = [
    ({"ready": {"regex": "a+"}}, "the `ready` of 't' is not a text"),
    ({"ready": {"tcp": 80}, "nets": {"service": "lan"}}, "the `ready` of 't' is not a text"),
    ({"ready": "é" * 2049}, "the `ready` of 't' is longer than 4,096 bytes"),
    ({"checks": [{"console": {"expect": "x"}}]}, "'t' has checks and no `ready`"),
]


@pytest.mark.parametrize(("backends", "keys", "expected"), WRONG)
def test_what_cannot_be_counted_is_told_with_its_place(errors: Errors, backends: str, keys: str, expected: str) -> None:
    (told,) = errors(f"{AXES.format(backends)}tests: {{t: {{{keys}}}}}\n")
    assert told.startswith("matrix.yaml:2:")
    assert expected in told


@pytest.mark.parametrize("keys", ["count: instructions", "count: [instructions], coverage: true", "count: []"])
def test_it_is_enough_that_one_backend_can(tmp_path: Path, keys: str) -> None:
    (tmp_path / "matrix.yaml").write_text(f"{AXES.format('qemu, solo5-spt')}defaults: {{{keys}}}\ntests: {{t: {{}}}}\n")
    assert load.load(tmp_path / "matrix.yaml")


@pytest.mark.parametrize(("keys", "expected"), UNSEEN)
def test_the_counter_must_see_how_far_it_is_to_count(tmp_path: Path, keys: dict[str, object], expected: str) -> None:
    test = {"count": "instructions", "expect": {"outcome": "stopped"}, **keys}
    matrix = {"axes": {"backend": ["qemu"]}, "nets": {"lan": {}}, "tests": {"t": test}}
    with pytest.raises(UserError, match=expected.replace("`", ".")):
        plan.make(load.load(write_matrix(tmp_path, matrix)), (), "host")


def test_on_other_backends_nothing_is_asked_of_ready(tmp_path: Path) -> None:
    defaults = {"count": "instructions", "when": [{"match": {"backend": "solo5-spt"}, "ready": {"regex": "a+"}}]}
    matrix = {"axes": {"backend": ["qemu", "solo5-spt"]}, "defaults": defaults, "tests": {"t": {"ready": "x"}}}
    matrix["tests"] = {"t": {}}
    assert len(plan.make(load.load(write_matrix(tmp_path, matrix)), (), "host").boots) == 2
