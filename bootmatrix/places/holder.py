"""Holds network namespaces on this host for a job, and serves them as `agent_wire.c` does: a program of its own.

`unshare ... python -I -S holder.py DESCRIPTOR...`: a socket for each namespace, on which it is asked. The first it has
already, each other a child of it makes. When nobody is at the other end any more, each ends, and its namespace ends
with the last process in it. It imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import struct
import sys

TUN = "/dev/net/tun"
SET_TAP, SET_STAYING, SET_OWNER = 0x400454CA, 0x400454CB, 0x400454CC  # TUNSETIFF, TUNSETPERSIST, TUNSETOWNER
NEW_TAP = 0x0002 | 0x1000 | 0x8000  # IFF_TAP, IFF_NO_PI, IFF_TUN_EXCL: one that was not there
LONGEST = 15  # bytes of a link's name
HEADER = struct.Struct("=IHHII")  # nlmsghdr
LAST = {2, 3}  # NLMSG_ERROR, which an acknowledgement is, too, and NLMSG_DONE
MOST = 1 << 17
NEW_NETWORK = 0x40000000  # CLONE_NEWNET
KEPT: set[int] = set()  # the descriptors that were taken
SETTINGS = {  # as those of a container for boots with networks, see `sandbox.py`
    "ipv4/ping_group_range": f"{os.getgid()} {os.getgid()}",
    "ipv4/tcp_no_metrics_save": "1",
    "ipv4/ip_forward": "0",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv6/conf/default/disable_ipv6": "1",
}


def main(descriptors: list[int]) -> None:
    """Hold a namespace for each: our own for the first, and for each other a child in a further one."""
    mine, children = descriptors[0], []
    for each in descriptors[1:]:
        if child := os.fork():
            children.append(child)
        else:
            mine, children = each, []
            _leave()
            break
    for each in descriptors:
        if each != mine:
            os.close(each)
    _hold(mine)
    for child in children:
        os.waitpid(child, 0)


def _leave() -> None:
    """For a new namespace, in the same user namespace: only so may the one's links be joined with the other's."""
    import ctypes  # noqa: PLC0415  # only for several networks

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NETWORK):
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")


def _hold(descriptor: int) -> None:
    for name, value in SETTINGS.items():
        with contextlib.suppress(FileNotFoundError), open(f"/proc/sys/net/{name}", "w") as setting:  # noqa: PTH123
            setting.write(value)
    with socket.socket(fileno=descriptor) as wire:
        wire.send(b"ready %d" % os.getpid())
        while True:
            request, came, _, _ = socket.recv_fds(wire, MOST, 1)
            if not request:
                break
            said, goes = _answered(request, came)
            try:
                socket.send_fds(wire, [said], goes)
            finally:
                for each in (*came, *goes):
                    os.close(each)


def _answered(request: bytes, came: list[int]) -> tuple[bytes, list[int]]:
    """The answer, and a descriptor that goes with it. Takes from `came` what is kept."""
    word, _, rest = request.partition(b" ")
    try:
        if word == b"socket":
            domain, kind, protocol = map(int, rest.split())
            return b"ok", [socket.socket(domain, kind, protocol).detach()]
        if word == b"netlink":
            number, _, messages = rest.partition(b"\0")
            return b"ok\0" + _asked(int(number), messages), []
        if word == b"tap":
            return b"ok %d" % _tap(rest), []
        if word == b"drop":
            return _dropped(int(rest)), []
        if request == b"give":
            return b"ok", [os.open("/proc/self/ns/net", os.O_RDONLY)]
        if request == b"take":
            return _taken(came), []
    except OSError as error:
        return b"error %d" % (error.errno or errno.EIO), []
    except ValueError:
        pass
    return b"error %d" % errno.EINVAL, []


def _taken(came: list[int]) -> bytes:
    if not came:
        raise OSError(errno.EBADF, "no descriptor came")
    number = came.pop()
    KEPT.add(number)
    return b"ok %d" % number


def _dropped(number: int) -> bytes:
    if number not in KEPT:
        raise OSError(errno.EBADF, "it was not taken")
    KEPT.remove(number)
    os.close(number)
    return b"ok"


def _tap(name: bytes) -> int:
    if not 0 < len(name) <= LONGEST:
        raise OSError(errno.EINVAL, "the name of a link")
    device = os.open(TUN, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(device, SET_TAP, struct.pack("16sH22x", name, NEW_TAP))
        fcntl.ioctl(device, SET_OWNER, os.getuid())
        fcntl.ioctl(device, SET_STAYING, 1)
    finally:
        os.close(device)
    return socket.if_nametoindex(name.decode())


def _asked(protocol: int, messages: bytes) -> bytes:
    """The kernel's answer: it answers before the question is sent, or never."""
    answer = b""
    waiting = len(_kinds(messages))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as kernel:
        kernel.send(messages)
        while waiting > 0 and len(answer) < MOST - 3:
            some = kernel.recv(MOST, socket.MSG_DONTWAIT)
            waiting -= sum(kind in LAST for kind in _kinds(some))
            answer += some
    if waiting > 0 or len(answer) > MOST - 3:
        raise OSError(errno.EMSGSIZE, "the answer is too long")
    return answer


def _kinds(messages: bytes) -> list[int]:
    found, at = [], 0
    while at < len(messages):
        if len(messages) - at < HEADER.size:
            raise ValueError(messages)
        length, kind, *_ = HEADER.unpack_from(messages, at)
        if not HEADER.size <= length <= len(messages) - at:
            raise ValueError(messages)
        found.append(kind)
        at += (length + 3) & ~3
    return found


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
