"""The usher on this host: what `agent_usher.c` does in a container, for `holder.py`. It imports nothing of ours.

A thread for each tap on a bridge hurries the kernel to see who has attached to it, and sends what the bridge has
dropped until then by the link that leads from there. Nothing of a flood is kept.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

TYPE_CHECKING = False  # as `typing` has it, which takes as long to import as all else
if TYPE_CHECKING:
    from typing import Any

FIRST_FRAMES, FIRST_BYTES, AT_A_LOOK = 256, 1 << 20, 1024  # that are kept, and frames of a look
SOL_PACKET, LINK_HEADER, OUTGOING = 263, 15, 4  # PACKET_VNET_HDR: before each frame is what is left of its checksum
EVERY = 3  # ETH_P_ALL
LARGEST, BEFORE, UNFINISHED = 65535 + 18, struct.Struct("=BBHHHH"), 1  # virtio_net_hdr, VIRTIO_NET_HDR_F_NEEDS_CSUM
TAG, TAG_AT, VLAN = 4, 12, b"\x81\x00"
SPACE = 64  # bytes for what is said of a frame
ASKED, ATTRIBUTE = struct.Struct("=IHHIIBxHiII"), struct.Struct("=HH")  # nlmsghdr and ifinfomsg; rtattr
GET_LINK, NEW_LINK, REQUEST = 18, 16, 1
OPERSTATE, CARRIER, UP = 16, 33, 6  # IFLA_OPERSTATE, IFLA_CARRIER, IF_OPER_UP
SOON, AT_FIRST, LATER = 0.001, 2.0, 0.02  # seconds between looks, and until they are less often


def begin(tap: str, link: str, relay: Any) -> None:
    """Attend a tap on a bridge, from which that link leads; `relay` is `relay.py`. Raises OSError."""
    with contextlib.ExitStack() as stack:
        seen = [_Seen(stack.enter_context(relay.frames_of(name)), relay.tagged) for name in (tap, link)]
        for each in seen:
            each.end.setsockopt(SOL_PACKET, LINK_HEADER, 1)
        usher = _Usher(socket.if_nametoindex(tap), seen[0], seen[1])
        threading.Thread(target=usher.attend, daemon=True).start()
        stack.pop_all()


def state(answer: bytes) -> bool | None:
    """Whether somebody has attached to the link of an answer, and the kernel has seen that; None if there is none."""
    if len(answer) < ASKED.size or ASKED.unpack_from(answer)[1] != NEW_LINK:
        return None
    at, told = ASKED.size, dict[int, int]()
    while at + ATTRIBUTE.size < len(answer):
        length, kind = ATTRIBUTE.unpack_from(answer, at)
        if length < ATTRIBUTE.size:
            return None
        told[kind] = answer[at + ATTRIBUTE.size]
        at += (length + 3) & ~3
    return bool(told.get(CARRIER)) and told.get(OPERSTATE) == UP


class _Seen:
    """Frames that have passed a link, the first ones, with what stands before each."""

    def __init__(self, end: socket.socket, tagged: Any) -> None:
        self.end, self.tagged = end, tagged
        self.frames: list[tuple[bytes, bytes]] = []
        self.size = 0

    @property
    def flood(self) -> bool:
        return len(self.frames) > FIRST_FRAMES or self.size > FIRST_BYTES

    def look(self, *, outgoing: bool) -> None:
        """Keep what has passed."""
        for _ in range(AT_A_LOOK):
            if self.flood:
                return
            try:
                whole, extra, flags, source = self.end.recvmsg(BEFORE.size + LARGEST, SPACE)
            except OSError:
                return
            if (source[2] == OUTGOING) == outgoing and not flags & socket.MSG_TRUNC:
                self.frames.append((whole[: BEFORE.size], self.tagged(whole[BEFORE.size :], extra)))
                self.size += len(whole)


class _Usher:
    """`index` is that of the tap."""

    def __init__(self, index: int, tap: _Seen, link: _Seen) -> None:
        self.index, self.tap, self.link = index, tap, link

    def attend(self) -> None:
        """Until the bridge passes what comes by the tap, or it is gone."""
        with self.tap.end, self.link.end, contextlib.suppress(OSError):
            often = time.monotonic() + AT_FIRST
            while (up := self._is_up()) is False:
                self._look()
                time.sleep(SOON if time.monotonic() < often else LATER)
            if up:
                self._send_dropped()

    def _look(self) -> None:
        self.tap.look(outgoing=False)
        self.link.look(outgoing=True)

    def _is_up(self) -> bool | None:
        """To be asked hurries the kernel: since Linux 6.8 it does then what was left for later."""
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
            kernel.send(ASKED.pack(ASKED.size, GET_LINK, REQUEST, 0, 0, 0, 0, self.index, 0, 0))
            return state(kernel.recv(1 << 14, socket.MSG_DONTWAIT))

    def _dropped(self) -> list[tuple[bytes, bytes]]:
        """The first frames of the tap; not the last, which have passed the link, with others between them."""
        dropped = [*self.tap.frames]
        for _, frame in reversed(self.link.frames):
            if dropped and dropped[-1][1] == frame:
                dropped.pop()
        return dropped

    def _send_dropped(self) -> None:
        """The kernel ends no socket for packets before what is on its way has come through."""
        self._look()
        if not self._dropped():
            return
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY)).close()
        self._look()
        if self.tap.flood or self.link.flood:
            return
        for before, frame in self._dropped():
            with contextlib.suppress(OSError):
                self.link.end.send(_shifted(before, frame) + frame)


def _shifted(before: bytes, frame: bytes) -> bytes:
    """What is left of a checksum of a frame whose VLAN tag stands in it again."""
    flags, kind, head, size, start, offset = BEFORE.unpack(before)
    if flags & UNFINISHED and frame[TAG_AT : TAG_AT + 2] == VLAN:
        return BEFORE.pack(flags, kind, head, size, start + TAG, offset)
    return before
