"""What the checks of a boot may use: sockets and programs in its networks, and the guest's console."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bootmatrix.checks import targets
from bootmatrix.checks.check import Ran, World
from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.matrix.keys.checks import asked
from bootmatrix.model import Rejected
from bootmatrix.places.place import Job
from bootmatrix.quantities import human_size
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.watch import watch

if TYPE_CHECKING:
    import socket
    import threading
    from collections.abc import Sequence

    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.places.namespace import Lent
    from bootmatrix.places.place import Place, Process
    from bootmatrix.planning.step import BootStep
    from bootmatrix.watching.watch import Watched

FLOOD = 256 << 20  # bytes that a program may print until it is ended


@dataclass(frozen=True)
class Worlds:
    """Makes that of each boot of a test; `places` are those in which programs run beside it, by the names of images."""

    step: BootStep
    fields: TestFields
    places: dict[str, Place]

    def of(self, process: Process) -> World:
        beside = _Beside(self, process)
        write = process.write if reads(self.fields) else None
        return World(self.step.interfaces, beside.socket, beside.run, write, self.step.root)


@dataclass(frozen=True)
class _Beside:
    """What stands in the networks of one process."""

    worlds: Worlds
    process: Process

    def socket(self, network: str, family: int, kind: int, protocol: int) -> socket.socket:
        return self._namespace(network).socket(family, kind, protocol)

    def run(
        self, network: str, argv: Sequence[str], image: str, seconds: float, limit: int, stop: threading.Event
    ) -> Ran:
        step = self.worlds.step
        namespace = self._namespace(network)
        job = Job(tuple(argv), f"a check of {step.id}", stands_in=namespace)
        with namespace.visited(), self.worlds.places[image].start(job) as program:
            seen = watch(program, Limits(seconds, FLOOD, merge=True, kept=limit), stop)
        return _ran(seen)

    def _namespace(self, network: str) -> Lent:
        if network not in self.process.ends:
            raise InfrastructureError(f"the boot has no network {network}")
        return self.process.ends[network]


def _ran(seen: Watched) -> Ran:
    if seen.exit:
        cause = "had no memory left" if seen.exit.out_of_memory else f"was ended by {seen.exit.signal}"
        return Ran(seen.exit.status, seen.console.raw(), cause)
    cause = "did not end in time" if seen.late else f"was ended, for it printed more than {human_size(FLOOD)}"
    return Ran(None, seen.console.raw(), cause, seen.late)


def reads(fields: TestFields) -> bool:
    """Whether the guest is sent anything on its console."""
    return any(check.console and check.console.send for check in asked(fields.ready, fields.checks))


def check(step: BootStep, fields: TestFields) -> None:
    """Raises UserError for a check that names what the test does not have, Rejected for one that the backend cannot."""
    for each in asked(fields.ready, fields.checks):
        try:
            targets.of(each, step.interfaces)
        except UserError as error:
            raise UserError(*(replace(problem, what=step.told(problem.what)) for problem in error.problems)) from None
    if fields.monitoring and not step.interfaces:
        what = f"{step.id} has `monitoring`, but no network on which its guest could send anything"
        raise UserError(Problem(what, remedy="give it `nets`, or remove `monitoring`"))
    if reads(fields) and not step.runner.has_input:
        raise Rejected(
            f"a check sends a line to the guest's console, but guests on {step.backend} get no input there",
            "exclude the cell, or ask the guest over a network",
        )
