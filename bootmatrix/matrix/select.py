"""The selection of the command line: `backend=solo5-*`, `test=hello`, an id or a glob of ids, `!` before any."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError, suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


@dataclass(frozen=True)
class Selection:
    """Terms on one key are alternatives, terms on different keys must all hold, `!` takes away."""

    keys: Mapping[str, tuple[str, ...]]
    ids: tuple[str, ...]
    without_keys: tuple[tuple[str, tuple[str, ...]], ...]
    without_ids: tuple[str, ...]

    @property
    def everything(self) -> bool:
        return not (self.keys or self.ids or self.without_keys or self.without_ids)

    def takes(self, cell: str, test: str, values: Mapping[str, str]) -> bool:
        """`values` are the cell's, the test's parameters, and `test`."""
        if not all(_any(values.get(key), globs) for key, globs in self.keys.items()):
            return False
        if self.ids and not any(names(glob, cell, test) for glob in self.ids):
            return False
        if any(_any(values.get(key), globs) for key, globs in self.without_keys):
            return False
        return not any(names(glob, cell, test) for glob in self.without_ids)


def parse(terms: Sequence[str], keys: Collection[str]) -> Selection:
    """`keys` are the axes, the tests' parameters and `test`; raises UserError for any other."""
    wanted: dict[str, tuple[str, ...]] = {}
    ids: list[str] = []
    without: list[tuple[str, tuple[str, ...]]] = []
    without_ids: list[str] = []
    for term in terms:
        negative, body = term.startswith("!"), term.removeprefix("!")
        key, equals, texts = body.partition("=")
        if not equals or "/" in key or "@" in key:
            (without_ids if negative else ids).append(body)
            continue
        if key not in keys:
            raise UserError(
                Problem(f"select '{term}': there is no axis or parameter '{key}'", remedy=suggest(key, keys))
            )
        globs = tuple(text for text in texts.split(",") if text)
        if not globs:
            raise UserError(Problem(f"select '{term}': no value after '='", remedy=f"write {key}=VALUE or {key}=GLOB"))
        if negative:
            without.append((key, globs))
        else:
            wanted[key] = wanted.get(key, ()) + globs
    return Selection(wanted, tuple(ids), tuple(without), tuple(without_ids))


def _any(text: str | None, globs: Sequence[str]) -> bool:
    return text is not None and any(text == glob or fnmatch.fnmatchcase(text, glob) for glob in globs)


def names(glob: str, cell: str, test: str) -> bool:
    """Whether a term names a test of a cell: an id of a cell takes all its tests; one with a slash takes tests."""
    if "/" in glob:
        full = f"{cell}/{test}"
        return full == glob or fnmatch.fnmatchcase(full, glob)
    return cell == glob or fnmatch.fnmatchcase(cell, glob)
