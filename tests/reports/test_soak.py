"""What the page draws of a soak, from files that anybody may have written."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

from bootmatrix import plugins
from bootmatrix.model import Attempt, Growth, Outcome, OutcomeKind, Side, Verdict

if TYPE_CHECKING:
    from pathlib import Path

USAGE = "seconds,cpu_seconds,memory_bytes,memory_kind,guest_bytes\n"
SERIES = "seconds,name,value\n"


def growth(name: str, of: str = "") -> Growth:
    return Growth(name, "", 1.0, 0.0, 2.0, 3.0, Side.WITHIN, seconds=10.0, of=of)


def attempt(*grown: Growth) -> Attempt:
    files = ("1.usage.csv", "1.series.csv")
    return Attempt(1, Verdict.PASSED, "", Outcome(OutcomeKind.STOPPED), "", 1.0, files=files, growth=grown)


def curves(folder: Path, given: Attempt, usage: str = "", series: str = "") -> list[dict[str, Any]]:
    (folder / "1.usage.csv").write_text(USAGE + usage)
    (folder / "1.series.csv").write_text(SERIES + series)
    plugins.load("reports", "html", folder)
    found: list[dict[str, Any]] = importlib.import_module("bootmatrix.reports._page.soak").curves(
        folder.resolve(), given
    )
    return found


def test_each_growth_has_what_it_is_of(tmp_path: Path) -> None:
    usage = "1.000,0,100,pss,\n2.000,0,110,pss,40\n3.000,0,120,rss,50\n"
    series = '1.000,live,7\n1.500,"a,b",-1.5\n2.000,live,8e3\n'
    given = attempt(growth("memory", "guest"), growth("memory", "pss"), growth("live"), growth("a,b"), growth("gone"))
    assert curves(tmp_path, given, usage, series) == [
        {"at": [2.0, 3.0], "values": [40, 50]},
        {"at": [1.0, 2.0], "values": [100, 110]},
        {"at": [1.0, 2.0], "values": [7.0, 8000.0]},
        {"at": [1.5], "values": [-1.5]},
        {"at": [], "values": []},
    ]


def test_many_samples_are_few_points_and_no_tooth_is_lost(tmp_path: Path) -> None:
    lines = "".join(f"{at}.0,live,{9 if at == 500 else 1 if at == 501 else 5}\n" for at in range(1024))
    (found,) = curves(tmp_path, attempt(growth("live")), series=lines)
    assert len(found["at"]) == len(found["values"]) <= 300
    assert {1.0, 5.0, 9.0} == set(found["values"])
    assert found["at"] == sorted(found["at"])


@pytest.mark.parametrize("line", ["1,live", "1,live,2,3", "nan,live,1", "1,live,inf", "1,live,<b>", "x,live,1", '"'])
def test_a_series_that_is_not_ours_is_not_drawn(tmp_path: Path, line: str) -> None:
    assert curves(tmp_path, attempt(growth("live")), series=f"{line}\n") == [{"at": [], "values": []}]


def test_a_file_that_is_no_text_is_not_drawn(tmp_path: Path) -> None:
    assert curves(tmp_path, attempt(growth("memory", "guest")), usage="1,1,1,pss,1\n2,\0,1,pss,1\n")[0]["at"] == []
