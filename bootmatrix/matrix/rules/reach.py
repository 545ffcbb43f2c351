"""Which folders of this host a matrix may name: those of its repository, where programs are installed, and what the
user allows. A build or a guest that sees the engine's socket, or a folder of the kernel's, is root on the host.
"""

from __future__ import annotations

import functools
import os
import shlex
import stat
from typing import TYPE_CHECKING

from bootmatrix import repository
from bootmatrix.repository import holds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ALWAYS = ("/usr/local", "/opt", "/nix")
NEVER = ("/proc", "/sys", "/dev", "/run", "/var/run")
OURS = ("/src", "/out", "/unikernels", "/files", "/probe", "/bootmatrix", "/agent")  # where containers see what is ours
SCRATCH = "/tmp"  # noqa: S108  # where containers have theirs
VARIABLE = "BOOTMATRIX_ALLOW"


def roots(root: Path, allow: Iterable[str | Path] = ()) -> tuple[str, ...]:
    """The resolved folders that a matrix in `root` may reach: its repository, ALWAYS, and what the user allows."""
    said = [os.path.abspath(each) for each in (*allow, *os.environ.get(VARIABLE, "").split(":")) if each]  # noqa: PTH100
    own = str(repository.top(root))
    every = [*([] if _never(own) else [own]), *ALWAYS, *said]
    return tuple(dict.fromkeys(map(os.path.realpath, every)))


class Reach:
    """Judges each name once, however many tests have it. Troubles are what is wrong and its remedy, or None."""

    def __init__(self, root: Path, allow: Iterable[str | Path] = ()) -> None:
        self.root, self.roots = root, roots(root, allow)
        self._known: dict[str, tuple[str, str] | None] = {}

    def source(self, name: str) -> tuple[str, str] | None:
        """Of a folder that is copied, relative to the matrix."""
        return self._place(name, str(self.root / name))

    def prefix(self, name: str) -> tuple[str, str] | None:
        """Of a folder that containers see under its own name; one that does not exist is none of theirs."""
        if name not in self._known:
            self._known[name] = self._prefix(name)
        return self._known[name]

    def _prefix(self, name: str) -> tuple[str, str] | None:
        if not name.startswith("/") or name == "/" or ":" in name:
            return f"'{name}' is not a folder below /", "write it as /usr/local"
        seen = _normal(name)
        if ours := next((each for each in OURS if holds(each, seen) or holds(seen, each)), ""):
            return f"'{name}' cannot be mounted into a container: bootmatrix uses {ours} there", "rename or move it"
        if SCRATCH in {seen, os.path.realpath(name)}:
            return f"'{name}' cannot be mounted into a container, which has its own", f"name a folder below {SCRATCH}"
        return self._place(name, name)

    def _place(self, name: str, path: str) -> tuple[str, str] | None:
        """Links first, `..` then, as the kernel does; the name itself must not seem to be the system's, either."""
        try:
            real, seen = os.path.realpath(path), _normal(path)
        except OSError as error:
            return f"'{name}' cannot be followed: {error.strerror}", f"possible: a folder in {self._shown()}"
        leads = "" if real == seen else f" (a link to {real})"
        if why := _never(seen) or _never(real):
            return f"'{name}'{leads} must not be used: {why}", f"possible: a folder in {self._shown()}"
        if not os.path.lexists(real) or any(holds(each, real) for each in self.roots):
            return None
        remedy = f"allowed: {self._shown()}; if you trust this matrix with it, add --allow {shlex.quote(real)}"
        return f"this matrix is not allowed to use '{name}'{leads}", f"{remedy}, or {VARIABLE}"

    def _shown(self) -> str:
        return ", ".join(self.roots)


def _never(path: str) -> str:
    """Why nothing may use it, whoever allows it; empty if there is no reason."""
    if path == "/":
        return "it is the whole host"
    for place in _never_resolved():
        if holds(place, path):
            return f"{place} belongs to the system"
        if holds(path, place):
            return f"it contains {place}, which belongs to the system"
    return special(path)


@functools.cache
def _never_resolved() -> tuple[str, ...]:
    return tuple(dict.fromkeys((*NEVER, *map(os.path.realpath, NEVER))))


def _normal(path: str | Path) -> str:
    return "/" + os.path.normpath(path).lstrip("/")  # POSIX lets two slashes at the beginning mean something else


def special(path: str) -> str:
    """What a path is that gives more than files; empty if it is a folder or a file, or nothing."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  # links are followed
    except (OSError, ValueError):
        return ""
    if stat.S_ISSOCK(mode):
        return "it is a socket"
    return "it is a device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else ""
