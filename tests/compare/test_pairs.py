"""Which tests are held against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from histories import point

from bootmatrix.compare import pairs
from bootmatrix.errors import UserError

if TYPE_CHECKING:
    from bootmatrix.history.point import Point


def at(ocaml: str, test: str = "hello", arch: str = "x86_64", **more: Any) -> Point:
    return point("r1", "P", test, cell=f"gcc-{ocaml}-{arch}", values=of(ocaml, arch, **more.pop("params", {})), **more)


def of(ocaml: str, arch: str, **params: str) -> dict[str, str]:
    return {"compiler": "gcc", "ocaml": ocaml, "arch": arch, **params}


def names(found: pairs.Pairs) -> tuple[list[str], list[str], list[str]]:
    return [pair.name for pair in found.both], list(found.only_before), list(found.only_after)


def test_two_runs_have_tests_in_common_and_tests_of_their_own() -> None:
    found = pairs.of_runs([at("5.3"), at("5.3", "gone")], [at("5.3", "fresh"), at("5.3")])
    assert names(found) == (["gcc-5.3-x86_64/hello"], ["gcc-5.3-x86_64/gone"], ["gcc-5.3-x86_64/fresh"])


def test_an_axis_pairs_what_differs_in_nothing_else() -> None:
    every = [at("4.14"), at("5.3"), at("5.4"), at("5.3", arch="aarch64"), at("4.14", "old"), at("5.3", "new")]
    assert names(pairs.of_axis(every, "ocaml", "4.14", "5.3")) == (
        ["gcc-*-x86_64/hello"],
        ["gcc-4.14-x86_64/old"],
        ["gcc-5.3-aarch64/hello", "gcc-5.3-x86_64/new"],
    )
    assert names(pairs.of_axis(every, "arch", "aarch64", "x86_64"))[0] == ["gcc-5.3-*/hello"]


def test_a_parameter_is_as_good_as_an_axis() -> None:
    every = [
        at("5.3", f"stack@depth={depth},smp={smp}", params={"depth": depth, "smp": smp})
        for depth in ("10", "1000")
        for smp in ("1", "2")
    ]
    both, old, new = names(pairs.of_axis(every, "depth", "10", "1000"))
    assert both == [f"gcc-5.3-x86_64/stack@depth=*,smp={smp}" for smp in "12"]
    assert old == new == []


def test_a_value_that_is_in_the_id_twice_is_starred_once() -> None:
    every = [point("r", "P", cell=f"a-{text}-a", values={"x": "a", "y": text, "z": "a"}) for text in "ab"]
    assert names(pairs.of_axis(every, "y", "a", "b"))[0] == ["a-*-a/hello"]
    odd = [point("r", "P", cell=f"_{text}", values={"x": f"-{text}"}) for text in "ab"]
    assert names(pairs.of_axis(odd, "x", "-a", "-b"))[0] == ["_a/hello"]


def test_a_selection_takes_some() -> None:
    every = [at(ocaml, test, arch) for ocaml in ("4", "5") for test in ("a", "b@n=1") for arch in ("x86_64", "aarch64")]
    assert names(pairs.of_axis(every, "ocaml", "4", "5", ["test=b", "!arch=aarch64"]))[0] == ["gcc-*-x86_64/b@n=1"]
    assert names(pairs.of_runs(every, every, ["gcc-4-x86_64/a"]))[0] == ["gcc-4-x86_64/a"]
    with pytest.raises(UserError, match="there is no axis or parameter 'ocmal'"):
        pairs.of_runs(every, every, ["ocmal=4"])


@pytest.mark.parametrize(
    ("axis", "before", "after", "said"),
    [
        ("ocmal", "4", "5", "there is no axis or parameter 'ocmal'\n    did you mean 'ocaml'"),
        ("ocaml", "4", "6", "ocaml is never '6'\n    possible: 4, 5"),
        ("ocaml", "5", "5", "both sides are 5; choose two values\n    possible: 4, 5"),
    ],
)
def test_what_there_is_not_is_said(axis: str, before: str, after: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        pairs.of_axis([at("4"), at("5")], axis, before, after)
    assert said in str(error.value)


def test_no_result_is_said() -> None:
    with pytest.raises(UserError, match="there is no result"):
        pairs.of_axis([], "ocaml", "4", "5")
