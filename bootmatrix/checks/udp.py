"""Datagrams to the guest, and its answer to each."""

from __future__ import annotations

import select
import socket
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.checks.awaited import missing, shown
from bootmatrix.checks.check import Failed, Late, Report, numbers, per_second, spread
from bootmatrix.checks.link import worded
from bootmatrix.networks import datagrams
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from bootmatrix.checks.check import Try
    from bootmatrix.matrix.keys.kinds import Udp

LARGEST = 1 << 16  # bytes of a datagram
WAIT = 2.0  # seconds after which an answer counts as lost, once there was one


def ask(options: Udp, tried: Try) -> Report:
    """Raises Failed and Ended."""
    with tried.opened(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return _Series(options, tried, sock).all()


class _Series:
    """Datagrams, each sent once the one before is answered or lost. All hold the same, so each comes from a port of its
    own: what is sent to that answers no other.
    """

    def __init__(self, options: Udp, tried: Try, sock: socket.socket) -> None:
        self.options, self.tried, self.sock = options, tried, sock
        self.poll = select.poll()
        self.poll.register(sock, select.POLLIN)
        self.where = f"{tried.address}:{options.port}"
        self.times: list[float] = []
        self.sent = 0
        self.last, self.other = b"", ""  # the last answer, and why the last datagram that came was none

    def all(self) -> Report:
        began = self.tried.clock()
        while self.sent < self.options.count:
            try:
                self._one()
            except Late:
                raise self._failed(began, late=True) from None
            if self.options.answer and not self.times and self.tried.again:
                raise self._failed(began)
        if self.options.answer and 100 * (self.sent - len(self.times)) > self.options.loss * self.sent:
            raise self._failed(began, final=True)
        return self._report(began)

    def _one(self) -> None:
        """Raises Late if the time of all is over."""
        self._connect()
        sent_at = self.tried.clock()
        until = sent_at + self._patience()
        self.sock.settimeout(self.tried.rest())
        self.sent += 1
        try:
            self.sock.send(self.options.send.encode())
            while self.options.answer and (left := until - self.tried.clock()) > 0:
                if (data := self._received(min(left, self.tried.rest()))) is not None and self._fits(data):
                    self.times.append(self.tried.clock() - sent_at)
                    self.last = data
                    return
        except OSError as error:
            self._note(error)

    def _patience(self) -> float:
        """Seconds in which an answer counts."""
        if self.tried.again and not self.times:
            return self.tried.patience
        return WAIT if self.options.count > 1 else self.tried.rest()

    def _received(self, seconds: float) -> bytes | None:
        """None if nothing has come after so many seconds. OSError if the guest refuses."""
        if not self.poll.poll(1000 * seconds):
            return None
        self.sock.setblocking(False)  # with a time-out Python would ask one that is shut down again and again
        try:
            found = self.sock.recv(LARGEST)
        except BlockingIOError:
            found = None
        if not found:
            self.tried.raise_ended()
        return found

    def _connect(self) -> None:
        """From another port; a new socket would be slower, and let some guests fall asleep."""
        try:
            if self.sent:
                datagrams.disconnect(self.sock)
            self.sock.connect((self.tried.address, self.options.port))  # the kernel drops what others send
        except OSError as error:
            self.tried.raise_ended()
            raise Failed(f"{self.where}: {worded(error)}", final=bool(self.times)) from None
        if self.sent:
            self._drain()

    def _drain(self) -> None:
        """What came to the port before."""
        self.sock.setblocking(False)
        while True:
            self.tried.rest()
            try:
                if not self.sock.recv(LARGEST):
                    self.tried.raise_ended()
            except BlockingIOError:
                return
            except OSError as error:
                self._note(error)

    def _note(self, error: OSError) -> None:
        self.tried.raise_ended()
        refused = isinstance(error, ConnectionRefusedError)
        self.other = "the port is closed" if refused else worded(error)

    def _fits(self, data: bytes) -> bool:
        text = texts.clean(data)
        if (lacking := missing(self.options.expect, text)) is None:
            return True
        self.other = f"{shown(text)} came without {lacking}"
        return False

    def _failed(self, began: float, *, final: bool = False, late: bool = False) -> Failed:
        lost = self.sent - len(self.times)
        why = f": {self.other}" if self.other else ""
        if self.options.count == 1 or not self.times:
            what = f"{self.where} did not answer{why}"
        elif late:
            of = how_many(self.options.count, "datagram")
            what = f"{self.where} answered only {len(self.times):,} of {of} in time{why}"
        else:
            may = f"{self.options.loss:g} % may be lost"
            what = f"{self.where} did not answer {lost:,} of {how_many(self.sent, 'datagram')} ({may}){why}"
        return Failed(what, final=final and bool(self.times), late=late or final, report=self._report(began))

    def _report(self, began: float) -> Report:
        took = self.tried.clock() - began
        counted = {"sent": self.sent, "received": len(self.times)}
        if self.options.answer:
            counted["lost"] = f"{100 * (self.sent - len(self.times)) / max(self.sent, 1):g}%"  # type: ignore[assignment]
        rest = {**dict(spread(self.times)), "rate": per_second(self.sent, took), "seconds": f"{took:.6f}"}
        return Report(numbers(**counted, **rest), texts.clean(self.last))
