"""docs/pairs.md names every key of `pair` with its default, and every verdict."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bootmatrix.matrix.keys.pair import FEWEST, MOST, Pair
from bootmatrix.model import PairVerdict

PAGE = (Path(__file__).resolve().parents[2] / "docs/pairs.md").read_text()
ROWS = {row[0]: row[1:] for row in re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|", PAGE, re.MULTILINE)}
DEFAULTS = {"base": "the first", "until": "2%"}


@pytest.mark.parametrize("name", Pair.model_fields)
def test_each_key_is_documented_with_its_default(name: str) -> None:
    field = Pair.model_fields[name]
    default = field.get_default()
    words = ", ".join(f"`{each}`" for each in default) if isinstance(default, list) else str(default)
    assert ROWS[name][1] == ("required" if field.is_required() else DEFAULTS.get(name, words))


def test_no_other_key_and_every_verdict_is_documented() -> None:
    assert set(ROWS) == set(Pair.model_fields)
    assert ROWS["most"][0] == f"{FEWEST} to {MOST}"
    assert all(f"`{verdict}`" in PAGE for verdict in PairVerdict)
