"""What this kernel tells of processors that were wanted by more than one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bootmatrix.places import pressure

if TYPE_CHECKING:
    from pathlib import Path

TOLD = "some avg10=0.00 avg60=0.12 avg300=0.30 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"


@pytest.mark.parametrize(
    ("text", "seconds"), [(TOLD, 2.5), ("", None), ("some total=", None), ("some total=many\n", None), (None, None)]
)
def test_it_is_told_in_seconds_where_it_is_known(
    text: str | None, seconds: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pressure, "FILE", tmp_path / "cpu")
    if text is not None:
        (tmp_path / "cpu").write_text(text)
    assert pressure.waited() == seconds
