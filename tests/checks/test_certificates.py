"""HTTPS to real servers: whom a check trusts, and what it says of whom it does not, or of one that is no server."""

from __future__ import annotations

import socket
import ssl
import struct
from typing import TYPE_CHECKING

import pytest
from checks.certificates import Authorities
from checks.worlds import HOST, Guest, failed, passed, world

from bootmatrix.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
RESET = struct.pack("ii", 1, 0)  # struct linger: what closes a connection resets it


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    found = Authorities(tmp_path_factory.mktemp("certificates"))
    found.sign("direct", "root")
    found.sign("leaf", "middle")
    found.sign("old", "root", when="past")
    found.sign("young", "root", when="future")
    found.sign("address", "root", "subjectAltName=IP:127.0.0.1")
    found.sign("wordy", "root", "subjectAltName=DNS:127.0.0.1")
    found.sign("below", "direct")
    found.together("other", "root")
    found.together("root", "middle")
    return found


def serving(context: ssl.SSLContext) -> Callable[[Guest, socket.socket], None]:
    def serve(_guest: Guest, sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as inner:
            inner.recv(1 << 16)
            inner.sendall(PAGE)

    return serve


UNSIGNED = "TLS: none of the certificates in `ca` has signed it (unable to get "
CHAINS: dict[str, tuple[tuple[str, ...], str, str, str]] = {
    "signed by the one in ca": (("direct",), "root.pem", "web.example", ""),
    "signed by one in between": (("leaf", "middle"), "root.pem", "web.example", ""),
    "the one in between is not sent": (("leaf",), "root.pem", "web.example", UNSIGNED),
    "the one in between is trusted": (("leaf",), "middle.pem", "web.example", ""),
    "and is sent as well": (("leaf", "middle"), "middle.pem", "web.example", ""),
    "it is trusted itself": (("direct",), "direct.pem", "web.example", ""),
    "the second in ca": (("direct",), "other-root.all", "web.example", ""),
    "two of one chain in ca": (("leaf",), "root-middle.all", "web.example", ""),
    "signed by another": (("direct",), "other.pem", "web.example", UNSIGNED),
    "another in between": (("leaf", "middle"), "other.pem", "web.example", UNSIGNED),
    "trusts itself": (("other",), "root.pem", "web.example", "has signed it (self-signed certificate)"),
    "signed by one that may not sign": (("below", "direct"), "root.pem", "web.example", "TLS: invalid CA certificate"),
    "expired": (("old",), "root.pem", "web.example", "TLS: certificate has expired"),
    "not yet valid": (("young",), "root.pem", "web.example", "TLS: certificate is not yet valid"),
    "another name": (("direct",), "root.pem", "a.example", "certificate is not valid for 'a.example'"),
    "an address": (("address",), "root.pem", "", ""),
    "another address": (("address",), "root.pem", "127.0.0.2", "certificate is not valid for '127.0.0.2'"),
    "an address as a name": (("wordy",), "root.pem", "", f"certificate is not valid for '{HOST}'"),
    "whatever it is": (("old",), "", "web.example", ""),
}


@pytest.mark.parametrize(("chain", "ca", "host", "what"), CHAINS.values(), ids=CHAINS)
def test_a_certificate_is_trusted_or_it_is_told_why_not(
    chain: tuple[str, ...], ca: str, host: str, what: str, signed: Authorities
) -> None:
    where = world(root=signed.folder)
    with Guest(serving(signed.server(*chain))) as guest:
        options = {"url": f"https://{HOST}:{guest.port}/", "ca": ca, "host": host}
        if what:
            said = failed(where, http=options, retry="false")
            assert what in said
            assert not said.endswith(".")
        else:
            assert passed(where, http=options, retry="false").text == "hi"


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_server_of_one_version_is_asked_in_that(version: str, signed: Authorities) -> None:
    context = signed.server("direct")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with Guest(serving(context)) as guest:
        options = {"url": f"https://{HOST}:{guest.port}/", "ca": "root.pem", "host": "web.example"}
        report = passed(world(root=signed.folder), http=options, retry="false")
    assert f" tls={version.replace('_', '.')} " in report.numbers


def hello(signed: Authorities, sock: socket.socket) -> bytes:
    """What a server sends once it was greeted."""
    came, sends = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = signed.server("direct").wrap_bio(came, sends, server_side=True)
    came.write(sock.recv(1 << 16))
    with pytest.raises(ssl.SSLWantReadError):
        server.do_handshake()
    return sends.read()


def half(signed: Authorities, sock: socket.socket) -> None:
    whole = hello(signed, sock)
    sock.sendall(whole[: len(whole) // 2])


def reset(_signed: Authorities, sock: socket.socket) -> None:
    sock.recv(1 << 16)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def alert(number: int) -> Callable[[Authorities, socket.socket], None]:
    """A fatal one of RFC 8446."""

    def serve(_signed: Authorities, sock: socket.socket) -> None:
        sock.recv(1 << 16)
        sock.sendall(bytes((21, 3, 3, 0, 2, 2, number)))

    return serve


def end(_signed: Authorities, sock: socket.socket) -> None:
    sock.recv(1 << 16)


def plain(_signed: Authorities, sock: socket.socket) -> None:
    sock.recv(1 << 16)
    sock.sendall(PAGE)


BROKEN: dict[str, tuple[Callable[[Authorities, socket.socket], None], str]] = {
    "plain HTTP": (plain, "TLS: what it sends is no TLS"),
    "the end in the middle": (half, "TLS: it closed the connection in the middle"),
    "the end at once": (end, "TLS: it closed the connection in the middle"),
    "a reset": (reset, "the connection was reset"),
    "a refusal": (alert(40), "TLS: it refused: handshake failure"),
    "only older versions": (alert(70), "TLS: it speaks neither TLS 1.2 nor a newer one"),
}


@pytest.mark.parametrize(("serve", "what"), BROKEN.values(), ids=BROKEN)
def test_a_handshake_that_fails_is_told(
    serve: Callable[[Authorities, socket.socket], None], what: str, signed: Authorities
) -> None:
    with Guest(lambda _guest, sock: serve(signed, sock)) as guest:
        assert failed(http=f"https://{HOST}:{guest.port}/", retry="false") == f"{HOST}:{guest.port}: {what}"


def test_a_handshake_that_stops_in_the_middle_ends_with_the_time(signed: Authorities) -> None:
    def serve(guest: Guest, sock: socket.socket) -> None:
        half(signed, sock)
        guest.hold(sock)

    with Guest(serve) as guest:
        what = failed(http=f"https://{HOST}:{guest.port}/", within="500 ms", retry="false")
    assert what == f"{HOST}:{guest.port} did not finish the TLS handshake in time (1 try within 0.50 s)"


def test_a_damaged_certificate_in_ca_is_the_users_error(signed: Authorities) -> None:
    damaged = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    (signed.folder / "damaged.pem").write_bytes((signed.folder / "root.pem").read_bytes() + damaged)
    with pytest.raises(UserError, match=r"'damaged\.pem' cannot be used: one of them is damaged"):
        passed(world(root=signed.folder), http={"url": f"https://{HOST}:1/", "ca": "damaged.pem"})
