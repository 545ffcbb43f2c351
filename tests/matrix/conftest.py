"""A matrix as a user types it: loaded, or the messages about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from bootmatrix.errors import UserError
from bootmatrix.matrix import load as loader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bootmatrix.matrix.load import Matrix


settings.register_profile("any load", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any load")  # another job on this machine is no failure


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str | bytes], Matrix]:
    def loaded(text: str | bytes) -> Matrix:
        file = tmp_path / "matrix.yaml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return loader.load(file)

    return loaded


@pytest.fixture
def errors(load: Callable[[str | bytes], Matrix]) -> Callable[[str | bytes], list[str]]:
    """The messages, each a line and its remedy; a matrix without any fails the test."""

    def said(text: str | bytes) -> list[str]:
        with pytest.raises(UserError) as caught:
            load(text)
        return [str(problem) for problem in caught.value.problems]

    return said
