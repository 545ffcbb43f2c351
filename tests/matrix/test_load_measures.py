"""Every error in a metric or a quarantine: where it is, what it is and what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from matrix.messages import begin_with

if TYPE_CHECKING:
    from collections.abc import Callable

    Errors = Callable[[str | bytes], list[str]]

AXES = "axes: {backend: [qemu], a: [x, y]}\n"
TESTS = "tests: {t: {}}\n"
METRIC = ["matrix.yaml:2:29: regex: must have exactly one capture group, for the number"]
IN_METRICS = [
    (r"{heap: 'heap=\d+'}", METRIC),
    (r"{heap: '(a)(b)'}", METRIC),
    (
        r"{heap: {regex: '(\d+)', better: less}}",
        ["matrix.yaml:2:54: better: 'less' is not allowed here\n    possible: higher, lower"],
    ),
    ("{heap: {unit: s}}", ["matrix.yaml:2:23: 'regex' is missing\n    add `regex:`"]),
    ("{heap: {regex: '(x)', units: s}}", ["matrix.yaml:2:44: unknown key 'units'\n    did you mean 'unit'?"]),
]
KNOWN = "owner: me too, reason: because, until: 2026-12-31"
IN_QUARANTINE = [
    (
        f"{{match: {{test: t, a: z}}, {KNOWN}}}",
        ["matrix.yaml:3:35: matches no test: no test has a 'z'\n    possible: x, y"],
    ),
    (
        f"{{match: {{tests: t}}, {KNOWN}}}",
        ["matrix.yaml:3:23: unknown axis or parameter 'tests'\n    did you mean 'tes"],
    ),
    ("{match: {test: t}, owner: me too, reason: why}", ["matrix.yaml:3:14: 'until' is missing\n    add `until:`"]),
    (
        f"{{match: {{test: t}}, {KNOWN.replace('12-31', '13-31')}}}",
        ["matrix.yaml:3:72: until: '2026-13-31' is not a date; write it as 2027-01-31"],
    ),
    (
        f"{{match: {{test: t}}, {KNOWN.replace('because', 'no')}}}",
        ["matrix.yaml:3:56: reason: needs a reason of a few words"],
    ),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((f"{AXES}tests: {{t: {{metrics: {given}}}}}\n", expected) for given, expected in IN_METRICS),
        *((f"{AXES}{TESTS}quarantine: [{given}]\n", expected) for given, expected in IN_QUARANTINE),
    ],
)
def test_an_error_says_where_what_and_what_to_do(errors: Errors, text: str, expected: list[str]) -> None:
    begin_with(errors(text), expected)
