"""The relay on this host: what `agent_relay.c` does in a container, for `holder.py`. It imports nothing of ours.

A thread for each interface carries frames between a link and QEMU, which comes to a socket in the abstract names of the
same network (`-netdev stream`: before each frame its length, 4 bytes). It ends when its link is gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import select
import socket
import struct
import threading

FAR, LONGEST_NAME = "-far", 11  # what the end of a link has after its name from which the relay reads
LARGEST = 65535 + 18  # bytes of a frame
AT_ONCE = 64  # frames of one direction before the other has its turn
CHUNK = 1 << 18
HEAD, AUXILIARY, TAG = struct.Struct("!I"), struct.Struct("=IIIHHHH"), struct.Struct("!HH")
QDISC_BYPASS = 20  # of packet(7): else the first frames are lost, until the kernel has seen the link come up
BACKLOG = 4 << 20  # bytes of frames that the guest has not taken yet, where the kernel allows so many
SOL_PACKET, AUXDATA, EVERY, OUTGOING, HAS_TAG = 263, 8, 3, 4, 1 << 4  # PACKET_AUXDATA, ETH_P_ALL, PACKET_OUTGOING
TAG_AT, VLAN = 12, 0x8100  # where a frame has its VLAN tag, which the kernel takes out of it
ETHTOOL, SET_CHECKSUMS = 0x8946, 0x17  # SIOCETHTOOL, ETHTOOL_STXCSUM
NOT_NOW = (BlockingIOError, InterruptedError)


def begin(name: str) -> int:
    """Carry the frames of a link that is there, from now on; its index. Raises OSError."""
    if not 0 < len(name) <= LONGEST_NAME:
        raise OSError(errno.EINVAL, "the name of a link")
    frames = frames_of(name + FAR)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _make_whole(frames, name)
        door.bind(f"\0{name}")
        door.listen(1)
        threading.Thread(target=_Relay(frames, door).carry, daemon=True).start()
    except BaseException:
        frames.close()
        door.close()
        raise
    return socket.if_nametoindex(name)


def frames_of(name: str) -> socket.socket:
    """All frames of a link; raises OSError."""
    frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        with contextlib.suppress(OSError):
            frames.setsockopt(socket.SOL_SOCKET, 33, BACKLOG)  # SO_RCVBUFFORCE
        frames.setsockopt(SOL_PACKET, AUXDATA, 1)
        frames.setsockopt(SOL_PACKET, QDISC_BYPASS, 1)
        frames.bind((name, EVERY))
        frames.setblocking(False)
    except BaseException:
        frames.close()
        raise
    return frames


def _make_whole(some: socket.socket, name: str) -> None:
    """Let the kernel itself finish what it sends on a link: at the other end is no device that adds checksums."""
    words = bytearray(struct.pack("=II", SET_CHECKSUMS, 0))
    address = (ctypes.c_char * len(words)).from_buffer(words)
    fcntl.ioctl(some, ETHTOOL, struct.pack("16sP16x", name.encode(), ctypes.addressof(address)))


class _Relay:
    def __init__(self, frames: socket.socket, door: socket.socket) -> None:
        self.frames, self.door = frames, door
        self.guest: socket.socket | None = None
        self.received, self.waiting = b"", b""  # from the guest; of the frame that is on its way to it

    def carry(self) -> None:
        """Until the link is gone."""
        with self.frames, self.door:
            while self._turn():
                pass
            self._hang_up()

    def _turn(self) -> bool:
        poll, guest = select.poll(), self.guest
        poll.register(self.frames, 0 if self.waiting else select.POLLIN)
        poll.register(guest or self.door, select.POLLIN | (select.POLLOUT if self.waiting else 0))
        events = dict(poll.poll())
        link, other = events.get(self.frames.fileno(), 0), events.get((guest or self.door).fileno(), 0)
        if not guest and other:
            self.guest = self.door.accept()[0]
            self.guest.setblocking(False)
        elif other & select.POLLOUT:
            self._to_guest()
        if guest and other & ~select.POLLOUT:
            self._from_guest()
        return not link & select.POLLERR and (not link & select.POLLIN or self._from_link())

    def _hang_up(self) -> None:
        if self.guest:
            self.guest.close()
        self.guest, self.received, self.waiting = None, b"", b""

    def _from_guest(self) -> None:
        """What it has sent; nothing, if it is no more."""
        try:
            some = self.guest.recv(CHUNK) if self.guest else b""
        except NOT_NOW:
            return
        except OSError:
            some = b""
        self.received += some
        if not some or not self._send_frames():
            self._hang_up()

    def _send_frames(self) -> bool:
        """The whole frames that have come; whether there are frames at all. One that the link does not take is lost."""
        at = 0
        while len(self.received) - at >= HEAD.size:
            (length,) = HEAD.unpack_from(self.received, at)
            if not 0 < length <= LARGEST:
                return False
            end = at + HEAD.size + length
            if len(self.received) < end:
                break
            with contextlib.suppress(OSError):
                self.frames.send(self.received[at + HEAD.size : end])
            at = end
        self.received = self.received[at:]
        return True

    def _to_guest(self) -> None:
        """What it takes now of the frame that is on its way."""
        try:
            self.waiting = self.waiting[self.guest.send(self.waiting) :] if self.guest else b""
        except NOT_NOW:
            return
        except OSError:
            self._hang_up()

    def _from_link(self) -> bool:
        """Frames for the guest; false when the link is gone."""
        for _ in range(AT_ONCE):
            if self.waiting:
                return True
            try:
                frame, extra, flags, source = self.frames.recvmsg(LARGEST, socket.CMSG_SPACE(AUXILIARY.size))
            except (*NOT_NOW, OSError) as error:
                return error.errno in {errno.EAGAIN, errno.EINTR, errno.ENOBUFS}
            if self.guest and source[2] != OUTGOING and len(frame) >= TAG_AT and not flags & socket.MSG_TRUNC:
                frame = tagged(frame, extra)
                self.waiting = HEAD.pack(len(frame)) + frame
                self._to_guest()
        return True


def tagged(frame: bytes, extra: list[tuple[int, int, bytes]]) -> bytes:
    """With the VLAN tag that the kernel has taken out of it."""
    for level, kind, data in extra:
        if (level, kind) == (SOL_PACKET, AUXDATA) and len(data) >= AUXILIARY.size:
            status, _, _, _, _, tag, protocol = AUXILIARY.unpack_from(data)
            if status & HAS_TAG:
                return frame[:TAG_AT] + TAG.pack(protocol or VLAN, tag) + frame[TAG_AT:]
    return frame
