"""Limits in matrix.yaml: what they may bound, in which units, and on which side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bootmatrix.matrix import load
from bootmatrix.matrix.keys import limits
from bootmatrix.matrix.keys.limits import Bound, Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Errors = Callable[[str | bytes], list[str]]

AXES = "axes: {backend: [qemu], a: [x, y]}\n"
HEAP = "{heap: {regex: '(x)', better: higher}}"
LIMITS = "{boot_time: 50 ms, memory_peak: 20 MiB, unikernel_size: 1 MiB, instructions: +1%, heap: -10 %}"
WORDS = Kind("words", higher=True)


@pytest.mark.parametrize(
    ("text", "kind", "bound"),
    [
        ("50 ms", Kind("s"), Bound("50 ms", at=0.05)),
        ("20 MiB", Kind("B"), Bound("20 MiB", at=20 * 2**20)),
        ("1500", Kind("instructions"), Bound("1500", at=1500)),
        ("1500 instructions", Kind("instructions"), Bound("1500 instructions", at=1500)),
        ("0.5", Kind(""), Bound("0.5", at=0.5)),
        ("-3", WORDS, Bound("-3", at=-3)),
        ("+1%", Kind("s"), Bound("+1%", share=0.01)),
        ("+ 0.1 %", Kind("instructions"), Bound("+0.1%", share=0.001)),
        ("-5 %", WORDS, Bound("-5%", share=0.05)),
        ("+0%", Kind("B"), Bound("+0%", share=0.0)),
    ],
)
def test_a_limit_is_a_quantity_or_a_share(text: str, kind: Kind, bound: Bound) -> None:
    assert limits.bound(text, kind) == bound


@pytest.mark.parametrize(
    "text",
    [
        f"tests: {{t: {{metrics: {HEAP}, limits: {LIMITS}}}}}",
        f"defaults: {{limits: {LIMITS}}}\ntests: {{t: {{}}, u: {{metrics: {HEAP}}}}}",
        "tests: {t: {guests: {server: {}, client: {}}, limits: {server.ready_time: 1 s}}}",
        "defaults: {limits: {boot_time: 1 s}}\ntests: {t: {limits: {boot_time: none}}}",
        "tests: {t: {limits: {boot_time: +1%}, when: [{match: {a: x}, limits: {memory_peak: 1 MiB}}]}}",
    ],
)
def test_all_that_may_be_written_is_taken(text: str, tmp_path: Path) -> None:
    (tmp_path / "matrix.yaml").write_text(f"{AXES}{text}\n")
    assert load.load(tmp_path / "matrix.yaml").tests


LACKS = "is not a size with its unit, such as 64 MiB or 1 GiB\n    a share of earlier runs has a sign, as +10%"


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("{limits: {bot_time: 1 s}}", "matrix.yaml:2:22: no boot measures 'bot_time'\n    did you mean 'boot_time'?"),
        ("{limits: {heap: 1}}", "matrix.yaml:2:22: no boot measures 'heap'"),
        ("{limits: {boot_time: fast}}", "matrix.yaml:2:33: boot_time: 'fast' is not a limit; write a quantity"),
        ("{limits: {boot_time: 50 MiB}}", "matrix.yaml:2:33: the limit of boot_time: '50 MiB' is not"),
        ("{limits: {memory_peak: 20 ms}}", "matrix.yaml:2:35: the limit of memory_peak: '20 ms' is not"),
        (
            "{limits: {memory_peak: 80 %}}",
            f"matrix.yaml:2:35: the limit of memory_peak: '80 %' {LACKS}",
        ),
        (
            "{limits: {boot_time: -1%}}",
            "matrix.yaml:2:33: the limit of boot_time: '-1%' is on the wrong side, for less of it is better; write ",
        ),
        (
            "{metrics: {rate: {regex: '(x)', unit: MB/s, better: higher}}, limits: {rate: 5 kB}}",
            "matrix.yaml:2:89: the limit of rate: '5 kB' is not a number of MB/s, such as 100 MB/s",
        ),
        (
            "{limits: {server.unikernel_size: 1 B}, guests: {server: {}, client: {}}}",
            "matrix.yaml:2:22: no boot measures 'server.unikernel_size'",
        ),
        ("{when: [{match: {a: x}, limits: {heap: 1}}]}", "matrix.yaml:2:45: no boot measures 'heap'"),
    ],
)
def test_an_error_says_where_what_and_what_to_do(errors: Errors, test: str, expected: str) -> None:
    (told,) = errors(f"{AXES}tests: {{t: {test}}}\n")
    assert told.startswith(expected), told
