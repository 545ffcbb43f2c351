"""Messages for exceptions that no code expects: for a file, which one and what to do; for a bug, where it is."""

from __future__ import annotations

import errno
import os
import traceback
from pathlib import Path

from bootmatrix import disk
from bootmatrix.errors import BootmatrixError, InfrastructureError, Problem, printable

DEBUG = "BOOTMATRIX_DEBUG"  # set to anything, it shows where
HOME = Path(__file__).resolve().parents[1]
LONGEST = 300  # characters of an exception's own words
MINE = "make it readable and writable for this user, or name other folders: --out, BOOTMATRIX_CACHE"
INSTEAD = "it is not a folder, but should be one: remove it, or name another: --out, BOOTMATRIX_CACHE"
SMALLER = "run less at a time: -j, --mem"
REMEDIES = {
    errno.EACCES: MINE,
    errno.EPERM: MINE,
    errno.EROFS: MINE,
    errno.EMFILE: f"raise the limit of open files (ulimit -n), or {SMALLER}",
    errno.ENFILE: f"raise the limit of open files (fs.file-max), or {SMALLER}",
    errno.EAGAIN: f"raise the limit of processes (ulimit -u), or {SMALLER}",
    errno.ENOMEM: f"free some memory, or {SMALLER}",
    errno.ENOENT: "something removed it meanwhile: run it again",
    errno.ESTALE: "something removed it meanwhile: run it again",
    errno.ENOTDIR: INSTEAD,
    errno.EEXIST: INSTEAD,
    errno.ELOOP: "its symbolic links form a loop: remove them",
    errno.ENAMETOOLONG: "choose shorter names",
    errno.EIO: "the disk may be damaged: the kernel's log (dmesg) says more",
}
MORE = f"set {DEBUG}=1 in the environment for a traceback"


def told(error: BaseException) -> BootmatrixError:
    """The same as an error of ours. It is never a failed test, and never the user's fault for sure."""
    if isinstance(error, BootmatrixError):
        return error
    if isinstance(error, OSError):
        return of_file(error)
    if isinstance(error, MemoryError):
        return InfrastructureError(Problem("bootmatrix ran out of memory", remedy=_with_trace(error)))
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        what = "this host does not start any more threads"
        return InfrastructureError(Problem(what, remedy=f"{REMEDIES[errno.EAGAIN]}{_trace(error)}"))
    words = printable(f"{type(error).__name__}: {error}", LONGEST)
    return InfrastructureError(
        Problem(f"this is a bug in bootmatrix: {words} ({_where(error)})", remedy=_with_trace(error))
    )


def of_file(error: OSError) -> InfrastructureError:
    """What to say of a file, a folder or a program that this host did not give us."""
    name = _name(error)
    if disk.is_full(error):
        return disk.full(name or "a file", error)
    remedy = REMEDIES.get(error.errno or 0, "")
    what = f"{name}: {reason(error)}" if name else f"{reason(error)} ({_where(error)})"
    return InfrastructureError(Problem(what, remedy=f"{remedy or MORE}{_trace(error)}"))


def reason(error: OSError) -> str:
    """The system's words; those of an OSError that did not come from the system."""
    return printable(error.strerror or str(error) or type(error).__name__, LONGEST)


def _name(error: OSError) -> str:
    found = error.filename2 or error.filename
    return "" if found is None or isinstance(found, int) else os.fsdecode(found)


def _where(error: BaseException) -> str:
    """The innermost line that is ours, or of a plug-in beside us; else the innermost of all."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(HOME)] or list(frames)
    if not ours:
        return "nowhere"
    file = Path(ours[-1].filename)
    shown = file.relative_to(HOME.parent) if file.is_relative_to(HOME.parent) else file
    return f"{shown}, line {ours[-1].lineno}, in {ours[-1].name}"


def _with_trace(error: BaseException) -> str:
    return _trace(error).strip() or MORE


def _trace(error: BaseException) -> str:
    """The whole traceback, for those who asked for it."""
    if not os.environ.get(DEBUG):
        return ""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n    ".join(["", *map(printable, lines)])
