"""What the documentation's examples need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from docs.pages import FILES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with the plug-ins that the examples show, and the folders that they name."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "unikernels").mkdir()
    return tmp_path
