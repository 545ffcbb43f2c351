"""Holds network namespaces on this host for jobs, and serves each as `agent_net.c` does: a program of its own.

`python -I -S holder.py DESCRIPTOR`: a socket on which it is sent one end of a wire for each job. It forks, which takes
a tenth of a start. The child has a network of its own once it is told `begin`, in a user namespace unless it is root;
it ends when nobody is at the other end of its wire any more, and its namespaces with the last process in them. So does
the program with its socket. It imports nothing of ours but `relay.py` and `usher.py`, by their paths.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import socket
import struct
import sys

TYPE_CHECKING = False  # as `typing` has it, which takes as long to import as all else
if TYPE_CHECKING:
    from types import ModuleType

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_USER, NEW_NET = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET
TUN = "/dev/net/tun"
SET_TAP, SET_STAYING, SET_OWNER = 0x400454CA, 0x400454CB, 0x400454CC  # TUNSETIFF, TUNSETPERSIST, TUNSETOWNER
NEW_TAP = 0x0002 | 0x1000 | 0x8000  # IFF_TAP, IFF_NO_PI, IFF_TUN_EXCL: one that was not there
LONGEST = 15  # bytes of a link's name
HEADER = struct.Struct("=IHHII")  # nlmsghdr
LAST = {2, 3}  # NLMSG_ERROR, which an acknowledgement is, too, and NLMSG_DONE
MOST = 1 << 17
SETTINGS = {  # as those of a container for boots with networks, see `sandbox.py`
    "ipv4/ping_group_range": f"{os.getgid()} {os.getgid()}",
    "ipv4/tcp_no_metrics_save": "1",
    "ipv4/ip_forward": "0",
    "ipv4/conf/all/arp_filter": "1",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv6/conf/default/disable_ipv6": "1",
}


def main(descriptor: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no child is waited for
    with socket.socket(fileno=descriptor) as door:
        while ends := socket.recv_fds(door, 1, 1)[1]:
            if not os.fork():
                try:
                    door.close()
                    _serve(socket.socket(fileno=ends[0]), NEW_NET | (NEW_USER if os.getuid() else 0))
                finally:
                    os._exit(0)
            os.close(ends[0])


def _serve(wire: socket.socket, apart: int) -> None:
    """`apart` are the kinds of namespaces that are made once it is told to begin."""
    kept: set[int] = set()
    while (received := socket.recv_fds(wire, MOST, 1))[0]:
        request, given, _, _ = received
        if request == b"take" and given:
            kept.add(given[0])
            wire.send(b"ok %d" % given.pop())
        elif request.startswith(b"drop "):
            wire.send(_dropped(kept, request[5:]))
        elif request == b"share" and given:
            if not os.fork():
                try:
                    wire.close()
                    _serve(socket.socket(fileno=given[0]), NEW_NET)
                finally:
                    os._exit(0)
            wire.send(b"ok")
        else:
            said, descriptors = _answered(request, apart)
            given += descriptors
            socket.send_fds(wire, [said], descriptors)
        for each in given:
            os.close(each)


def _dropped(kept: set[int], number: bytes) -> bytes:
    if not number.isdigit() or int(number) not in kept:
        return b"error %d" % errno.EBADF
    kept.remove(int(number))
    os.close(int(number))
    return b"ok"


def _part(apart: int) -> None:
    """Have a network of our own. In a user namespace we stay who we are, and get the rights that it takes."""
    user, group = os.getuid(), os.getgid()
    if LIBC.unshare(apart):
        raise OSError(ctypes.get_errno(), "unshare")
    if apart & NEW_USER:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    for name, value in SETTINGS.items():
        with contextlib.suppress(FileNotFoundError):
            _write(f"/proc/sys/net/{name}", value)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123  # pathlib takes long to import
        file.write(text)


def _answered(request: bytes, apart: int) -> tuple[bytes, list[int]]:
    """The answer, and a descriptor that goes with it."""
    word, _, rest = request.partition(b" ")
    try:
        if request == b"begin":
            _part(apart)
            return b"ok %d" % os.getpid(), []
        if word == b"socket":
            domain, kind, protocol = map(int, rest.split())
            return b"ok", [socket.socket(domain, kind, protocol).detach()]
        if request == b"give":
            return b"ok", [os.open("/proc/self/ns/net", os.O_RDONLY)]
        if word == b"tap":
            return b"ok %d" % _tap(rest), []
        if word == b"relay":
            return b"ok %d" % _relay(rest), []
        if word == b"usher":
            _usher(rest)
            return b"ok", []
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


def _relay(name: bytes) -> int:
    """The relay is a thread: it ends with us."""
    index: int = _loaded("relay").begin(name.decode())
    return index


def _usher(names: bytes) -> None:
    """The usher is a thread, too."""
    tap, link = names.decode().split(" ")
    _loaded("usher").begin(tap, link, _loaded("relay"))


def _loaded(name: str) -> ModuleType:
    import importlib.util  # noqa: PLC0415  # as what it imports: for those who need it

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")  # noqa: PTH100, PTH118, PTH120
    spec = importlib.util.spec_from_file_location(name, path)
    if not spec or not spec.loader:
        raise OSError(errno.ENOENT, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
