"""Holds a network namespace on this host for a job, and serves it as `agent_net.c` does: a program of its own.

`unshare ... python -I -S holder.py DESCRIPTOR`: the socket on which it is asked. It has its namespaces already; when
nobody is at the other end any more, it ends, and they end with the last process in them. It imports nothing of ours.
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
MOST = 1 << 16
SETTINGS = {  # as those of a container for boots with networks, see `sandbox.py`
    "ipv4/ping_group_range": f"{os.getgid()} {os.getgid()}",
    "ipv4/tcp_no_metrics_save": "1",
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv6/conf/default/disable_ipv6": "1",
}


def main(descriptor: int) -> None:
    for name, value in SETTINGS.items():
        with contextlib.suppress(FileNotFoundError), open(f"/proc/sys/net/{name}", "w") as setting:  # noqa: PTH123
            setting.write(value)
    with socket.socket(fileno=descriptor) as wire:
        wire.send(b"ready")
        while request := wire.recv(MOST):
            said, descriptors = _answered(request)
            try:
                socket.send_fds(wire, [said], descriptors)
            finally:
                for each in descriptors:
                    os.close(each)


def _answered(request: bytes) -> tuple[bytes, list[int]]:
    """The answer, and a descriptor that goes with it."""
    word, _, rest = request.partition(b" ")
    try:
        if word == b"socket":
            domain, kind, protocol = map(int, rest.split())
            return b"ok", [socket.socket(domain, kind, protocol).detach()]
        if word == b"tap":
            return b"ok %d" % _tap(rest), []
        if word == b"netlink":
            number, _, messages = rest.partition(b"\0")
            return b"ok\0" + _asked(int(number), messages), []
    except OSError as error:
        return b"error %d" % (error.errno or errno.EIO), []
    except ValueError:
        pass
    return b"error %d" % errno.EINVAL, []


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
    main(int(sys.argv[1]))
