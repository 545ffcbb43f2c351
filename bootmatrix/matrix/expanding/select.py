"""The selection of the command line: `backend=solo5-*`, `hello`, an id or a glob of ids, `!` before any."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.matrix.expanding import cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Selection:
    """Terms on one key are alternatives, terms on different keys must all hold, `!` takes away.

    Keys have all their values that are meant; ids may be globs.
    """

    keys: Mapping[str, frozenset[str]]
    ids: tuple[str, ...]
    without_keys: Sequence[tuple[str, frozenset[str]]]
    without_ids: tuple[str, ...]

    @property
    def everything(self) -> bool:
        return not (self.keys or self.ids or self.without_keys or self.without_ids)

    def takes(self, cell: str, test: str, values: Mapping[str, str]) -> bool:
        """`values` are the cell's, the test's parameters, and `test`."""
        if not all(values.get(key) in texts for key, texts in self.keys.items()):
            return False
        if self.ids and not any(names(glob, cell, test) for glob in self.ids):
            return False
        if any(values.get(key) in texts for key, texts in self.without_keys):
            return False
        return not any(names(glob, cell, test) for glob in self.without_ids)


def named(
    terms: Sequence[str], known: Mapping[str, Sequence[str]], ids: Callable[[], Iterable[str]]
) -> tuple[str, ...]:
    """The terms, with `test=` before a test's bare name. `known` is as for `parse`, `ids` gives those of the cells.

    A cell of that name comes first; raises UserError if it is a value of an axis or a parameter, too.
    """
    tests = frozenset(known.get("test", ()))
    return tuple(_named(term, known, ids) if term.removeprefix("!") in tests else term for term in terms)


def _named(term: str, known: Mapping[str, Sequence[str]], ids: Callable[[], Iterable[str]]) -> str:
    name = term.removeprefix("!")
    if name in ids():
        return term
    if keys := [key for key, texts in known.items() if key != "test" and name in texts]:
        what = f"select '{term}' is ambiguous: a test has that name, and so has a value of {', '.join(keys)}"
        raise UserError(Problem(what, remedy=f"write {' or '.join(f'{key}={name}' for key in ('test', *keys))}"))
    return f"{'!' if term.startswith('!') else ''}test={name}"


def parse(terms: Sequence[str], known: Mapping[str, Sequence[str]]) -> Selection:
    """`known` are the axes, the tests' parameters and `test`, with their values; raises UserError for any other."""
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
        if key not in known:
            raise UserError(
                Problem(f"select '{term}': there is no axis or parameter '{key}'", remedy=suggest(key, known))
            )
        globs = tuple(text for text in texts.split(",") if text)
        if not globs:
            raise UserError(Problem(f"select '{term}': no value after '='", remedy=f"write {key}=VALUE or {key}=GLOB"))
        if negative:
            without.append((key, globs))
        else:
            wanted[key] = wanted.get(key, ()) + globs
    keys, without_keys = (list(_meant(globs, known)) for globs in (wanted.items(), without))
    return Selection(dict(keys), tuple(ids), without_keys, tuple(without_ids))


def _meant(
    wanted: Iterable[tuple[str, Sequence[str]]], known: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, frozenset[str]]]:
    for key, globs in wanted:
        for glob in cells.unmatched(globs, known[key]):
            raise UserError(Problem(f"select: {key} is never '{glob}'", remedy=suggest(glob, known[key])))
        yield key, frozenset(cells.fitting(globs, known[key]))


def names(glob: str, cell: str, test: str) -> bool:
    """Whether a term names a test of a cell: an id of a cell takes all its tests; one with a slash takes tests."""
    if "/" in glob:
        full = f"{cell}/{test}"
        return full == glob or fnmatch.fnmatchcase(full, glob)
    return cell == glob or fnmatch.fnmatchcase(cell, glob)
