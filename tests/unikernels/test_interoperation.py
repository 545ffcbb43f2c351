"""Guests that this machine's own kernel talks to, over a tap in a network namespace of the test."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from unikernels.namespace import Namespace

from unikernels import frames, guests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HELLO = b"Hello from bootmatrix\n"
ADDRESS = "10.0.0.2"
BACKENDS = [
    pytest.param("qemu", marks=pytest.mark.qemu),
    pytest.param("spt", marks=pytest.mark.solo5),
    pytest.param("virtio", marks=[pytest.mark.solo5, pytest.mark.qemu]),
]
Booted = contextlib.AbstractContextManager[tuple[Namespace, guests.Guest]]


@pytest.fixture(params=BACKENDS)
def boot(
    request: pytest.FixtureRequest,
) -> Callable[..., Booted]:
    backend = request.param
    folder = request.getfixturevalue("elf")("x86_64") if backend == "qemu" else request.getfixturevalue("solo5")

    @contextlib.contextmanager
    def booted(name: str, more: str = "", mtu: int = 1500) -> Iterator[tuple[Namespace, guests.Guest]]:
        with Namespace() as namespace:
            tap = namespace.tap("tap0", "10.0.0.1", mtu=mtu)
            argv = command(backend, folder, name, f"ip={ADDRESS}/24 {more}".strip(), tap, mtu)
            with guests.booted(argv, namespace.start) as guest:
                guest.says("ready")
                yield namespace, guest

    return booted


def command(backend: str, folder: Path, name: str, args: str, tap: str, mtu: int) -> list[str]:
    wire = ("-netdev", f"tap,id=n,ifname={tap},script=no,downscript=no")
    if backend == "qemu":
        return guests.qemu(
            "x86_64", folder / f"{name}.elf", args, *wire, "-device", f"virtio-net-pci,netdev=n,host_mtu={mtu}"
        )
    if backend == "virtio":
        options = ("-machine", "acpi=off", "-cpu", "max", *wire, "-device", "virtio-net,netdev=n")
        return guests.qemu("x86_64", folder / f"{name}.virtio", args, *options)
    return ["solo5-spt", "--mem=64", f"--net:service={tap}", "--", str(folder / f"{name}.spt"), *args.split()]


def connected(namespace: Namespace) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(ADDRESS)
    connection.sock = namespace.connect(ADDRESS)
    return connection


def get(
    connection: http.client.HTTPConnection, method: str = "GET", path: str = "/", **options: object
) -> tuple[int, bytes]:
    connection.request(method, path, **options)  # type: ignore[arg-type]
    response = connection.getresponse()
    return response.status, response.read()


def test_a_page_is_had_again_and_again_on_many_connections(boot: Callable[..., Booted]) -> None:
    def client(_number: int) -> None:
        with contextlib.closing(connected(namespace)) as connection:
            assert [get(connection) for _request in range(20)] == [(200, HELLO)] * 20

    with boot("http") as (namespace, _guest), ThreadPoolExecutor(8) as clients:
        list(clients.map(client, range(40)))


def test_other_requests_get_their_own_answers(boot: Callable[..., Booted]) -> None:
    with boot("http") as (namespace, _guest):
        connection = connected(namespace)
        assert get(connection, path="/other") == (404, b"There is one page: /\n")
        assert get(connection, "HEAD") == (200, b"")
        assert get(connection, headers={"Connection": "close"}) == (200, HELLO)
        connection.close()
        connection = connected(namespace)
        assert get(connection, "POST", body=b"x" * 5000) == (405, b"GET or HEAD\n")
        connection.close()


def test_a_large_page_comes_whole_through_a_small_window(boot: Callable[..., Booted]) -> None:
    def small() -> socket.socket:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 200)
        client.settimeout(guests.PATIENCE)
        client.connect((ADDRESS, 80))
        return client

    with boot("http", "size=65536") as (namespace, _guest):
        connection = http.client.HTTPConnection(ADDRESS)
        for connect in (small, lambda: socket.create_connection((ADDRESS, 80), guests.PATIENCE)):
            connection.sock = namespace.run(connect)
            assert get(connection) == (200, (HELLO * 3000)[:65536])
            connection.close()


def test_a_bad_server_is_as_bad_as_it_was_asked_to_be(boot: Callable[..., Booted]) -> None:
    with boot("http", "status=500 wrong late=400 die-after=2") as (namespace, guest):
        with contextlib.closing(connected(namespace)) as connection:
            for _request in range(2):
                begin = time.monotonic()
                assert get(connection) == (500, b"Something else\n")
                assert time.monotonic() - begin > 0.2  # its clock may be another
            connection.request("GET", "/")
            status, console = guest.ends()
        assert status not in {0, 1}, console


def test_a_silent_server_takes_connections_and_says_nothing(boot: Callable[..., Booted]) -> None:
    with boot("http", "silent") as (namespace, _guest), contextlib.closing(connected(namespace)) as connection:
        connection.sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            get(connection)


def test_jumbo_frames_are_answered_where_the_network_has_them(
    boot: Callable[..., Booted], request: pytest.FixtureRequest
) -> None:
    if "virtio" in request.node.name:
        pytest.skip("Solo5's virtio knows no other MTU than 1500")
    with boot("net", mtu=9000) as (namespace, guest):
        assert "mtu 9000" in guest.console.decode(errors="replace")
        with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(guests.PATIENCE)
            client.sendto(b"x" * 8972, (ADDRESS, 7))
            assert client.recv(9000) == b"x" * 8972


def test_a_flood_of_pings_is_answered_and_a_word_ends_the_guest(boot: Callable[..., Booted]) -> None:
    with boot("net") as (namespace, guest):
        with namespace.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as client:
            client.settimeout(guests.PATIENCE)
            for number in range(500):
                client.sendto(frames.ping(number, b"flood"), (ADDRESS, 0))
                assert client.recv(100)[20:] == frames.ping(number, b"flood", 0)
        with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"quit", (ADDRESS, 7))
        assert "SUCCESS" in guest.ends()[1]
