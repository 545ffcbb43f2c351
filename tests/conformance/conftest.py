"""Guests that are the same are built once, whichever test needs them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import once
import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by all workers, so that guests that are the same are built once."""
    if missing := [name for name in ("gcc", "make") if not shutil.which(name)]:
        pytest.skip(f"not on PATH: {', '.join(missing)}")
    folder = once.shared(tmp_path_factory) / "conformance-cache"
    folder.mkdir(exist_ok=True)
    return folder
