"""A network namespace of a test's own, in which this machine's own TCP speaks to a guest: a thread lives in it."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

T = TypeVar("T")
CLONE_NEWNET = 0x40000000
TUNSETIFF, TUNSETPERSIST = 0x400454CA, 0x400454CB
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
SIOCSIFADDR, SIOCSIFNETMASK, SIOCSIFMTU, SIOCSIFFLAGS = 0x8916, 0x891C, 0x8922, 0x8914
IFF_UP, IFF_RUNNING = 1, 0x40


class Namespace:
    """What is called through `run` happens in it, and so does all that the processes started there do."""

    def __init__(self) -> None:
        if os.geteuid():
            pytest.skip("a network namespace needs root")
        if not os.path.exists("/dev/net/tun"):  # noqa: PTH110  # a device
            pytest.skip("no /dev/net/tun")
        self._thread = ThreadPoolExecutor(1, initializer=_enter_another)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._thread.shutdown()

    def run(self, function: Callable[..., T], *args: Any, **options: Any) -> T:
        return self._thread.submit(function, *args, **options).result()

    def tap(self, name: str, address: str, mask: str = "255.255.255.0", mtu: int = 1500) -> str:
        """Makes an interface with this address, whose frames a guest gets that opens it by its name."""
        self.run(_make_tap, name, address, mask, mtu)
        return name

    def connect(self, address: str, port: int = 80, *, timeout: float = 60) -> socket.socket:
        return self.run(socket.create_connection, (address, port), timeout)

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        return self.run(socket.socket, family, kind, protocol)

    def start(self, argv: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        return self.run(subprocess.Popen, argv, **options)


def _enter_another() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")


def _make_tap(name: str, address: str, mask: str, mtu: int) -> None:
    tun = os.open("/dev/net/tun", os.O_RDWR)
    try:
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
        fcntl.ioctl(tun, TUNSETPERSIST, 1)
    finally:
        os.close(tun)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for request, value in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, mask)):
            packed = struct.pack("16sH2x4s8x8x", name.encode(), socket.AF_INET, socket.inet_aton(value))
            fcntl.ioctl(control, request, packed)
        fcntl.ioctl(control, SIOCSIFMTU, struct.pack("16si20x", name.encode(), mtu))
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), IFF_UP | IFF_RUNNING))
