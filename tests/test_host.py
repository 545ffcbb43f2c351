"""The folder of the cache, and what marks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootmatrix import host
from bootmatrix.errors import InfrastructureError


def test_the_cache_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path))
    assert host.cache() == tmp_path
    monkeypatch.delenv("BOOTMATRIX_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert host.cache() == tmp_path / "xdg" / "bootmatrix"


def test_a_folder_called_tilde_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOOTMATRIX_CACHE", raising=False)
    older = Path("~/.cache/bootmatrix")  # what platformdirs 4.0 gives where there is no home
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _name: older)
    with pytest.raises(InfrastructureError, match="set BOOTMATRIX_CACHE"):
        host.cache()


def test_what_a_folder_has_already_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    (tmp_path / host.CACHE_TAG).symlink_to(tmp_path / "victim")
    host.mark_as_cache(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert not (tmp_path / "victim").exists()
    host.mark_as_cache(tmp_path / "new")
    assert (tmp_path / "new" / ".gitignore").read_text() == "*\n"
    assert (tmp_path / "new" / host.CACHE_TAG).read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
