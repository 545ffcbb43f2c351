"""The product, counted and looked at in part."""

from __future__ import annotations

import itertools

from hypothesis import given, strategies as st

from bootmatrix.matrix.expanding import cells
from bootmatrix.matrix.expanding.product import Product

TEXTS = ["1", "2", "3"]
RULE = st.dictionaries(
    st.sampled_from("pqrs"), st.lists(st.sampled_from(["1", "2", "3", "*", "[12]"]), min_size=1, max_size=2)
)


@given(st.lists(RULE, max_size=6), st.dictionaries(st.sampled_from("pqrs"), st.sampled_from([*TEXTS, "4"])), RULE)
def test_it_is_counted_and_looked_at_without_its_cells(
    exclude: list[dict[str, list[str]]], wanted: dict[str, str], match: dict[str, list[str]]
) -> None:
    axes = dict.fromkeys("pqrs", TEXTS)
    every = [dict(zip(axes, each, strict=True)) for each in itertools.product(*axes.values())]
    kept = [each for each in every if not any(cells.matches(each, rule) for rule in exclude)]
    product = Product(axes, exclude)
    for _ in ("first", "from what is known"):
        assert product.count(wanted) == sum(each.items() >= wanted.items() for each in kept)
    near = [each for each in kept if cells.matches(each, match)]
    assert [cell.values for cell in product.cells(match)] == near
    some = {tuple(each[name] for name in wanted) for each in near}
    found = [tuple(each[name] for name in wanted) for each in product.on(wanted, match)]
    assert len(found) == len(set(found))
    assert set(found) == some


def test_ids_are_joined_from_one_part_of_each_axis() -> None:
    product = Product({"a": [".x", "y z"], "b": ["-1", ""]})
    assert product.parts == {"a": ["_x", "y_z"], "b": ["--1", "-_"]}
    assert [cell.id for cell in product.cells({})] == ["_x--1", "_x-_", "y_z--1", "y_z-_"]


def test_many_rules_of_many_axes_cost_little_memory_or_time() -> None:
    axes = {name: [str(number) for number in range(10)] for name in "pqrstu"}
    exclude = [{name: [str(number * (place + 3) % 10)] for place, name in enumerate(axes)} for number in range(10)]
    assert Product(axes, exclude).count({}) == 10**6 - len({tuple(map(str, rule.values())) for rule in exclude})
