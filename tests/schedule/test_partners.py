"""Partners in turn."""

from __future__ import annotations

from collections import Counter

from bootmatrix.schedule import partners


def orders(keys: str, seed: str = "s") -> list[int]:
    """The positions in the order of their turns."""
    places = partners.in_turn(keys, seed)
    return sorted(range(len(keys)), key=lambda number: places[number].order)


def test_partners_are_neighbours_and_every_other_two_the_other_way_round() -> None:
    found = orders("abcdefgh" * 2)
    couples = [(found[at], found[at + 1]) for at in range(0, 16, 2)]
    assert [tuple(sorted(couple)) for couple in couples] == [(number, number + 8) for number in range(8)]
    first = [couple[0] < 8 for couple in couples]
    assert all(first[at] != first[at + 1] for at in range(0, 8, 2))


def test_each_value_is_first_as_often_over_many_runs_and_a_run_that_goes_on_keeps_its_order() -> None:
    firsts = Counter(orders("aa", str(seed))[0] for seed in range(400))
    assert 160 < firsts[0] < 240
    assert orders("abab", "r1") == orders("abab", "r1")


def test_three_values_go_to_and_fro_and_one_alone_is_where_it_was() -> None:
    found = orders("abcabab")
    there, back = sorted((found[:3], found[3:6]))
    assert [there, back] in ([[0, 3, 5], [6, 4, 1]], [[1, 4, 6], [5, 3, 0]])
    assert found[6] == 2
