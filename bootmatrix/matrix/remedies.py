"""What to do about what the schema of matrix.yaml does not take."""

from __future__ import annotations

import re
from typing import Any

from bootmatrix.errors import UserError, printable, suggest
from bootmatrix.matrix import document

RANGE = re.compile(r"-?\d+ *(\.\.+|-|:) *-?\d+")
SHOWN = 64  # characters of a text that is to become a list


def of(detail: Any) -> str:
    """For one of pydantic's errors; empty where its message says all."""
    given = detail["input"]
    match detail["type"]:
        case "literal_error":
            # also of an enumeration: <Kind.HUNG: 'hung'>
            return suggest(str(given), re.findall("'([^']+)'", detail["ctx"]["expected"]))
        case "list_type" if isinstance(given, str):
            return _in_a_list(given)
        case "string_type" if given is None:
            return "write '' for an empty text; quote 'null' and '~' if you mean these words"
    return ""


def _in_a_list(text: str) -> str:
    """A list that means what was written: as it stands, or in quotes where YAML would read something else."""
    if RANGE.fullmatch(text.strip()):
        return "there are no ranges: write each value, as in [1, 2, 3]"
    import json  # noqa: PLC0415  # only where a file is wrong

    shown = printable(text, SHOWN)
    return f"write [{shown if _is_plain(shown) else json.dumps(shown, ensure_ascii=False)}]"


def _is_plain(text: str) -> bool:
    """Whether YAML takes it for texts where it stands in a list, with commas between several."""
    try:
        found = document.parse(f"[{text}]", "").data
    except UserError:
        return False
    return isinstance(found, list) and bool(found) and all(isinstance(each, str) and each for each in found)
