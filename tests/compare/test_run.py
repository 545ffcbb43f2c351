"""`run --compare`, as users call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import bootmatrix, runs, script, scripted, write_matrix

from bootmatrix.runs import journal

if TYPE_CHECKING:
    from pathlib import Path

AXES = {"backend": ["command"], "version": ["one", "two"]}
GOOD = script("echo fine", expect={"console": ["fine"]})


def order(folder: Path) -> list[str]:
    """Which boots began, in this order."""
    events = [entry.event for entry in journal.read(runs(folder / "out")[-1])]
    return [event["boot"] for event in events if event["event"] == "boot started"]


def test_partners_boot_in_turn_and_are_then_compared_for_good(tmp_path: Path) -> None:
    """The second version prints other numbers than the first: 5% more."""
    count = 'echo fine; [ "$1" = two ] && echo n=105 || echo n=100'
    fields = {"params": {"n": [*range(12)]}, "args": ["{version}"], "metrics": {"n": "n=([0-9]+)"}}
    write_matrix(tmp_path, scripted(AXES, t=script(count, expect={"console": ["fine"]}, **fields)))
    done = bootmatrix("run", "--engine", "host", "-j", "1", "--compare", "version", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = order(tmp_path)
    tests = [boot.partition("/")[2] for boot in found]
    assert tests[::2] == tests[1::2] == [f"t@n={number}" for number in range(12)]
    assert sum("one" in boot for boot in found[::2]) == 6
    told = bootmatrix("compare", "--axis", "version", "one", "two", cwd=tmp_path).stdout
    (line,) = [line for line in told.splitlines() if line.startswith("n ")]
    assert line.split()[-2:] == ["+5.0%", "more"]


def test_a_build_that_fails_takes_only_its_own_boots_with_it(tmp_path: Path) -> None:
    builds = {"b": {"run": '[ "$VERSION" = one ] && echo > "$OUT/k"'}}
    write_matrix(tmp_path, {**scripted(AXES, t={**GOOD, "unikernel": "k", "build": "b"}), "builds": builds})
    done = bootmatrix("run", "--engine", "host", "--compare", "version", cwd=tmp_path)
    assert "1 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert [boot for boot in order(tmp_path) if "one" in boot] == order(tmp_path)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--compare", "vresion"), "--compare: there is no axis or parameter 'vresion'\n    did you mean 'version'?"),
        (("--compare", "backend"), "--compare: backend has only one value, command"),
        (("--compare", "version", "--shard", "1/2"), "it cannot be combined with --shard or --reuse"),
        (("--compare", "version", "--reuse"), "it cannot be combined with --shard or --reuse"),
        (("--compare", "version", "--resume"), "no selection, --shard, --compare, --pair, --box or --failed"),
    ],
)
def test_what_cannot_be_compared_is_said(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    write_matrix(tmp_path, scripted(AXES, t=GOOD))
    done = bootmatrix("run", "--engine", "host", *args, cwd=tmp_path)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
