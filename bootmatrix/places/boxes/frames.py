"""Our end of a slot's port: one stream of frames, in which all comes in the order in which it was said: `ferry.c`."""

from __future__ import annotations

import os
import select
import struct
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.boxes.buffered import Buffered
from bootmatrix.places.place import CONSOLE, TENDER

if TYPE_CHECKING:
    import socket

    from bootmatrix.places.boxes.links import Link

HEAD = struct.Struct(">cI")
LONGEST = 1 << 21  # bytes of a frame, and of samples that nobody has read
TOLD = 1 << 12  # bytes of a line of the agent's
ENOUGH = 1 << 20  # bytes of a job's output that nobody has read: then the job waits
KINDS = {b"1": CONSOLE, b"2": TENDER}
OPEN, MEMORY, COMMANDS, INPUT, DROP = b"O", b"G", b"C", b"I", b"D"
STATUS, USAGE, FRAME, ENDED = b"S", b"U", b"N", b"E"


class Frames:
    """`end` is ours from now on; `name` is the job's.

    A thread of its own takes what comes, and carries the frames of the slot's networks, those of `links` by their
    numbers, whether anybody reads or not. It ends with the connection.
    """

    def __init__(self, end: socket.socket, name: str) -> None:
        self.name = name
        self._links: list[Link] = []
        self._end, self._in = Buffered(end), bytearray()
        self._chunks: deque[tuple[str, bytes]] = deque()
        self._unread = 0  # bytes of them
        self._told = self._used = b""
        self._opening = False  # whether what comes is still of the slot before
        self._ended = ""  # why nothing more of the slot will come before it is made anew
        self._gone = ""  # why nothing more will come at all
        self._over = False  # whether the thread has ended
        self._changed = threading.Condition()
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        threading.Thread(target=self._carry, name="slot", daemon=True).start()

    def send(self, kind: bytes, content: bytes = b"") -> bool:
        """Whether it is on its way: not if too much is."""
        sent = self._end.send(HEAD.pack(kind, len(content)) + content)
        self._ring()
        return sent

    def open(self, words: bytes) -> None:
        """Ask for a slot anew; what comes of the one before is passed over."""
        with self._changed:
            self._opening = True
            self._told = b""
            self._ended = ""
        self.send(OPEN, words)

    def forget(self) -> None:
        """What was said and not read is not of the next job."""
        with self._changed:
            self._told = b""

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        """The next chunk, None if there is none within so many seconds or if the job is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self.over(), seconds)
            if not self._chunks:
                return None
            found = self._chunks.popleft()
            self._unread -= len(found[1])
        self._ring()
        return found

    def over(self) -> bool:
        """Whether the job has ended, and what of it is still to be read is here."""
        return bool(self._told or self._ended or self._gone)

    @property
    def lost(self) -> bool:
        """Whether nothing more will come, of any slot."""
        return bool(self._gone)

    def drain(self) -> None:
        """Nothing is left: what a job printed comes before the word of its end."""

    def discard(self) -> None:
        """Forget all that was printed and not read."""
        with self._changed:
            self._chunks.clear()
            self._unread = 0
        self._ring()

    def line(self, seconds: float) -> str:
        """The agent's next line, or why there will be none; InfrastructureError if it says nothing for so long."""
        end = time.monotonic() + seconds
        with self._changed:
            while b"\n" not in self._told and not (self._ended or self._gone) and len(self._told) <= TOLD:
                if not self._changed.wait(end - time.monotonic()) and time.monotonic() > end:
                    raise InfrastructureError(f"the box of {self.name} does not answer")
            if b"\n" not in self._told:
                return self._ended or self._gone or "it sent an invalid reply"
            line, _, self._told = self._told.partition(b"\n")
        return line.decode("utf-8", "replace").strip()

    def usage(self, seconds: float = 0.0) -> bytes:
        """What the agent told of the job's usage since this was called last; if that is nothing, what comes within so
        many seconds, or until the job is over.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._used or self.over(), seconds)
            found, self._used = self._used, b""
        return found

    def join(self, links: list[Link]) -> None:
        """Carry the frames of these from now on, and of those before no more."""
        with self._changed:
            before, self._links = self._links, links
        for each in before:
            each.end.close()
        self._ring()

    def end(self) -> None:
        """Nothing more will come; who reads is woken."""
        self._say("the box has ended")
        self._end.end()

    def _ring(self) -> None:
        """Let the thread look again at what there is to do."""
        with self._changed:
            if not self._over:
                os.eventfd_write(self._bell, 1)

    def _say(self, gone: str) -> None:
        with self._changed:
            self._gone = self._gone or gone
            self._changed.notify_all()

    def _carry(self) -> None:
        try:
            while self._wait():
                pass
        finally:
            self._say("the box has ended")
            self.join([])
            with self._changed:
                self._over = True
                os.close(self._bell)
            self._end.close()

    def _wait(self) -> bool:
        """Take what comes, and send what waits; whether more may come."""
        with self._changed:
            links, waits = list(self._links), self._unread < ENOUGH
        poll = select.poll()
        poll.register(self._bell, select.POLLIN)
        ends = [self._end, *(link.end for link in links if link.end.descriptor >= 0)]
        for each in ends:
            events = each.events if waits or each is not self._end else each.events & ~select.POLLIN
            poll.register(each.descriptor, events)
        ready = {descriptor for descriptor, event in poll.poll() if event & ~select.POLLOUT}
        if self._bell in ready:
            os.eventfd_read(self._bell)
        for number, link in enumerate(links):
            if link.end.descriptor in ready:
                for frame in link.frames():
                    self._end.send(HEAD.pack(FRAME, 1 + len(frame)) + bytes([number]) + frame)
        goes_on = self._end.descriptor not in ready or self._take()
        for each in ends:
            each.flush()
        return goes_on

    def _take(self) -> bool:
        some = self._end.take()
        if some is None:
            return False
        self._in += some
        at = 0
        with self._changed:
            while len(self._in) - at >= HEAD.size:
                kind, length = HEAD.unpack_from(self._in, at)
                if length > LONGEST:
                    return False
                if len(self._in) - at < HEAD.size + length:
                    break
                at += HEAD.size + length
                self._heed(kind, bytes(self._in[at - length : at]))
            self._changed.notify_all()
        del self._in[:at]
        return True

    def _heed(self, kind: bytes, content: bytes) -> None:
        if self._opening:
            self._opening = kind != OPEN
        elif kind in KINDS:
            self._chunks.append((KINDS[kind], content))
            self._unread += len(content)
        elif kind == STATUS:
            self._told += content
        elif kind == USAGE:
            self._used = (self._used + content)[-LONGEST:]
        elif kind == FRAME and content and content[0] < len(self._links):
            self._links[content[0]].give(content[1:])
        elif kind == ENDED:
            self._ended = content.decode("utf-8", "replace") or "it has ended"
