"""Selects tests in the history: those of the matrix of today, and those that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError, suggest
from bootmatrix.matrix.expanding import select

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bootmatrix.history.database import History


def tests(past: History, terms: Sequence[str]) -> list[str]:
    """Their ids; UserError if there is none."""
    known = {name: {**axes, "test": _short(name)} for name, axes in past.tests()}
    if not known:
        raise UserError(Problem("the history is empty", remedy="`bootmatrix run` records what it finds"))
    if len(terms) == 1 and terms[0] in known:
        return [terms[0]]
    values = _values(known)
    terms = select.named(terms, values, lambda: {_parts(name)[0] for name in known})
    wanted = select.parse(terms, values)
    found = [name for name, values in known.items() if wanted.takes(*_parts(name), values)]
    if not found:
        what = f"no test that was ever run is '{' '.join(terms)}'"
        raise UserError(Problem(what, remedy=suggest(terms[0], _near(terms[0], known))))
    return found


def _values(known: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for values in known.values():
        for key, text in values.items():
            found.setdefault(key, {})[text] = None
    return {key: list(texts) for key, texts in found.items()}


def _near(term: str, known: Mapping[str, object]) -> list[str]:
    """Those with the same cell or the same test, if there are any: among all, the nearest would not be looked for."""
    cell, test = _parts(term)
    close = [name for name in known if (test and name.endswith(f"/{test}")) or name.startswith(f"{cell}/")]
    return close or list(known)


def _parts(name: str) -> tuple[str, str]:
    cell, _, test = name.partition("/")
    return cell, test


def _short(name: str) -> str:
    """The test's name in the matrix, without its parameters."""
    return _parts(name)[1].partition("@")[0]
