"""A report of any length: each cell's results in one suite, and never many of them in memory."""

from __future__ import annotations

import random
import weakref
from array import array
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from bootmatrix import plugins, results
from bootmatrix.errors import UserError
from bootmatrix.model import Attempt, Case, Outcome, Result, Run, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
JUNIT = plugins.load("reports", "junit", ROOT / "docs")
STARTED = "2026-11-23T23:06:15.123Z"
ATTEMPT = Attempt(
    1, Verdict.FAILED, "exited(1) instead of exited(0)", Outcome("exited", "1", "status 1"), STARTED, 0.25
)
VERDICTS = ("passed", "failed", "skipped", "error")


def some(cell: str, count: int) -> list[Result]:
    image, axes = f"image of {cell}", {"os": cell}
    return [
        Result(
            cell,
            f"test-{number}",
            Verdict(VERDICTS[number % 4]),
            "why <&>",
            seconds=0.25 * number,
            started=STARTED,
            attempts=(ATTEMPT,),
            axes=axes,
            image=image,
        )
        for number in range(count)
    ]


def stored(file: Path, made: Sequence[Result]) -> results.Stored:
    texts = [results.encode(result).encode() + b"\n" for result in made]
    file.write_bytes(b"".join(texts))
    ends = [0]
    for text in texts:
        ends.append(ends[-1] + len(text))
    return results.Stored(file, array("q", ends[:-1]), array("q", (len(text) - 1 for text in texts)))


def written(folder: Path, made: Sequence[Result]) -> ET.Element:
    run = Run("run-1", STARTED, 2.5, "0.1", "bootmatrix run", {"name": "host"}, made)
    JUNIT.Report().write(run, folder, folder / "junit.xml")
    return ET.parse(folder / "junit.xml").getroot()  # noqa: S314  # our own file


def names(suite: ET.Element) -> list[str | None]:
    return [case.get("name") for case in suite.findall("testcase")]


def test_a_cell_that_comes_again_is_in_its_suite_still(tmp_path: Path) -> None:
    one, two = some("one", 6), some("two", 3)
    apart = written(tmp_path, [*one[:2], *two[:1], *one[2:3], *two[1:], *one[3:]])
    told = (tmp_path / "junit.xml").read_bytes()
    assert [suite.get("name") for suite in apart] == ["one", "two"]
    assert [names(suite) for suite in apart] == [[made.test for made in part] for part in (one, two)]
    written(tmp_path, [*one, *two])
    assert (tmp_path / "junit.xml").read_bytes() == told


def test_a_cell_that_comes_again_has_the_names_that_its_tests_have(tmp_path: Path) -> None:
    told = replace(some("one", 1)[0], test="a", attempts=(replace(ATTEMPT, cases=(Case("x", "passed"),)),))
    (suite, _) = written(tmp_path, [told, *some("two", 1), replace(told, test="a/x")])
    assert names(suite) == ["a", "a/x #2", "a/x", "a/x/x"]


def test_the_totals_are_those_of_all_parts(tmp_path: Path) -> None:
    made = [result for cell in ("one", "two", "three") for result in some(cell, 2 * JUNIT.AT_ONCE + 5)]
    random.Random(1).shuffle(made)  # noqa: S311  # no secret
    root = written(tmp_path, made)
    assert len(root) == 3
    for scope in (root, *root):
        assert int(scope.get("tests", "")) == len(scope.findall(".//testcase"))
        assert int(scope.get("failures", "")) == len(scope.findall(".//failure"))
        assert int(scope.get("errors", "")) == len(scope.findall(".//error"))
    for suite in root:
        assert int(suite.get("skipped", "")) == len(suite.findall(".//skipped"))
        cases = suite.findall("testcase")
        assert float(suite.get("time", "")) == sum(float(case.get("time", "")) for case in cases)
        assert [item.get("value") for item in suite.iter("property")][1:] == [
            f"image of {suite.get('name')}",
            suite.get("name"),
        ]


@pytest.mark.parametrize("cells", [1, 40])
def test_results_on_disk_are_told_as_those_in_memory_and_read_one_by_one(
    cells: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [result for cell in range(cells) for result in some(f"cell-{cell}", 1000 // cells)]
    written(tmp_path, made)
    told = (tmp_path / "junit.xml").read_bytes()
    decode, alive, seen = results.decode, set[int](), set[int]()

    def counted(line: bytes) -> Result:
        result = decode(line)
        alive.add(id(result))
        weakref.finalize(result, alive.discard, id(result))
        seen.add(len(alive))
        return result

    monkeypatch.setattr(results, "decode", counted)
    written(tmp_path, stored(tmp_path / "events.jsonl", made))
    assert (tmp_path / "junit.xml").read_bytes() == told
    assert 1 <= max(seen) <= 3


def test_a_report_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    written(tmp_path, some("one", 1))
    before = (tmp_path / "junit.xml").read_bytes()
    lost = stored(tmp_path / "events.jsonl", some("one", 2))
    lost.file.write_bytes(b"")
    with pytest.raises(UserError):
        written(tmp_path, lost)
    assert (tmp_path / "junit.xml").read_bytes() == before
