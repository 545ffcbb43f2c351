"""What a guest tells of itself in line protocol, as to a Telegraf: taken in at the host ends of its networks."""

from __future__ import annotations

import csv
import errno
import io
import socket
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.watching import lineprotocol
from bootmatrix.watching.thinning import Thinned
from bootmatrix.watching.witness import Ending, Findings, Moment, Witness

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bootmatrix.model import Interface, Network
    from bootmatrix.places.place import Process

FILE = "monitoring.csv"
HEADER = ("seconds", "name", "value")
MOST = 1024  # values of each name that are kept
NAMES = 256  # that are kept
CONNECTIONS = 8  # at once
AT_ONCE = 16 << 10  # bytes of a connection that are read at a look
LAST = 64  # such reads of what is left at the end
LINE = 16 << 10  # bytes of a line: a longer one is none


class Monitoring(Witness):
    """Ends nothing. `interfaces` are those of the guest; it connects to `port` of the host end of any of them."""

    def __init__(self, interfaces: Sequence[Interface], port: int) -> None:
        self._networks = {each.network.name: each.network for each in interfaces}
        self._port = port
        self._doors: list[socket.socket] = []
        self._connections: dict[socket.socket, bytearray] = {}
        self._found: dict[str, Thinned[float]] = {}
        self._began = self._last = 0.0

    def began(self, process: Process, now: float) -> None:
        self._began = now
        for name, network in self._networks.items():
            door = process.ends[name].socket(socket.AF_INET, socket.SOCK_STREAM)
            self._doors.append(door)
            self._listen(door, network)

    def _listen(self, door: socket.socket, network: Network) -> None:
        try:
            door.bind((str(network.host.ip), self._port))
            door.listen(CONNECTIONS)
            door.setblocking(False)
        except OSError as error:
            self.abandoned()
            what = f"nothing can be taken in at port {self._port} of the network '{network.name}': {error.strerror}"
            if error.errno == errno.EADDRINUSE:
                raise UserError(Problem(what, remedy="give each guest that is on it another port")) from None
            raise InfrastructureError(what) from None

    def tick(self, moment: Moment) -> None:
        self._last = moment.now - self._began
        for door in self._doors:
            while len(self._connections) < CONNECTIONS:
                try:
                    connection, _ = door.accept()
                except OSError:  # nobody is there, or the network is gone
                    break
                connection.setblocking(False)
                self._connections[connection] = bytearray()
        for connection, held in list(self._connections.items()):
            if not self._read(connection, held):
                connection.close()
                del self._connections[connection]

    def _read(self, connection: socket.socket, held: bytearray) -> bool:
        """False if nothing more can come."""
        try:
            chunk = connection.recv(AT_ONCE)
        except BlockingIOError:
            return True
        except OSError:
            chunk = b""
        held += chunk or b"\n"
        *lines, rest = bytes(held).split(b"\n")
        held[:] = rest[: LINE + 1]  # what is too long stays so until its end
        for line in lines:
            self._add(line)
        return bool(chunk)

    def _add(self, line: bytes) -> None:
        if len(line) > LINE:
            return
        for name, value in lineprotocol.numbers(line.decode("utf-8", "replace")):
            if name in self._found or len(self._found) < NAMES:
                self._found.setdefault(name, Thinned(MOST)).add(self._last, value)

    def ended(self, ending: Ending) -> Findings:
        del ending
        for connection, held in self._connections.items():
            for _ in range(LAST):
                if not self._read(connection, held):
                    break
        self.abandoned()
        return Findings(files={FILE: _written(self._rows())}) if self._found else Findings()

    def abandoned(self) -> None:
        for each in (*self._doors, *self._connections):
            each.close()
        self._doors, self._connections = [], {}

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        for name, found in self._found.items():
            yield from ((f"{at:.3f}", name, f"{value:.12g}") for at, value in found.kept)


def _written(rows: Iterator[tuple[str, str, str]]) -> bytes:
    """As CSV: a name may hold a comma."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "replace")
