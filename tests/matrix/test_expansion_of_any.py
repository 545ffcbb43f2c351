"""Any matrix: it is expanded as the rules read, cell by cell, and its ids are never the same."""

from __future__ import annotations

import fnmatch
import itertools
import math
import re
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, reject, strategies as st
from matrix.expanding import Axes, Rule, Rules, values

from bootmatrix.errors import UserError
from bootmatrix.matrix.expanding import cells, expansion
from bootmatrix.model import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable

Made = tuple[Axes, Rules, Rules]
WORDS = st.text("abcxyz019", min_size=1, max_size=3)
JOINED = st.text("a-.", min_size=1, max_size=3)  # of which different ones often make the same id
GLOBS = st.sampled_from(["*", "a*", "?", "[xyz]*"])
OWN = "klm"  # keys that includes add


@st.composite
def matrices(draw: st.DrawFn, words: st.SearchStrategy[str] = WORDS) -> Made:
    """Axes, excludes and includes; the includes name axes, keys of their own, and values that the axes lack."""
    texts = st.lists(words, min_size=1, max_size=3, unique=True)
    axes = draw(st.dictionaries(st.sampled_from("pqr"), texts, min_size=1))
    known = st.sampled_from([text for choices in axes.values() for text in choices])
    on_axes = st.dictionaries(
        st.sampled_from(sorted(axes)), st.lists(st.one_of(known, GLOBS, words), min_size=1, max_size=2), min_size=1
    )
    own = st.dictionaries(st.sampled_from(OWN), texts, min_size=1, max_size=2)
    entries = st.one_of(on_axes, own, st.tuples(on_axes, own).map(lambda both: {**both[0], **both[1]}))
    return axes, draw(st.lists(on_axes, max_size=4)), draw(st.lists(entries, max_size=4))


def naive(axes: Axes, exclude: Rules, include: Rules) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The product's cells and those that are added, by going over all of them again and again."""
    every = [dict(zip(axes, each, strict=True)) for each in itertools.product(*axes.values())]
    product = [each for each in every if not any(cells.matches(each, rule) for rule in exclude)]
    found = [dict(each) for each in product]
    added: list[dict[str, str]] = []
    for single in itertools.chain(*(singles(axes, entry) for entry in include)):
        own = dict(sorted(single.items(), key=lambda item: [*axes, item[0]].index(item[0])))
        fit = [
            index for index, each in enumerate(product) if all(each.get(key, text) == text for key, text in own.items())
        ]
        for index in fit:
            found[index].update(own)
        if not fit and list(own.items()) not in [list(each.items()) for each in added]:
            added.append(own)
    return found, added


def singles(axes: Axes, entry: dict[str, list[str]]) -> list[dict[str, str]]:
    def meant(key: str, text: str) -> list[str]:
        fit = [text] if text in axes.get(key, ()) else fnmatch.filter(axes.get(key, ()), text)
        return fit if key in axes and re.search(r"[*?\[]", text) else [text]

    spread = [[one for text in texts for one in meant(key, text)] for key, texts in entry.items()]
    return [dict(zip(entry, each, strict=True)) for each in itertools.product(*spread)]


AXES = st.dictionaries(st.sampled_from("pqrs"), st.lists(WORDS, min_size=1, max_size=4, unique=True), min_size=1)


@given(AXES)
def test_the_product_has_every_combination_once_and_in_order(axes: Axes) -> None:
    found = values(axes)
    assert found == [dict(zip(axes, each, strict=True)) for each in itertools.product(*axes.values())]
    assert len(found) == cells.count(axes) == math.prod(map(len, axes.values()))


def listed(every: Iterable[Cell]) -> list[tuple[str, list[tuple[str, str]]]]:
    """With the order of the keys, which `==` does not look at."""
    return [(cell.id, list(cell.values.items())) for cell in every]


@given(matrices())
def test_it_is_what_githubs_rules_describe_each_time_that_it_is_gone_over(made: Made) -> None:
    expected = [Cell(cells.cell_id(each), each) for each in itertools.chain(*naive(*made))]
    found = expanded(made)
    assert listed(found) == listed(found) == listed(expected)
    assert len(found) == len(expected)
    assert {*found.keys} == {key for cell in expected for key in cell.values}
    assert found.widest >= max((len(cell.id) for cell in expected), default=0)


def expanded(made: Made) -> expansion.Cells:
    try:
        return expansion.expand(*made)
    except UserError:
        reject()


@given(st.one_of(matrices(JOINED), matrices()))
def test_ids_that_repeat_are_refused_and_the_first_is_told(made: Made) -> None:
    first: dict[str, dict[str, str]] = {}
    expected = []
    for each in itertools.chain(*naive(*made)):
        name = cells.cell_id(each)
        one = first.setdefault(name, each)
        if one is not each:
            expected.append(f"two cells have the id '{name}': {cells.shown(one)} and {cells.shown(each)}")
    assert told(made) == expected[:1]


def told(made: Made) -> list[str]:
    try:
        expansion.expand(*made)
    except UserError as error:
        return [problem.what for problem in error.problems]
    return []


def test_equal_hashes_alone_are_no_equal_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    axes = {"a": ["p", "p-q"], "b": ["q-r", "r"]}
    monkeypatch.setattr(expansion, "hash", lambda _: 1, raising=False)
    assert len(expansion.expand(axes, [{"a": ["p"], "b": ["q-r"]}])) == 3
    with pytest.raises(UserError, match="two cells have the id 'p-q-r'"):
        expansion.expand(axes)


@given(
    matrices(),
    st.sets(st.sampled_from(f"pqr{OWN}")),
    st.dictionaries(st.sampled_from("pqrk"), st.lists(st.one_of(GLOBS, WORDS)), max_size=2),
)
def test_what_cells_have_on_some_axes_is_known_without_them(made: Made, names: set[str], match: Rule) -> None:
    product, added = naive(*made)
    on_axes = {axis: globs for axis, globs in match.items() if axis in made[0]}
    near = [*(each for each in product if cells.matches(each, on_axes)), *added]
    found = expanded(made)
    assert [cell.values for cell in found.near(match)] == near
    some = {frozenset((key, each[key]) for key in names & each.keys()) for each in near}
    assert {frozenset(each.items()) for each in found.on(names, match)} == some
    assert bool(len(found)) == bool(product + added)


def test_a_million_cells_are_counted_without_them() -> None:
    axes = {name: [f"{name}{number}" for number in range(10)] for name in "pqrstu"}
    exclude = [{"p": ["p[0-4]"], "s": ["*0", "s1"]}, {"q": ["q0"], "t": ["t*"]}, {"p": ["p[3-9]"], "u": ["*[2-4]"]}]
    started = time.process_time()
    found = expansion.expand(axes, exclude, [{"p": ["p0"], "k": ["1"]}, {"p": ["new"]}])
    counted = len(found)
    assert next(iter(found)).id == "p0-q1-r0-s2-t0-u0-1"
    assert time.process_time() - started < 1
    assert counted == sum(1 for _ in found) == 631_801
