"""The position of a test or a quarantine in matrix.yaml, as results have it: `ci/matrix.yaml:12:3`."""

from __future__ import annotations

import re

MARK = re.compile(r"(?P<file>.+):(?P<line>\d{1,9}):(?P<col>\d{1,9})")  # an errors.Mark


def of(where: str) -> dict[str, str]:
    """`file`, `line` and `col`; empty if it is none."""
    found = MARK.fullmatch(where)
    return found.groupdict() if found else {}
