"""HTTPS to real servers with certificates that were made for the test, and to those that speak no TLS."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from checks.worlds import HOST, Guest, endlessly, failed, passed, world

from bootmatrix.errors import UserError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With cert.pem and key.pem for web.example, and other.pem, a certificate that signs nothing of it."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    found = tmp_path_factory.mktemp("tls")
    names = "*.wild.example,DNS:xn--bcher-kva.example,IP:127.0.0.1"
    for name, host in (("cert", "web.example"), ("other", "other.example"), ("many", names)):
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        named = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{host}"]
        files = ["-keyout", str(found / f"{name}.key"), "-out", str(found / f"{name}.pem")]
        subprocess.run(["openssl", "req", "-x509", *curve, *named, *files], check=True, capture_output=True)
    return found


def secure(folder: Path, name: str = "cert") -> Callable[[Guest, socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")

    def serve(_guest: Guest, sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as inner:
            inner.recv(1 << 16)
            inner.sendall(PAGE)

    return serve


def test_a_certificate_is_checked_where_the_repository_has_who_signs_it(folder: Path) -> None:
    with Guest(secure(folder)) as guest:
        options = {"url": f"https://{HOST}:{guest.port}/", "ca": "cert.pem", "host": "web.example", "body": "hi"}
        assert "tls=TLSv1." in passed(world(root=folder), http=options).numbers


def test_without_one_any_is_accepted(folder: Path) -> None:
    with Guest(secure(folder)) as guest:
        assert passed(world(root=folder), http=f"https://{HOST}:{guest.port}/").text == "hi"


@pytest.mark.parametrize("host", ["a.wild.example", "bücher.example", "xn--bcher-kva.example", ""])
def test_a_certificate_holds_for_all_its_names(folder: Path, host: str) -> None:
    with Guest(secure(folder, "many")) as guest:
        options = {"url": f"https://{HOST}:{guest.port}/", "ca": "many.pem", "host": host}
        assert passed(world(root=folder), http=options).text == "hi"


@pytest.mark.parametrize("host", ["wild.example", "a.b.wild.example", "127.0.0.2", "bcher.example"])
def test_a_certificate_holds_for_no_others(folder: Path, host: str) -> None:
    with Guest(secure(folder, "many")) as guest:
        options = {"url": f"https://{HOST}:{guest.port}/", "ca": "many.pem", "host": host}
        assert " certificate is not valid for " in failed(world(root=folder), http=options, retry="false")


def test_a_certificate_that_is_over_is_told(folder: Path) -> None:
    key, asked, made = folder / "cert.key", folder / "old.csr", folder / "old.pem"
    named = ["-subj", "/CN=old", "-addext", "subjectAltName=DNS:web.example"]
    subprocess.run(["openssl", "req", "-new", "-key", key, *named, "-out", asked], check=True)
    signed: list[str | Path] = ["-copy_extensions", "copy", "-signkey", key, "-days", "-1", "-out", made]
    subprocess.run(["openssl", "x509", "-req", "-in", asked, *signed], check=True, capture_output=True)
    (folder / "old.key").write_bytes(key.read_bytes())
    with Guest(secure(folder, "old")) as guest:
        options = {"url": f"https://{HOST}:{guest.port}/", "ca": "old.pem", "host": "web.example"}
        assert "TLS: certificate has expired" in failed(world(root=folder), http=options, retry="false")


WRONG = {
    "another signer": (
        {"ca": "other.pem", "host": "web.example"},
        "TLS: none of the certificates in `ca` has signed it (self-signed certificate)",
    ),
    "another name": ({"ca": "cert.pem", "host": "web.invalid"}, "certificate is not valid for 'web.invalid'"),
    "the address": ({"ca": "cert.pem"}, f"certificate is not valid for '{HOST}'"),
}


@pytest.mark.parametrize(("options", "what"), WRONG.values(), ids=WRONG)
def test_a_certificate_that_does_not_hold_is_told(folder: Path, options: dict[str, str], what: str) -> None:
    with Guest(secure(folder)) as guest:
        asked = {"url": f"https://{HOST}:{guest.port}/", **options}
        assert what in failed(world(root=folder), http=asked, retry="false")


@pytest.mark.parametrize("name", ["a..b", ".x", f"{'a' * 70}.org"])
def test_a_name_that_no_server_has_is_told(folder: Path, name: str) -> None:
    with Guest(secure(folder)) as guest:
        what = failed(world(root=folder), http={"url": f"https://{HOST}:{guest.port}/", "host": name}, within="1 min")
    assert what == f"'{name}' is not the name of a server: correct `host`"


def answering(folder: Path, page: bytes, *, ends: bool) -> Callable[[Guest, socket.socket], None]:
    """Serves by sending this and closing the connection; `ends`: after TLS has ended, too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "cert.key")

    def serve(_guest: Guest, sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as inner:
            inner.recv(1 << 16)
            inner.sendall(page)
            if ends:
                inner.unwrap()

    return serve


def test_a_body_without_a_length_ends_with_tls_and_not_with_the_connection(folder: Path) -> None:
    """One that a dying guest cut off would else pass: in TLS that can be told."""
    head = b"HTTP/1.1 200 OK\r\n"
    with Guest(answering(folder, head + b"\r\nwhole", ends=True)) as guest:
        assert passed(http=f"https://{HOST}:{guest.port}/").text == "whole"
    with Guest(answering(folder, head + b"\r\nhalf", ends=False)) as guest:
        what = failed(http=f"https://{HOST}:{guest.port}/", retry="false")
    assert what.startswith(f"the body of https://{HOST}:{guest.port}/ may be cut off: the guest ended the connection")
    with Guest(answering(folder, head + b"Content-Length: 5\r\n\r\nwhole", ends=False)) as guest:
        assert passed(http=f"https://{HOST}:{guest.port}/").text == "whole"
    with Guest(answering(folder, head + b"Content-Length: 9\r\n\r\nhalf", ends=False)) as guest:
        assert " ends after 4 bytes, 5 before its end" in failed(http=f"https://{HOST}:{guest.port}/", retry="false")


GARBAGE: dict[str, Callable[[Guest, socket.socket], None]] = {
    "nothing": Guest.hold,
    "byte after byte": lambda guest, sock: guest.drip(sock, b"\x16\x03\x03\x40\x00" + b"\x02" * 16384, 0.001),
    "without end": endlessly(b"\x16\x03\x03\x00\x01\x02" * 1000),
}


@pytest.mark.parametrize("serve", GARBAGE.values(), ids=GARBAGE)
def test_a_handshake_that_does_not_end_costs_no_more_than_the_time(
    serve: Callable[[Guest, socket.socket], None],
) -> None:
    with Guest(serve) as guest:
        began = time.monotonic()
        what = failed(http=f"https://{HOST}:{guest.port}/", within="200 ms")
        assert time.monotonic() - began < 12  # byte after byte takes longer
    assert "did not finish the TLS handshake in time" in what or "TLS: " in what


def test_a_redirection_from_https_to_http_is_not_followed(folder: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "cert.key")

    def serve(_guest: Guest, sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as inner:
            inner.recv(1 << 16)
            inner.sendall(f"HTTP/1.1 301 Gone\r\nLocation: http://{HOST}/\r\nContent-Length: 0\r\n\r\n".encode())

    with Guest(serve) as guest:
        options = {"url": f"https://{HOST}:{guest.port}/", "redirects": "2"}
        assert "redirects from https to http://127.0.0.1/" in failed(http=options, retry="false")


FILES = {"none": "none.pem", "no PEM": "junk.pem", "a file elsewhere": "../../../etc/hostname", "a link": "link.pem"}


@pytest.mark.parametrize("name", FILES.values(), ids=FILES)
def test_certificates_that_cannot_be_read_are_the_users_error(folder: Path, name: str) -> None:
    (folder / "junk.pem").write_text("junk")
    (folder / "link.pem").unlink(missing_ok=True)
    (folder / "link.pem").symlink_to("/etc/passwd")
    with pytest.raises(UserError, match=f"the certificates in '{name}' cannot be used"):
        passed(world(root=folder), http={"url": f"https://{HOST}:1/", "ca": name})
