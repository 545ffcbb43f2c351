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
from bootmatrix.checks.echoes import Echoes
from bootmatrix.checks.ends import Ended
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from bootmatrix.checks.check import Try
    from bootmatrix.matrix.keys.kinds import Ping

WAIT = 2.0  # seconds after which an answer is lost
FEW, MANY = 16, 1024  # pings that are on their way: of a flood as long as answers come, and in all
OVERHEAD = 1024  # bytes that an answer may take in the socket's buffer besides twice its own
STALLED = 0.01  # seconds without an answer after which a flood goes on all the same
TIMEVAL = struct.Struct("@ll")
NOT_SENT = frozenset({errno.EAGAIN, errno.ENOBUFS})
UNREACHABLE = frozenset(  # as the kernel tells the messages of ICMP that a guest may send instead of an answer
    {
        *(errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNREFUSED, errno.ENOPROTOOPT, errno.EMSGSIZE),
        *(errno.EOPNOTSUPP, errno.EHOSTDOWN, errno.ENONET, errno.EPROTO),
    }
)


def ask(options: Ping, tried: Try) -> Report:
    """Raises Failed and Ended."""
    with tried.opened(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as sock:
        series = _Series(options, tried, sock)
        try:
            series.all()
        except Late:
            raise series.failed(late=True) from None
        except Ended:
            if not series.is_good_enough():
                raise
        if not series.times or 100 * series.lost > options.loss * options.count:
            raise series.failed()
        return series.report()


def flood(flying: int, left: int, most: int = FEW) -> int:
    """How many of those that are left a flood sends while others are on their way. Towards its end it is ever fewer,
    and the last is alone: a guest that ends after so many answers may take those with it that its device still has.
    """
    return min(min(FEW, most) - flying, left, max((left + 1 - flying) // 2, int(not flying)))


class _Series:
    """Pings, each of which is answered, lost, or on its way."""

    def __init__(self, options: Ping, tried: Try, sock: socket.socket) -> None:
        self.options, self.tried, self.sock = options, tried, sock
        self.times: list[float] = []
        self.lost = self.others = 0  # `others`: what came and was no answer to one on its way
        self.began = self.heard = tried.clock()  # `heard`: when the last answer came, or a flood went on without
        self.wait = 0.0  # how long the socket blocks, as it was told last
        pattern = bytes.fromhex(options.pattern) or bytes(range(256))
        fill = (pattern * (options.size // len(pattern) + 1))[: options.size]
        buffer = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self.most = max(1, min(MANY, buffer // (2 * options.size + OVERHEAD)))  # more answers would not fit in
        self.echoes = Echoes(tried.address, fill, self.most)

    def all(self) -> None:
        """Raises Late if the time is over, Ended; one that is tried again must be answered at once to go on."""
        try:
            self.sock.connect((self.tried.address, 0))  # so that it hears of errors
        except OSError as error:
            self._refuse(error)
        if self.tried.again:
            self._first()
        pace = 0.0 if self.options.flood else self.options.interval
        due = self.began + (pace if self.echoes.sent else 0.0)
        while len(self.times) + self.lost < self.options.count:
            now = self.tried.clock()
            while self._left and now >= due and (free := self._free()) > 0:
                sent = self._send(min(free, int((now - due) / pace) + 1) if pace else free, now)
                due = due + pace * sent if pace else now
            if not self._receive(STALLED if self.options.flood else self._until(due, now)):
                self._without_answer()

    @property
    def _left(self) -> int:
        """How many are still to be sent."""
        return self.options.count - self.echoes.sent

    def _free(self) -> int:
        """How many may be sent now."""
        flying = len(self.echoes.flying)
        return flood(flying, self._left, self.most) if self.options.flood else self.most - flying

    def _first(self) -> None:
        """Whether the guest answers at all."""
        now = self.tried.clock()
        until = now + self.tried.patience
        self._send(1, now)
        while not self.times and (left := until - self.tried.clock()) > 0:
            self._receive(min(left, self.tried.rest()))
        if not self.times:
            raise self.failed()

    def _until(self, due: float, now: float) -> float:
        """Seconds until there is something to do."""
        ends = [self.tried.deadline, *([due] if self._left else [])]
        if self.echoes.flying:
            ends.append(next(iter(self.echoes.flying.values())) + WAIT)
        return max(0.0001, min(ends) - now)

    def _send(self, most: int, now: float) -> int:
        """The next ones, so many at most; how many."""
        count = self.echoes.prepare(min(most, self._left), now)
        gone = 0
        while gone < count:
            try:
                gone += self.echoes.send(self.sock, gone, count)
            except OSError as error:
                self._check(error)
                gone += 1  # that one is lost
        return count

    def _receive(self, seconds: float) -> bool:
        """Whether an answer came within so many seconds; counts those that did."""
        before = self.tried.clock()
        self._block(seconds)
        try:
            count = self.echoes.receive(self.sock)
        except OSError as error:
            self._check(error)
            return False
        now = self.tried.clock()
        if now >= self.tried.deadline:
            raise Late
        times = [now - sent for sent in self.echoes.answered(count)]
        if count < self.echoes.room:  # there was no more: what comes for one sent long before this comes too late
            self.lost += self.echoes.lost(before - WAIT)
        self.others += count - len(times)
        if not times:
            self.tried.raise_ended()  # what the guest has sent before counts
            return False
        self.times += times
        self.heard = now
        return True

    def _without_answer(self) -> None:
        """What is on its way for too long is lost; a flood goes on beside what may still come."""
        self.tried.raise_ended()
        self.tried.rest()
        now = self.tried.clock()
        self.lost += self.echoes.lost(now - WAIT)
        if self.options.flood and self._left and len(self.echoes.flying) < self.most and now >= self.heard + STALLED:
            self._send(1, now)
            self.heard = now

    def _block(self, seconds: float) -> None:
        """By the socket's own time-out, which is all that such a call heeds."""
        if seconds != self.wait:
            whole = TIMEVAL.pack(int(seconds), max(1, int(seconds % 1 * 1e6)))
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, whole)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, TIMEVAL.pack(0, 100_000))
            self.wait = seconds

    def _check(self, error: OSError) -> None:
        """What is not sent, or comes back as unreachable, is as good as lost."""
        self.tried.raise_ended()
        if error.errno not in NOT_SENT | UNREACHABLE:
            self._refuse(error)

    def _refuse(self, error: OSError) -> NoReturn:
        what = f"{self.tried.address}: {os.strerror(error.errno or 0)}"
        raise Failed(what, final=bool(self.times), report=self.report()) from None

    def is_good_enough(self) -> bool:
        """Whether a guest that ended has left no more unanswered than may be lost."""
        unanswered = self.options.count - len(self.times)
        return not self._left and bool(self.times) and 100 * unanswered <= self.options.loss * self.options.count

    def failed(self, *, late: bool = False) -> Failed:
        answered, count = len(self.times), self.options.count
        if not self.times:
            what = f"{self.tried.address} does not answer pings"
        elif late:
            what = f"{self.tried.address} answered only {answered:,} of {how_many(count, 'ping')} in time"
        else:
            may = f"{self.options.loss:g} % may be lost"
            what = f"{self.tried.address} did not answer {self.lost:,} of {how_many(self.echoes.sent, 'ping')} ({may})"
        if self.others:
            what += f"; {how_many(self.others, 'message')} came besides that answered none"
        return Failed(what, final=bool(self.times), late=late or bool(self.lost), report=self.report())

    def report(self) -> Report:
        took = self.tried.clock() - self.began
        received = len(self.times)
        share = 100 * (self.echoes.sent - received) / max(self.echoes.sent, 1)
        counted = {"sent": self.echoes.sent, "received": received, "lost": f"{share:g}%", **dict(spread(self.times))}
        return Report(numbers(**counted, rate=per_second(received, took), seconds=f"{took:.6f}"))
