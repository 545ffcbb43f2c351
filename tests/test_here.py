from __future__ import annotations

from pathlib import Path

import pytest

from bootmatrix import here


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("{}/out/x", "out/x"),
        ("out/x", "out/x"),
        ("./out/../x", "x"),
        ("{}", "{}"),
        ("{}2/x", "{}2/x"),
        ("/etc", "/etc"),
    ],
)
def test_what_lies_here_is_named_from_here(
    path: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert here.near(path.format(tmp_path)) == shown.format(tmp_path)


def test_a_folder_that_is_gone_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert here.near(Path("/out/x")) == "/out/x"
