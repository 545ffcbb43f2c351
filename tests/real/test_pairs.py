"""Real guests in turn: 5% more memory is found, and the same guest twice is the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import solo5
from support import bootmatrix, write_matrix

from bootmatrix import results

if TYPE_CHECKING:
    from bootmatrix.toolchains.toolchain import Image

SPENT = {"one": 20480, "more": 21580, "same": 20480}  # KiB; the tender takes another MiB


@pytest.mark.docker
@pytest.mark.solo5
def test_5_percent_more_memory_is_found_and_the_same_guest_is_the_same(tmp_path: Path, debian_12: Image) -> None:
    assert debian_12
    solo5.make(tmp_path, Path(__file__).with_name("spend.c"))
    test = {
        "unikernel": "spend.spt",
        "expect": {"console": "SUCCESS"},
        "pair": {"axis": "copy", "of": "memory_peak"},
        "runner": {"prefix": str(solo5.SOLO5)},
        "when": [{"match": {"copy": copy}, "args": [kib]} for copy, kib in SPENT.items()],
    }
    axes = {"os": ["debian-12"], "arch": ["x86_64"], "backend": ["solo5-spt"], "copy": list(SPENT)}
    write_matrix(tmp_path, {"axes": axes, "tests": {"spend": test}})
    done = bootmatrix("run", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stdout + done.stderr
    run = results.load(tmp_path / "out/latest/results.json")
    found = {each.value: each for result in run.results for each in result.pairs}
    assert {value: each.verdict for value, each in found.items()} == {"more": "more", "same": "same"}
    assert 0.03 < found["more"].low <= found["more"].change <= found["more"].high < 0.07
    assert "against one, same needs as much memory" in done.stdout
