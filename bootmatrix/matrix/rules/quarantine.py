"""Quarantine: matches that must fit a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bootmatrix.errors import suggest
from bootmatrix.matrix.expanding import cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bootmatrix.matrix.expanding.expansion import Cells
    from bootmatrix.matrix.problems import Problems


def check(sections: Mapping[str, Any], found: Cells, problems: Problems) -> None:
    known: dict[str, list[str]] = {}
    for index, entry in enumerate(sections["quarantine"]):
        if not known:
            known = _known(sections, found)
        for key, globs in entry.match.items():
            path = ("quarantine", index, "match", key)
            if key not in known:
                problems.say(f"unknown axis or parameter '{key}'", path, suggest(key, known), key=True)
                continue
            for glob in cells.unmatched(globs, known[key]):
                problems.say(f"matches no test: no test has {key} '{glob}'", path, suggest(glob, known[key]))


def _known(sections: Mapping[str, Any], found: Cells) -> dict[str, list[str]]:
    """What a match may name, with its values."""
    known = {"test": dict.fromkeys(sections["tests"])}
    known |= {axis: dict.fromkeys([text]) for axis, text in cells.IMPLICIT.items()}
    for axis in dict.fromkeys([*sections["axes"], *found.keys]):
        known[axis] = dict.fromkeys(values[axis] for values in found.on((axis,)) if axis in values)
    for test in sections["tests"].values():
        for key, texts in test.params.items():
            known.setdefault(key, {}).update(dict.fromkeys(texts))
    return {key: list(texts) for key, texts in known.items()}
