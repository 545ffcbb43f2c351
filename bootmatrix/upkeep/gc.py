"""What is cached on this host, how large it is, and what no recent run has used."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix import files, host, uses
from bootmatrix.errors import InfrastructureError
from bootmatrix.places import copies
from bootmatrix.places.boxes import roots
from bootmatrix.runs import journal, lease, passes
from bootmatrix.runs.order import LATEST
from bootmatrix.upkeep import images
from bootmatrix.upkeep.kept import DAY, Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


def items(out: Path | None, note: Callable[[str], object], *, unmarked: bool = False) -> Iterator[Item]:
    """Builds, and the images and bases that this cache has used, with `unmarked` also those that no cache has; with
    `out` also the runs there, but for the last that came to its end.
    """
    yield from _builds()
    try:
        yield from images.items(unmarked=unmarked)
    except InfrastructureError as error:  # no engine, no images
        note(f"images are not looked at: {error.problems[0].what}")
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
    """With our own for images: agents, root file systems for boxes; and copies of files that boots could not read."""
    for kind in ("build", "agent", roots.KIND, copies.KIND):
        folder = host.cache() / f"{kind}s"
        for output in sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else ():
            name, age = uses.last(kind, output.name) or (output.name, time.time() - output.lstat().st_mtime)
            yield Item(kind, name, size_of(output), age, _Folder(output, kind, output.name))


def _runs(out: Path) -> Iterator[Item]:
    """Where nothing says which was the last, the newest is kept."""
    folders = sorted(path.parent for path in out.glob(f"*/{journal.FILE}") if not path.parent.is_symlink())
    last = os.path.realpath(out / LATEST)
    if last not in map(os.path.realpath, folders):
        last = os.path.realpath(folders[-1]) if folders else ""
    for folder in folders:
        if os.path.realpath(folder) != last and not lease.is_alive(folder.name):
            age = time.time() - (folder / journal.FILE).lstat().st_mtime
            yield Item("run", folder.name, size_of(folder), age, _Folder(folder, "run", folder.name))


@dataclass(frozen=True)
class _Folder:
    folder: Path
    kind: str
    key: str

    def __call__(self) -> None:
        try:
            files.remove(self.folder)
        except OSError as error:
            raise InfrastructureError(f"{self.folder} cannot be removed: {error.strerror}") from None
        uses.forget(self.kind, self.key)
        if self.kind == "run":
            passes.forget(self.folder.parent, self.key)


def size_of(folder: Path) -> int:
    """The bytes on disk of a folder; a file with two links counts once, and what a link points to never."""
    seen: set[tuple[int, int]] = set()
    total = 0
    if folder.is_symlink():
        return 0
    for base, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                found = os.lstat(os.path.join(base, name))  # noqa: PTH118  # there may be a million
                if (found.st_dev, found.st_ino) not in seen:
                    seen.add((found.st_dev, found.st_ino))
                    total += found.st_blocks * 512
    return total


def human_age(seconds: float) -> str:
    """`today`, `yesterday`, `12 days ago`."""
    days = max(0, int(seconds // DAY))  # a clock may have been set back
    return ("today", "yesterday")[days] if days < 2 else f"{days} days ago"  # noqa: PLR2004
