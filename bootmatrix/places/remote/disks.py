"""Disks of a job on a host over SSH: made there before it, and brought here when somebody looks at one."""

from __future__ import annotations

import contextlib
import os
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix import disk, files
from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.places import disks
from bootmatrix.places.disks import Laid
from bootmatrix.places.remote import bringing, giving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bootmatrix.places.disks import Disk
    from bootmatrix.places.remote.connection import Connection

MODES = {False: "666", True: "444"}  # of disks that may be written to, and of those that may only be read
# One byte at its end makes a file as long as a disk, of zeros that take no room
LONGER = "dd if=/dev/zero of={name} bs=1 count=1 seek={last} conv=notrunc"
FULL = f"[ \"$(df -P -k . | awk 'NR == 2 {{ print $4 }}')\" -lt {disks.FULL >> 10} ]"


@dataclass
class RemoteLaid(Laid):
    """`folder` is where they are brought to, `there` the folder in which they are, `sizes` what each may have."""

    connection: Connection | None = None
    there: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    ask: Callable[[str], tuple[int, str]] = lambda _question: (1, "")

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[int]:
        """A descriptor for reading. OSError if it is no file of that size any more; InfrastructureError if it cannot be
        brought, Fatal if this host's disk is full.
        """
        assert self.connection is not None  # noqa: S101
        file = self.folder / name
        if not file.exists():
            try:
                bringing.bring_file(self.connection, f"{self.there}/{name}", file, self.sizes[name])
            except OSError as error:
                if disk.is_full(error):
                    raise disk.full(file, error) from None
                raise
        with files.opened(file) as stream:
            yield stream.fileno()

    def check_room(self) -> None:
        """Raises InfrastructureError if the disk there is full: then a guest may have been kept from writing."""
        if self.ask(f"cd {shlex.quote(self.there)} && {FULL}")[0] == 0:
            what = f"the disk of {self.there} is full, and a guest may have been kept from writing"
            raise InfrastructureError(Problem(what, remedy="free some space there"))


@contextlib.contextmanager
def laid(
    connection: Connection,
    there: str,
    wanted: Mapping[str, Disk],
    ask: Callable[[str], tuple[int, str]],
    here: Path | None,
) -> Iterator[RemoteLaid | None]:
    """While this lasts, the disks are in the folder `there`. Raises InfrastructureError if they cannot be made."""
    if not wanted:
        yield None
        return
    with contextlib.ExitStack() as stack:
        held = {name: content for name, each in wanted.items() if (content := _content(each, stack)) is not None}
        giving.give(connection, there, iter(held.items()))
        for name, each in wanted.items():
            _finish(connection, there, name, each, os.fstat(held[name]).st_size if name in held else 0, ask)
    with files.scratch("disks-", here) as folder:
        sizes = {name: each.size for name, each in wanted.items()}
        yield RemoteLaid(folder, dict.fromkeys(wanted, (0, 0)), connection, there, sizes, ask)


def _content(each: Disk, stack: contextlib.ExitStack) -> int | None:
    """A descriptor of what it begins with, None if that is nothing. Raises UserError for a file that cannot be read."""
    if each.descriptor >= 0:
        return each.descriptor
    if each.source is None:
        return None
    try:
        return stack.enter_context(files.opened(each.source, each.below)).fileno()
    except OSError as error:
        what = f"{each.source}, which a disk is to hold, cannot be read: {error.strerror or error}"
        raise UserError(Problem(what, remedy="name a plain file that this user may read")) from None


def _finish(
    connection: Connection, there: str, name: str, each: Disk, size: int, ask: Callable[[str], tuple[int, str]]
) -> None:
    """As long as it shall be, and written to by whom it may be."""
    quoted = shlex.quote(name)
    longer = f"{LONGER.format(name=quoted, last=each.size - 1)} && " if size < each.size else ""
    status, _ = ask(f"cd {shlex.quote(there)} && {longer}chmod {MODES[each.read_only]} {quoted}")
    if status:
        what = f"a disk cannot be made on {connection.remote.name}, in {connection.remote.folder}"
        raise InfrastructureError(Problem(what, remedy="free some space there"))
