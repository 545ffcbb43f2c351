"""Whether the code in a repository's own `runners/`, `reports/` and `protocols/` may run here, with the user's rights.

The user says so: for good (`bootmatrix trust`), by BOOTMATRIX_TRUST, or for once by a command whose purpose is to run
the repository's code. A repository cannot say it of itself.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from bootmatrix import repository
from bootmatrix.errors import Problem, UserError

_ONCE: set[Path] = set()  # by this process's command

VARIABLE = "BOOTMATRIX_TRUST"
LARGEST = 1 << 20  # bytes of the list


def is_given(root: Path) -> bool:
    """Whether the repository that holds `root` is trusted; UserError if what says so cannot be read."""
    return repository.top(root) in _ONCE or is_lasting(root)


def is_lasting(root: Path) -> bool:
    """Whether the user has said so in other words than by telling a command to run the repository's code."""
    here = repository.top(root)
    return here in _from_environment() or here in kept()


def give_once(root: Path) -> None:
    """Until this process ends."""
    _ONCE.add(repository.top(root))


def remedy(root: Path) -> str:
    return f"to trust it: `bootmatrix trust {shlex.quote(str(repository.top(root)))}`, or in CI {VARIABLE}=1"


def _from_environment() -> set[Path]:
    found = set()
    for word in os.environ.get(VARIABLE, "").split(":"):
        if word == "1":
            found.add(repository.top(Path()))
        elif word.startswith("/"):
            found.add(repository.top(Path(word)))
        elif word:
            what = f"{VARIABLE} contains '{word}', which is neither 1 nor an absolute path"
            raise UserError(Problem(what, remedy="write 1 for the repository of the working folder, or paths with `:`"))
    return found


def file() -> Path:
    """Where it is kept: a resolved folder a line."""
    import platformdirs  # noqa: PLC0415  # only where a repository has code of its own

    return Path(platformdirs.user_config_path("bootmatrix")) / "trusted"


def kept() -> list[Path]:
    from bootmatrix import files  # noqa: PLC0415

    try:
        raw = files.read(file(), LARGEST)
    except (FileNotFoundError, NotADirectoryError, PermissionError):  # a user without a home
        return []
    except OSError as error:
        raise UserError(
            Problem(f"{file()} cannot be read: {error.strerror}", remedy="put a plain file there")
        ) from None
    return [Path(os.fsdecode(line)) for line in raw.splitlines() if line.startswith(b"/")]


def keep(folder: Path) -> Path:
    """Trust the repository of a folder from now on; its top level."""
    if not folder.is_dir():
        raise UserError(Problem(f"there is no folder {folder}", remedy="name the folder of a repository"))
    here = repository.top(folder)
    if len(os.fsencode(here).splitlines()) > 1:
        raise UserError(Problem(f"{here} cannot be trusted: its name contains a line break", remedy=f"use {VARIABLE}"))
    _write([*kept(), here])
    return here


def take_back(folder: Path) -> list[Path]:
    """The folders that were trusted and no longer are; a folder may be gone since."""
    meant = {repository.top(folder), Path(os.path.realpath(folder)), Path(os.path.abspath(folder))}  # noqa: PTH100
    before = kept()
    _write([each for each in before if each not in meant])
    return [each for each in before if each in meant]


def _write(folders: list[Path]) -> None:
    from bootmatrix import disk, files  # noqa: PLC0415

    target = file()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        files.write(target, b"".join(os.fsencode(each) + b"\n" for each in dict.fromkeys(folders)), 0o600)
    except OSError as error:
        raise disk.full(target, error, "nothing has changed") from None
