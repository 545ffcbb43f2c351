"""What is kept between runs, how large it is, and what of it no recent run has used."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix import bases, copies, host, imagebuild, uses
from bootmatrix.errors import InfrastructureError
from bootmatrix.places import engine
from bootmatrix.runs import journal, lease, passes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

DAY = 24 * 3600.0


@dataclass(frozen=True)
class Item:
    """A thing that can be made again: `size` in bytes, `age` in seconds since it was last used; `remove` frees it."""

    kind: str
    name: str
    size: int
    age: float
    remove: Callable[[], None]


def items(out: Path | None) -> Iterator[Item]:
    """Builds, images and bases; with `out` also the runs there, but for the last that came to its end."""
    yield from _builds()
    with contextlib.suppress(InfrastructureError):  # no engine, no images
        yield from _images()
    if out is not None:
        yield from _runs(out)


def chosen(found: Iterable[Item], days: float, size: int | None) -> list[Item]:
    """Those that no run has used for so many days; then the longest unused until the rest is at most `size` bytes.

    What a run that lives may use is never among them.
    """
    oldest_first = sorted(found, key=lambda item: -item.age)
    free = [item for item in oldest_first if item.age > lease.longest_alive()]
    gone = [item for item in free if item.age > days * DAY]
    left = sum(item.size for item in oldest_first) - sum(item.size for item in gone)
    for item in free if size is not None else ():
        if item not in gone and size is not None and left > size:
            gone.append(item)
            left -= item.size
    return gone


def _builds() -> Iterator[Item]:
    """With the agents of images, which are builds of our own, and copies of files that boots could not read."""
    for kind in ("build", "agent", copies.KIND):
        folder = host.cache() / f"{kind}s"
        for output in sorted(folder.iterdir()) if folder.is_dir() else ():
            name, age = uses.last(kind, output.name) or (output.name, time.time() - output.stat().st_mtime)
            yield Item(kind, name, size_of(output), age, _Folder(output, kind, output.name))


def _images() -> Iterator[Item]:
    """Our images and the bases that we made, each with what it does not share with another."""
    with engine.speaking("the images cannot be listed"):
        found = engine.client().images(filters={"label": imagebuild.LABEL})
        made = engine.client().images(name=bases.STAND_INS)
        shared = {each["Id"]: max(0, each.get("SharedSize") or 0) for each in engine.client().df().get("Images") or ()}
    for kind, each in [*(("image", image) for image in found), *(("base", image) for image in made)]:
        tags = [tag for tag in each.get("RepoTags") or [] if tag != "<none>:<none>"]
        known = next(filter(None, (uses.last(kind, tag) for tag in tags)), None)
        name, age = known or (tags[0] if tags else str(each["Id"])[:19], time.time() - float(each["Created"]))
        own = int(each["Size"]) - shared.get(each["Id"], 0)
        yield Item(kind, name, own, age, _Image(kind, str(each["Id"]), tuple(tags)))


def _runs(out: Path) -> Iterator[Item]:
    folders = sorted(path.parent for path in out.glob(f"*/{journal.FILE}") if not path.parent.is_symlink())
    last = (out / "latest").resolve()
    for folder in folders:
        if folder.resolve() != last and not lease.is_alive(folder.name):
            age = time.time() - (folder / journal.FILE).stat().st_mtime
            yield Item("run", folder.name, size_of(folder), age, _Folder(folder, "run", folder.name))


@dataclass(frozen=True)
class _Folder:
    folder: Path
    kind: str
    key: str

    def __call__(self) -> None:
        try:
            shutil.rmtree(self.folder)
        except OSError as error:
            raise InfrastructureError(f"{self.folder} cannot be removed: {error.strerror}") from None
        uses.forget(self.kind, self.key)
        if self.kind == "run":
            passes.forget(self.folder.parent, self.key)


@dataclass(frozen=True)
class _Image:
    kind: str
    id: str
    tags: tuple[str, ...]

    def __call__(self) -> None:
        with engine.speaking(f"{self.tags[0] if self.tags else self.id} cannot be removed"):
            for name in self.tags or (self.id,):
                engine.client().remove_image(name)
        for tag in self.tags:
            uses.forget(self.kind, tag)


def size_of(folder: Path) -> int:
    """The bytes on disk of a folder; a file with two links counts once."""
    seen: set[int] = set()
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                found = os.lstat(os.path.join(base, name))  # noqa: PTH118  # there may be a million
                if found.st_ino not in seen:
                    seen.add(found.st_ino)
                    total += found.st_blocks * 512
    return total


def human_age(seconds: float) -> str:
    """`today`, `yesterday`, `12 days ago`."""
    days = max(0, int(seconds // DAY))  # a clock may have been set back
    return ("today", "yesterday")[days] if days < 2 else f"{days} days ago"  # noqa: PLR2004
