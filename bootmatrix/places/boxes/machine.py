"""A box: a virtual machine in a container of its own image, with slots in which boots run as in kept containers."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import threading
import time
from typing import TYPE_CHECKING

from bootmatrix import disk, files
from bootmatrix.errors import InfrastructureError, printable
from bootmatrix.model import MIB
from bootmatrix.places import own
from bootmatrix.places.boxes import roots
from bootmatrix.places.boxes.frames import Frames
from bootmatrix.places.boxes.lending import Copies
from bootmatrix.places.boxes.slot import Slot
from bootmatrix.places.place import Job, Mount

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.places.containers.place import ContainerPlace
    from bootmatrix.places.strain import Strain

RUN = "/box/run"  # what its image boots it with
SLOTS = 4
# That it has. With two, emulated at once, a kernel hangs now and then that writes into its own code while the other one
# runs it, as with each KVM guest (static keys); and two boots at a time are no slower on one.
CPUS = 1
BASE = 256 * MIB  # that it needs for itself
LEAST = 1024 * MIB  # that it has
OVERHEAD = 512 * MIB  # that the emulator needs besides
BEGIN_SECONDS, END_SECONDS = 30.0, 2.0  # that the emulator has to make its sockets, and that its end takes to be told
TICK = 0.02
LAST = 2000  # characters of its own console that are told
SHARE, ROOTS, SOCKETS = "bootmatrix", "roots", "sockets"
COPIES = "copies"  # of the share


class Machine:
    """`place` has its image; its folder, which must not be there, is on a file system of this host that has sockets.

    `programs` are what it runs: the ferry and the agent. It has `memory` bytes. It ends when it is closed, or with us.
    Raises InfrastructureError if it cannot be started, Fatal if the disk takes no more.
    """

    def __init__(
        self, place: ContainerPlace, folder: Path, programs: Mapping[str, bytes], memory: int, name: str
    ) -> None:
        self.name, self.folder = name, folder
        self.share = folder / SHARE
        self.copies = Copies(self.share / COPIES)
        self.memory = memory - BASE
        self.slots = [Slot(self, number) for number in range(SLOTS)]
        self.closed = False
        self.failed = 0  # places that it could not make, one after the other
        self._stack = contextlib.ExitStack()
        self._said = b""
        self._lock = threading.Lock()
        try:
            self._stack.callback(own.remove, folder)
            _lay(folder, programs)
            self._process = self._stack.enter_context(place.start(_job(folder, memory, name)))
            self._await_sockets()
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether it has not ended; what it says of itself is heard meanwhile, else it would wait for us."""
        if self.closed:
            return False
        with self._lock, contextlib.suppress(InfrastructureError):
            while item := self._process.read(0):
                if item[0] == "end":
                    return False
                self._said = (self._said + item[1])[-LAST:]
            return True
        return False

    @property
    def served(self) -> bool:
        """Whether any slot of it has ever been fit for a job."""
        return any(slot.used for slot in self.slots)

    @property
    def idle(self) -> bool:
        """Whether no job has a slot of it."""
        return not any(slot.taken for slot in self.slots)

    @property
    def worn(self) -> bool:
        """Whether none of the last jobs has found a place in it: no more are to be sent there."""
        return self.failed >= SLOTS

    @property
    def left(self) -> int:
        """Bytes that more boots may have."""
        return self.memory - sum(slot.taken for slot in self.slots)

    def last_words(self) -> str:
        """The last of what it said of itself, in one line; it may be about to end, and to say why."""
        end = time.monotonic() + END_SECONDS
        while self.alive and time.monotonic() < end:
            time.sleep(TICK)
        return printable(self._said.decode("utf-8", "replace").strip().replace("\r", "").replace("\n", " / "))[-LAST:]

    def connect(self, number: int, name: str) -> Frames:
        """A slot by its number, for a job; raises InfrastructureError."""
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            end.settimeout(BEGIN_SECONDS)
            _connect(end, self.folder / SOCKETS / f"slot{number}")
        except OSError as error:
            end.close()
            raise InfrastructureError(f"{self.name} cannot be spoken to: {error.strerror or error}") from None
        return Frames(end, name)

    def strain(self) -> Strain | None:
        """The processor time that all of it has had and waited for so far."""
        return self._process.strain()

    def close(self) -> None:
        """End it, with all that runs in it; nothing of it stays."""
        self.closed = True
        for slot in self.slots:
            slot.lose()
        with contextlib.suppress(InfrastructureError):
            self._stack.close()

    def _await_sockets(self) -> None:
        end = time.monotonic() + BEGIN_SECONDS
        last = self.folder / SOCKETS / f"slot{SLOTS - 1}"
        while not last.exists():
            if not self.alive or time.monotonic() > end:
                words = self.last_words() or "its emulator said nothing"
                raise InfrastructureError(f"{self.name} cannot be started: {words}")
            time.sleep(TICK)


def _lay(folder: Path, programs: Mapping[str, bytes]) -> None:
    """What it is lent: in the share it only reads, but for the disks of boots."""
    try:
        folder.mkdir(mode=0o700)
        (folder / SHARE).mkdir(mode=0o755)
        (folder / SHARE / COPIES).mkdir(mode=0o700)
        (folder / SOCKETS).mkdir()
        (folder / SOCKETS).chmod(0o777)  # of the emulator, which is another user; the folder above is closed
        roots.folder().mkdir(parents=True, exist_ok=True)
        for name, program in programs.items():
            files.write(folder / SHARE / name, program, 0o755)
        for number in range(SLOTS):
            (folder / SHARE / f"slot{number}" / "job").mkdir(mode=0o755, parents=True)
    except OSError as error:
        raise disk.full(folder, error) from None


def _job(folder: Path, memory: int, name: str) -> Job:
    words = [RUN, str(memory // MIB), str(CPUS)]
    for tag, options in ((SHARE, ""), (ROOTS, ",readonly=on")):
        words += ["-virtfs", f"local,path=/share/{tag},mount_tag={tag},security_model=none{options}"]
    words += ["-device", "virtio-serial-pci,max_ports=31"]
    for number in range(SLOTS):
        words += ["-chardev", f"socket,id=slot{number},path=/share/{SOCKETS}/slot{number},server=on,wait=off"]
        words += ["-device", f"virtserialport,chardev=slot{number},name=slot{number}"]
    mounts = (
        Mount(folder / SHARE, f"/share/{SHARE}", writable=True),
        Mount(roots.folder(), f"/share/{ROOTS}"),
        Mount(folder / SOCKETS, f"/share/{SOCKETS}", writable=True),
    )
    return Job(tuple(words), name, mounts=mounts, memory=memory + OVERHEAD)


def _connect(end: socket.socket, path: Path) -> None:
    """To a socket that another user made, and to nothing that a link names; however long the path is."""
    handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISSOCK(os.fstat(handle).st_mode):
            raise OSError(f"{path.name} is no socket")
        end.connect(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
