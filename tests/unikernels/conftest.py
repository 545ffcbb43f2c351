"""The unikernels, built once for all tests of this folder."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import once
import pytest

from unikernels import guests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Of an architecture and endings: the folder with its unikernels, which all workers share."""

    @functools.cache
    def one_at_a_time(arch: str, *endings: str) -> Path:
        out = once.shared(tmp_path_factory) / f"unikernels-{arch}"
        with once.alone(out):
            return guests.build(arch, out, *endings)

    return one_at_a_time


@pytest.fixture(scope="session")
def elf(build: Callable[..., Path]) -> Callable[[str], Path]:
    return lambda arch: build(arch, "elf")


@pytest.fixture(scope="session")
def solo5(build: Callable[..., Path]) -> Path:
    return build("x86_64", "spt", "virtio")
