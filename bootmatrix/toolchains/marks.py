"""Marks on images in the engine, which all caches of a host share: a tag for each cache that uses an image.

A mark is `localhost/bootmatrix-used-by:<cache>-<key>-<day>`: the cache's id, a hash of the image's own tag, and the day
of its last use. So a cache frees no image that another uses, and a cache that is gone keeps none for ever.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from bootmatrix import files, host, keys, uses
from bootmatrix.places.containers import engine
from bootmatrix.toolchains import bases

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bootmatrix.toolchains.toolchain import Image

REPOSITORY = "localhost/bootmatrix-used-by"
FILE = "cache-id"
KEPT_DAYS = 90  # that a mark of another cache counts: so long it may be unused there, or that cache be gone
ID = re.compile(r"[0-9a-f]{16}")
MARK = re.compile(rf"{REPOSITORY}:([0-9a-f]{{16}})-([0-9a-f]{{16}})-([0-9]{{8}})")


@dataclass(frozen=True)
class Mark:
    """A cache's mark on an image of the tag with this key; `days` is how long ago it was made."""

    cache: str
    key: str
    days: int
    tag: str

    @property
    def is_ours(self) -> bool:
        return self.cache == cache_id()

    @property
    def counts(self) -> bool:
        return self.is_ours or self.days <= KEPT_DAYS


def cache_id() -> str:
    """The cache's own, made when it is first asked for; empty if it cannot be kept."""
    return _id_of(host.cache())


@functools.cache
def _id_of(cache: Path) -> str:
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        guard = os.open(cache, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX)  # of several that begin at once, one makes it
            return _read(cache) or _made(cache)
        finally:
            os.close(guard)
    return ""


def _read(cache: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        found = files.read(cache / FILE, 64, below=cache).decode().strip()
        return found if ID.fullmatch(found) else ""
    return ""


def _made(cache: Path) -> str:
    fresh = os.urandom(8).hex()
    files.remove(cache / FILE)
    files.write(cache / FILE, f"{fresh}\n")
    return fresh


def used(image: Image) -> bool:
    """An image and the bases that we made for it are used now, here and in the engine; whether it is there."""
    uses.mark("image", image.tag, image.name)
    for base in bases.of(image):
        uses.mark("base", base.stand_in, base.name)
        if base.stand_in.startswith(bases.STAND_INS):
            add(base.stand_in)
    return add(image.tag)


def of(tags: Iterable[str]) -> list[Mark]:
    """Those among an image's tags."""
    found = [parsed for parsed in map(MARK.fullmatch, tags) if parsed]
    return [Mark(each[1], each[2], _days(each[3]), each[0]) for each in found]


def add(tag: str) -> bool:
    """Mark the image of this tag as used now; whether it is there. Marks of the cache's other days go, and those that
    count no more. A cache that takes no more makes no marks.
    """
    import docker.errors  # noqa: PLC0415

    image = engine.image(tag)
    if image is None:
        return False
    mine, key = cache_id(), keys.of(tag)
    if not mine:
        return True
    label = f"{mine}-{key}-{_today():%Y%m%d}"
    fresh = f"{REPOSITORY}:{label}"
    before = of(image.get("RepoTags") or ())
    with engine.speaking(f"the image {tag} cannot be marked as used"):
        try:
            if fresh not in (each.tag for each in before):
                engine.client().tag(tag, REPOSITORY, label, force=True)
        except docker.errors.NotFound:  # freed at this moment
            return False
        for each in before:
            if each.tag != fresh and ((each.cache, each.key) == (mine, key) or not each.counts):
                with contextlib.suppress(docker.errors.APIError):  # it is only a name
                    engine.client().remove_image(each.tag)
    return True


def _days(text: str) -> int:
    """Since a day; one that is none is long ago."""
    try:
        return max(0, (_today() - date(int(text[:4]), int(text[4:6]), int(text[6:]))).days)
    except ValueError:
        return KEPT_DAYS + 1


def _today() -> date:
    return datetime.now(UTC).date()
