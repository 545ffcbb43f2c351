"""Curves of what boots used: drawn from files that anybody may have written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from bootmatrix import plugins

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "seconds,cpu_seconds,memory_bytes,memory_kind,guest_bytes\n"
FILE = "1.usage.csv"


def curve(folder: Path, text: str | bytes) -> Any:
    (folder / FILE).write_bytes(text if isinstance(text, bytes) else text.encode())
    return drawn(folder, FILE)


def drawn(folder: Path, *names: str) -> Any:
    import importlib  # noqa: PLC0415

    plugins.load("reports", "html", folder)
    return importlib.import_module("bootmatrix.reports._page.usage").curve(folder.resolve(), names)


def test_processor_time_is_told_as_busy_processors(tmp_path: Path) -> None:
    text = HEADER + "1.000,0.500,4096,pss,4096\n2.000,2.500,8192,pss,\n4.000,2.500,4096,rss\n"
    assert curve(tmp_path, text) == {
        "seconds": 4.0,
        "cpu": [0.5, 2.0, 0.0],
        "memory": [4096, 8192, 4096],
        "kind": "rss",
    }


def test_many_samples_are_few_points_and_no_peak_is_lost(tmp_path: Path) -> None:
    lines = (f"{at}.000,{at / 2:.3f},{1 << 30 if at == 501 else at},pss\n" for at in range(1, 1024))
    found = curve(tmp_path, HEADER + "".join(lines))
    assert len(found["cpu"]) == len(found["memory"]) <= 60
    assert set(found["cpu"]) == {0.5}
    assert max(found["memory"]) == 1 << 30


def test_an_attempt_without_samples_has_no_curve(tmp_path: Path) -> None:
    assert drawn(tmp_path) is None
    assert drawn(tmp_path, "1.other.csv") is None
    assert drawn(tmp_path, FILE) is None


@pytest.mark.parametrize(
    "line",
    ["1,1,1", "1,1,1,pss,1,1", "1,1,1,pss,x", "1,1,1,pss,-1", "nan,1,1,pss",
     "inf,1,1,pss", "0,1,1,pss", "1,-1,1,pss", "1,1e999,1,pss", "1,1,1.5,pss",
     "1,1,-1,pss", "1,1,1,<b>", "1,1,1,pss\n1,1,1,pss", "2,1,1,pss\n1,1,1,pss", "é", "\0"],
)  # fmt: skip
def test_a_file_that_is_not_ours_is_no_curve(tmp_path: Path, line: str) -> None:
    assert curve(tmp_path, f"{HEADER}{line}\n") is None


def test_a_file_that_is_no_file_of_the_run_is_not_opened(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (tmp_path / FILE).write_text(f"{HEADER}1,1,1,pss\n")
    (run / FILE).symlink_to(tmp_path / FILE)
    os.mkfifo(run / f"2{FILE}")
    assert [drawn(run, name) for name in (FILE, f"2{FILE}", f"../{FILE}")] == [None, None, None]
