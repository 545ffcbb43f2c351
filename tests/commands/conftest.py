"""A project whose tests are booted by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from commands.by_hand import Project

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.toolchains.toolchain import Image


@pytest.fixture
def docker(open_folder: Path, debian_12: Image) -> Project:
    assert debian_12
    return Project(open_folder, "docker")
