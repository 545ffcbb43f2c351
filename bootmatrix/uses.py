"""When a kept thing was last used: a file for each below the cache, whose time says it and whose text names it."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from bootmatrix import host, keys

if TYPE_CHECKING:
    from pathlib import Path


def _file(kind: str, key: str) -> Path:
    return host.cache() / "used" / f"{kind}-{keys.of(key)}"


def mark(kind: str, key: str, name: str) -> None:
    """It is used now. A cache that takes no more loses only this."""
    file = _file(kind, key)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, encoding="utf-8", errors="replace")


def last(kind: str, key: str) -> tuple[str, float] | None:
    """Its name, and the seconds since it was used; None if that is not known."""
    file = _file(kind, key)
    try:
        return file.read_text(encoding="utf-8"), time.time() - file.stat().st_mtime
    except OSError:
        return None


def forget(kind: str, key: str) -> None:
    _file(kind, key).unlink(missing_ok=True)
