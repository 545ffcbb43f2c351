"""A guest's interface in a box: frames to and from the relay of its network, each with its length before it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from bootmatrix.places.boxes.buffered import Buffered

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

HEAD = struct.Struct(">I")
LONGEST = 1 << 16  # bytes of a frame


class Link:
    """`end` is ours from now on: that of a relay, see `agent_relay.c`."""

    def __init__(self, end: socket.socket) -> None:
        self.end, self._in = Buffered(end), bytearray()

    def give(self, frame: bytes) -> None:
        """To the network; one that it does not take is lost."""
        self.end.send(HEAD.pack(len(frame)) + frame)

    def frames(self) -> Iterator[bytes]:
        """Those that have come from the network; nothing more does once there is no network."""
        some = self.end.take()
        if some is None:
            self.end.close()
            return
        self._in += some
        at = 0
        while len(self._in) - at >= HEAD.size:
            (length,) = HEAD.unpack_from(self._in, at)
            if length > LONGEST:
                self.end.close()
                return
            if len(self._in) - at < HEAD.size + length:
                break
            yield bytes(self._in[at + HEAD.size : at + HEAD.size + length])
            at += HEAD.size + length
        del self._in[:at]
