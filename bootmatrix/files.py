"""Files that others may have laid out: read only if they are plain files, written whole and never through a link.

A link, a pipe or a device where a file is expected is an OSError like any other, told before a byte is read: bootmatrix
runs as root on machines where strangers' builds and guests leave files.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bootmatrix import sparse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

LARGEST = 64 << 20  # bytes of a file that is read at once
NEW = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
FOREIGN = frozenset({errno.EINVAL, errno.ELOOP, errno.EMLINK})  # no plain file, a link, a second name
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
ODD = 0o7002  # setuid, setgid, sticky, and writable for everybody
MOUNTS = Path("/proc/self/mountinfo")


def opened(file: Path | str, below: Path | str | None = None) -> FileIO:
    """A plain file for reading, unbuffered. OSError if it is none, or a link.

    With `below`, links are followed as long as they lead to a file inside that folder; a text is its name as
    os.path.realpath has it, which who opens thousands looks up once.
    """
    handle = os.open(file, os.O_PATH | os.O_CLOEXEC | (os.O_NOFOLLOW if below is None else 0))
    try:
        root = os.path.realpath(below) if isinstance(below, Path) else below
        if root is not None and not _name(handle).startswith(root.rstrip("/") + "/"):
            raise OSError(errno.ELOOP, f"it leads out of {below}", str(file))
        descriptor = _again(handle, os.O_RDONLY, file)
    finally:
        os.close(handle)
    return open(descriptor, "rb", buffering=0)  # noqa: PTH123  # a descriptor


def _name(handle: int) -> str:
    return os.readlink(f"/proc/self/fd/{handle}")  # noqa: PTH115  # a link of the kernel's


def _again(handle: int, flags: int, file: Path | str) -> int:
    """What was opened as a mere place (O_PATH), opened anew as a file: only to open a device may have effects, and to
    open a pipe waits for ever.
    """
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(
            errno.EINVAL, "it is a link" if stat.S_ISLNK(found.st_mode) else "it is not a regular file", str(file)
        )
    return os.open(f"/proc/self/fd/{handle}", flags | os.O_CLOEXEC)


def read(file: Path, largest: int = LARGEST, below: Path | None = None) -> bytes:
    """What a plain file holds, as `opened` has it. OSError if that is more than `largest` bytes."""
    with opened(file, below) as stream:
        found = stream.readall() if os.fstat(stream.fileno()).st_size <= largest else None
    if found is None or len(found) > largest:
        raise OSError(errno.EFBIG, f"it is larger than {largest:,} bytes", str(file))
    return bytes(found)


def is_plain(file: Path) -> bool:
    """Whether it is a file itself, and no link to one."""
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def replaced(target: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """A file that takes the place of `target` once it is whole; after an error nothing has changed."""
    fresh = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | NEW, mode)
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123  # a descriptor
            yield stream
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def write(target: Path, content: bytes | str, mode: int = 0o644) -> None:
    """Put a file in the place of `target`, whatever that was; a text as UTF-8, what that does not have as `?`."""
    with replaced(target, mode) as stream:
        stream.write(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))


def created(file: Path | str, mode: int = 0o644) -> BinaryIO:
    """A new file, unbuffered, that others may read while it grows; what stood there before is removed, not written."""
    try:
        descriptor = os.open(file, os.O_WRONLY | NEW, mode)
    except FileExistsError:
        os.unlink(file)  # noqa: PTH108  # it may be a text
        descriptor = os.open(file, os.O_WRONLY | NEW, mode)
    return open(descriptor, "wb", buffering=0)  # noqa: PTH123  # a descriptor


def continued(file: Path, mode: int = 0o644) -> int:
    """A descriptor to go on with a file, made if it is not there. OSError if it is not ours alone: no plain file, a
    link, or a second name of another file.
    """
    with contextlib.suppress(FileExistsError):
        return os.open(file, os.O_RDWR | NEW, mode)
    handle = os.open(file, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(handle).st_nlink > 1:
            raise OSError(errno.EMLINK, "it has more than one hard link", str(file))
        return _again(handle, os.O_RDWR, file)
    finally:
        os.close(handle)


def taken(file: Path, mode: int = 0o644) -> int:
    """A descriptor to go on with a file, as `continued` has it; what stands there and is not ours alone is removed."""
    try:
        return continued(file, mode)
    except OSError as error:
        if error.errno not in FOREIGN:
            raise
    remove(file)
    return continued(file, mode)


def brought(source: Path, relative: str, target: Path, largest: int, fresh: str = "") -> bool:
    """Put a plain file of one folder into another, where it is called the same or `fresh`: by a second name, else as a
    copy. One that everybody may write to, or that runs as its owner, is copied: the copy is neither.

    Whether it is there, at most `largest` bytes, and inside `source`. OSError if the target cannot be written.
    """
    try:
        stream = opened(source / relative, below=source)
    except OSError:
        return False
    with stream:
        state = os.fstat(stream.fileno())
        if state.st_size > largest:
            return False
        *folders, name = (fresh or relative).split("/")
        file = folder(target, *folders) / name
        file.unlink(missing_ok=True)
        try:  # the very file that was opened, whatever has its name by now
            if state.st_mode & ODD:
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
            os.link(f"/proc/self/fd/{stream.fileno()}", file, src_dir_fd=stream.fileno())
        except OSError:  # another file system, one without links, or a file of another user's
            with replaced(file) as copied:
                sparse.copy(stream.fileno(), copied.fileno(), state.st_size)
    return True


def folder(root: Path, *names: str) -> Path:
    """The folder of these names below `root`, made if it is not there. OSError if one of them is a link."""
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            if name in {"", ".", ".."} or "/" in name:
                raise OSError(errno.EINVAL, "it is not a valid folder name", name)
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=at)
            at, before = os.open(name, FOLDER, dir_fd=at), at
            os.close(before)
    finally:
        os.close(at)
    return root.joinpath(*names)


def copy(source: Path, target: Path, mode: int = 0o644, below: Path | None = None) -> None:
    """A plain file, as `opened` has it, to a new place."""
    import shutil  # noqa: PLC0415  # with all that compresses, 2 ms

    with opened(source, below) as stream, replaced(target, mode) as fresh:
        shutil.copyfileobj(stream, fresh, 1 << 20)


def mounted_in(place: Path) -> list[str]:
    """The mount points at or below a folder, in this process's mount namespace.

    Source: proc_pid_mountinfo(5): the fifth field, with blanks, tabs, line ends and backslashes as octal numbers.
    """
    root = os.path.realpath(place)
    points = (os.fsdecode(_unescaped(line.split(b" ")[4])) for line in MOUNTS.read_bytes().splitlines())
    return [point for point in points if point == root or point.startswith(root.rstrip("/") + "/")]


def _unescaped(field: bytes) -> bytes:
    for number, char in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        field = field.replace(number, char)
    return field


def remove(place: Path) -> None:
    """A folder and all in it, links as links, or a file. OSError if a file system is mounted there, and then nothing is
    removed: what is mounted belongs to someone else.
    """
    if place.is_symlink() or not place.is_dir():
        place.unlink(missing_ok=True)
        return
    import shutil  # noqa: PLC0415  # as above

    if mounts := mounted_in(place):
        raise OSError(errno.EBUSY, f"a file system is mounted at {mounts[0]}", str(place))
    with contextlib.suppress(FileNotFoundError):
        try:
            shutil.rmtree(place)
        except (PermissionError, RecursionError):
            _remove_odd(place)


def _remove_odd(place: Path) -> None:
    """Folders that not even their owner may look into, and folders in folders beyond any count."""
    import subprocess  # noqa: PLC0415  # hardly ever

    own = ["find", "-P", str(place), "-xdev", "-type", "d", "!", "-perm", "-700", "-exec", "chmod", "u+rwx", "{}", ";"]
    for command in (own, ["rm", "-rf", "--one-file-system", "--", str(place)]):
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if os.path.lexists(place):
        raise OSError(errno.ENOTEMPTY, "not all of it can be removed", str(place))


@contextlib.contextmanager
def scratch(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """A folder for nobody but this user, below `parent` or where this host has such; removed with all that is left in
    it, across no mount. What cannot be removed stays: that is nothing of a run's.
    """
    import tempfile  # noqa: PLC0415  # only where something is run

    made = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield made
    finally:
        with contextlib.suppress(OSError):
            try:
                made.rmdir()  # mostly there is nothing left: to look for mounts would take longer
            except OSError:
                remove(made)
