"""Pings: ICMP echo requests through an ordinary datagram socket, each answered by what it was sent.

The kernel gives such a socket (icmp(7)) an identifier of its own and hands it the answers to that alone.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from typing import TYPE_CHECKING, NoReturn

from bootmatrix.checks.check import Failed, Late, Report, numbers, per_second, spread
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from bootmatrix.checks.check import Try
    from bootmatrix.matrix.kinds import Ping

REQUEST, REPLY = 8, 0
HEADER = struct.Struct("!BBHHH")  # type, code, checksum and identifier (the kernel fills them in), sequence number
NUMBER = struct.Struct("!Q")  # the first bytes of what is sent, where it is large enough
SEQUENCES = 1 << 16
WAIT = 2.0  # seconds after which an answer is lost
FEW, MANY = 2, 1024  # pings that are on their way: of a flood as long as answers come, and in all
OVERHEAD = 1024  # bytes that an answer may take in the socket's buffer besides twice its own
STALLED = 0.01  # seconds without an answer after which a flood goes on all the same
TIMEVAL = struct.Struct("@ll")
NOT_SENT = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNREFUSED})


def ask(options: Ping, tried: Try) -> Report:
    """Raises Failed and Ended."""
    with tried.opened(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as sock:
        series = _Series(options, tried, sock)
        try:
            series.all()
        except Late:
            raise series.failed(late=True) from None
        if not series.times or 100 * series.lost > options.loss * options.count:
            raise series.failed()
        return series.report()


class _Series:
    """Pings on their way, by their sequence numbers: when they were sent, and with what. Only an answer to one of them
    counts, from the guest, with the same bytes, and once.
    """

    def __init__(self, options: Ping, tried: Try, sock: socket.socket) -> None:
        self.options, self.tried, self.sock = options, tried, sock
        pattern = bytes.fromhex(options.pattern) or bytes(range(256))
        self.fill = (pattern * (options.size // len(pattern) + 1))[: options.size]
        self.flying: dict[int, tuple[float, bytes]] = {}
        self.times: list[float] = []
        self.sent = self.lost = 0
        self.began = tried.clock()
        self.wait = 0.0  # how long the socket blocks, as it was told last
        buffer = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self.most = max(1, min(MANY, buffer // (2 * options.size + OVERHEAD)))  # more answers would not fit in

    def all(self) -> None:
        """Raises Late if the time is over, Ended; one that is tried again must be answered at once to go on."""
        try:
            self.sock.connect((self.tried.address, 0))  # so that it hears of errors
        except OSError as error:
            self._refuse(error)
        if self.tried.again:
            self._first()
        window = min(FEW, self.most) if self.options.flood else self.most
        pace = 0.0 if self.options.flood else self.options.interval
        due = self.began + (pace if self.sent else 0.0)
        while len(self.times) + self.lost < self.options.count:
            now = self.tried.clock()
            while self.sent < self.options.count and now >= due and len(self.flying) < window:
                self._send(now)
                due = due + pace if pace else now
            if not self._receive(STALLED if self.options.flood else self._until(due, now)):
                self._without_answer()

    def _first(self) -> None:
        """Whether the guest answers at all."""
        now = self.tried.clock()
        until = now + self.tried.patience
        self._send(now)
        while not self.times and (left := until - self.tried.clock()) > 0:
            self._receive(min(left, self.tried.rest()))
        if not self.times:
            raise self.failed()

    def _until(self, due: float, now: float) -> float:
        """Seconds until there is something to do."""
        ends = [self.tried.deadline, *([due] if self.sent < self.options.count else [])]
        if self.flying:
            ends.append(next(iter(self.flying.values()))[0] + WAIT)
        return max(0.0001, min(ends) - now)

    def _send(self, now: float) -> None:
        body = self.fill
        if len(body) >= NUMBER.size:
            body = NUMBER.pack(self.sent) + body[NUMBER.size :]
        sequence = self.sent % SEQUENCES
        self.sent += 1
        self.flying[sequence] = now, body
        try:
            self.sock.send(HEADER.pack(REQUEST, 0, 0, 0, sequence) + body)
        except OSError as error:
            self._check(error)

    def _receive(self, seconds: float) -> bool:
        """Whether something came within so many seconds; counts it if it is an answer."""
        self._block(seconds)
        try:
            data, sender = self.sock.recvfrom(HEADER.size + self.options.size + 1)
        except OSError as error:
            self._check(error)
            return False
        now = self.tried.clock()
        if now >= self.tried.deadline:
            raise Late
        if len(data) < HEADER.size:
            self.tried.raise_ended()
            return True
        kind, _, _, _, sequence = HEADER.unpack_from(data)
        flying = self.flying.get(sequence)
        if flying and kind == REPLY and data[HEADER.size :] == flying[1] and sender[0] == self.tried.address:
            del self.flying[sequence]
            self.times.append(now - flying[0])
        return True

    def _without_answer(self) -> None:
        """What is on its way for too long is lost; a flood goes on beside what may still come."""
        self.tried.raise_ended()
        self.tried.rest()
        now = self.tried.clock()
        while self.flying and now - next(iter(self.flying.values()))[0] >= WAIT:
            del self.flying[next(iter(self.flying))]
            self.lost += 1
        if self.options.flood and self.sent < self.options.count and len(self.flying) < self.most:
            self._send(now)

    def _block(self, seconds: float) -> None:
        """By the socket's own time-out: one call of the system for each ping, where Python's would make two."""
        if seconds != self.wait:
            whole = TIMEVAL.pack(int(seconds), max(1, int(seconds % 1 * 1e6)))
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, whole)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, TIMEVAL.pack(0, 100_000))
            self.wait = seconds

    def _check(self, error: OSError) -> None:
        """What is not sent, or comes back as unreachable, is as good as lost."""
        self.tried.raise_ended()
        if error.errno not in NOT_SENT:
            self._refuse(error)

    def _refuse(self, error: OSError) -> NoReturn:
        raise Failed(f"{self.tried.address}: {os.strerror(error.errno or 0)}") from None

    def failed(self, *, late: bool = False) -> Failed:
        answered, count = len(self.times), self.options.count
        if not self.times:
            what = f"{self.tried.address} does not answer pings"
        elif late:
            what = f"{self.tried.address} answered only {answered:,} of {how_many(count, 'ping')} in time"
        else:
            may = f"{self.options.loss:g} % may be lost"
            what = f"{self.tried.address} did not answer {self.lost:,} of {how_many(self.sent, 'ping')} ({may})"
        return Failed(what, final=bool(self.times), late=late, report=self.report())

    def report(self) -> Report:
        took = self.tried.clock() - self.began
        received = len(self.times)
        share = 100 * (self.sent - received) / max(self.sent, 1)
        counted = {"sent": self.sent, "received": received, "lost": f"{share:g}%", **dict(spread(self.times))}
        return Report(numbers(**counted, rate=per_second(received, took), seconds=f"{took:.6f}"))
