"""The unikernels, built once for all tests of this folder."""

from __future__ import annotations

import fcntl
import functools
import os
from typing import TYPE_CHECKING

import pytest

from unikernels import guests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Of an architecture and endings: the folder with its unikernels, which all workers share."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    @functools.cache
    def one_at_a_time(arch: str, *endings: str) -> Path:
        out = shared / f"unikernels-{arch}"
        with out.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return guests.build(arch, out, *endings)

    return one_at_a_time


@pytest.fixture(scope="session")
def elf(build: Callable[..., Path]) -> Callable[[str], Path]:
    return lambda arch: build(arch, "elf")


@pytest.fixture(scope="session")
def solo5(build: Callable[..., Path]) -> Path:
    return build("x86_64", "spt", "virtio")
