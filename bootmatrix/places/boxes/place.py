"""An image in a box: its programs run in a virtual machine that has a hypervisor of its own."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError
from bootmatrix.places import disks, own, undoing
from bootmatrix.places.boxes import slot
from bootmatrix.places.containers.place import ContainerPlace, ContainerProcess
from bootmatrix.places.devices import TUN
from bootmatrix.places.hosts import Host
from bootmatrix.places.place import Job, nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.places.boxes.machines import Machines
    from bootmatrix.places.boxes.slot import Slot
    from bootmatrix.places.place import Begin, Process

KINDS = {"kvm": "box-kvm", "xen": "box-xen"}  # the folder of the image that brings each accelerator
OWN_ROOT = {"box-xen"}  # those whose programs a boot needs, and not its cell's
MOST_LINKS = 8  # of one boot: see `ferry.c`
IDLER = ("sleep", "infinity")  # has the networks of a boot, which itself is in the box


class BoxHost(Host):
    """A machine in a box: it has what it brings, and its times are comparable with no other's."""

    def __init__(self, kind: str) -> None:
        self.box = kind
        self.name = f"a box ({kind})"

    @property
    def machine(self) -> str:
        return "x86_64"

    @property
    def kind(self) -> str:
        return f"{super().kind}, {self.box}"

    def trouble(self, accelerator: str) -> str:
        return "" if KINDS.get(accelerator) == self.box else f"{self.name} has no {accelerator}"

    def lacks(self, device: str) -> str:
        return "" if device in {TUN, *KINDS} else f"{self.name} has no {device}"


class BoxProcess(ContainerProcess):
    """A job in a slot; it does not end with the container that has its networks, which are outside of the box."""

    def check_ends(self) -> None:
        if self.namespace:
            self.namespace.check()
        super().check_ends()


class BoxPlace(ContainerPlace):
    """An image, by its tag, in one of `machines`. The networks of boots are in containers of the box's image."""

    def __init__(self, kind: str, image: str, machines: Machines) -> None:
        super().__init__(image, machines.pool)
        self.machines = machines
        self.name = f"{image} in {kind}"
        self.host = BoxHost(kind)

    @property
    def key(self) -> str:
        """What is built for an image is built outside."""
        return f"{ContainerPlace.__name__} {self.identity}"

    def folder(self) -> str:
        return slot.folder()

    def lacks(self, job: Job) -> str:
        if job.spoils_scratch:
            return "in a box nothing of the host can be mounted at /tmp"
        if len(job.interfaces) > MOST_LINKS:
            return f"a boot in a box may have {MOST_LINKS} interfaces, not {len(job.interfaces)}"
        if job.stands_in:
            return "nothing in a box can stand in the networks of another boot"
        return self.machines.place.lacks(_outside(job)) if job.interfaces else ""

    def warm_up(self, job: Job) -> None:
        """It takes long, and each slot is made when it is needed."""

    @contextlib.contextmanager
    def start(self, job: Job, begin: Begin = nothing) -> Iterator[Process]:
        with self._networks(job) as around:
            taken = self.machines.take(self.image, job)
            process, gone = BoxProcess(taken), True
            mine = taken.of(job)
            on = mine.with_name(disks.beside(mine.name))
            try:
                if job.disks:
                    disks.make(on, disks.OPEN)
                    process.disks = disks.lay(on, job.disks)
                if job.files:
                    own.lay(mine, job.files)
                if around and around.namespace:
                    process.namespace, process.ends = around.namespace, around.ends
                    taken.join(around.namespace, job.interfaces)
                begin(process.namespace)
                process.begun = time.monotonic()
                taken.hand(job)
                yield process
            finally:
                taken.clear()
                if job.undo:
                    process.clean = self._undone(taken, job, clean=process.clean)
                if job.files:
                    gone &= own.remove(mine)
                if job.disks:
                    gone &= disks.clear(on) and own.remove(on)
                self.machines.give_back(taken, clean=process.clean and gone)

    def _undone(self, taken: Slot, job: Job, *, clean: bool) -> bool:
        """Whether what a job has started in the machine is ended, and the slot can be used; else the machine ends."""
        try:
            if not clean:
                self.machines.renew(taken, self.image, job)
            taken.hand(job.undoing)
            after = ContainerProcess(taken)
            if not undoing.trouble(after):
                return after.clean
        except InfrastructureError:
            pass
        taken.machine.close()
        return False

    @contextlib.contextmanager
    def _networks(self, job: Job) -> Iterator[Process | None]:
        """A process that only has the networks of a job, in a container."""
        if not job.interfaces:
            yield None
            return
        with self.machines.place.start(_outside(job)) as around:
            yield around


def _outside(job: Job) -> Job:
    """What has the networks of a job in a box: no more of it is outside."""
    interfaces = tuple(replace(each, by_socket=True) for each in job.interfaces)
    return Job(IDLER, job.name, interfaces=interfaces, shared=job.shared, port=job.port)
