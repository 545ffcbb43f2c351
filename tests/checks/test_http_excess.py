"""HTTP with a guest that sends more than its answer, or leaves the connection open: bytes as it sends them."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from checks.worlds import HOST, Guest, failed, passed, saying, value, world

from bootmatrix.checks import excess

if TYPE_CHECKING:
    import socket


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


EXCESS: dict[str, tuple[bytes, dict[str, str], str]] = {
    "a byte": (HEAD + b"Content-Length: 2\r\n\r\nok!", {}, "1 byte after the 2 bytes of its Content-Length: '!'"),
    "a line's end": (
        HEAD + b"Content-Length: 0\r\n\r\n\r\n",
        {},
        r"2 bytes after the 0 bytes of its Content-Length: '\r\n'",
    ),
    "another answer": (
        (HEAD + b"Content-Length: 2\r\n\r\nok") * 2,
        {},
        r"40 bytes after the 2 bytes of its Content-Length: 'HTTP/1.1 200 OK\r\nContent-Length",
    ),
    "after chunks": (CHUNKED + b"2\r\nok\r\n0\r\n\r\n\x1b[", {}, r"2 bytes after the last chunk of its body: '\x1b['"),
    "a body for HEAD": (
        HEAD + b"Content-Length: 2\r\n\r\nok",
        {"method": "HEAD"},
        "2 bytes after an answer to HEAD, which has no body: 'ok'",
    ),
    "a body where none is": (
        HEAD.replace(b"200", b"204") + b"\r\nok",
        {"status": "204"},
        "2 bytes after an answer with status 204, which has no body: 'ok'",
    ),
    "a mebibyte": (
        HEAD + b"Content-Length: 2\r\n\r\nok" + b"x" * (1 << 21),
        {},
        "more than 1 MiB after the 2 bytes of its Content-Length: 'xxx",
    ),
}


@pytest.mark.parametrize(("sent", "options", "what"), EXCESS.values(), ids=EXCESS)
def test_what_comes_after_the_end_of_an_answer_is_told(
    sent: bytes, options: dict[str, str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bootmatrix.checks.excess.GRACE", 20.0)
    with Guest(saying(sent)) as guest:
        said = failed(http={"port": guest.port, **options}, retry="false")
    assert f"http://{HOST}:{guest.port}/ sent {what}" in said


def test_what_comes_later_than_the_answer_is_told_if_the_guest_closes_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.checks.excess.GRACE", 20.0)
    answered, real = threading.Event(), excess.told

    def serve(_guest: Guest, sock: socket.socket) -> None:
        sock.recv(1 << 16)
        sock.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")
        answered.wait(20)
        sock.sendall(b"late")

    def told(*given: Any) -> tuple[str, bool]:
        answered.set()
        return real(*given)

    monkeypatch.setattr("bootmatrix.checks.excess.told", told)
    with Guest(serve) as guest:
        assert " sent 4 bytes after the 2 bytes of its Content-Length: 'late'" in failed(
            http={"port": guest.port}, retry="false"
        )


def test_an_answer_that_is_wrong_itself_is_told_first() -> None:
    with Guest(saying(HEAD.replace(b"200", b"404") + b"Content-Length: 2\r\n\r\nok!")) as guest:
        assert failed(http={"port": guest.port}, retry="false").endswith("/ answered 404 OK instead of 200")


def test_a_guest_that_leaves_connections_open_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And that is no part of what is measured."""
    monkeypatch.setattr("bootmatrix.checks.excess.GRACE", 0.5)

    def serve(guest: Guest, sock: socket.socket) -> None:
        sock.recv(1 << 16)
        sock.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")
        guest.hold(sock)

    with Guest(serve) as guest:
        began = time.monotonic()
        report = passed(http={"port": guest.port, "count": "20"}, within="5 min")
        took = time.monotonic() - began
    assert value(report, "requests") == 20
    assert took - value(report, "seconds") > 0.4
    assert took < 20 * 0.5


def test_a_guest_that_ends_after_its_answer_has_answered() -> None:
    """Although it has not closed the connection."""
    where = world()

    def serve(guest: Guest, sock: socket.socket) -> None:
        sock.recv(1 << 16)
        sock.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")
        where.ends.end()
        guest.hold(sock)

    with Guest(serve) as guest:
        assert passed(where, http={"port": guest.port}).text == "ok"


def test_the_time_for_closing_is_none_that_an_answer_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bootmatrix.checks.excess.GRACE", math.inf)

    def serve(guest: Guest, sock: socket.socket) -> None:
        sock.recv(1 << 16)
        sock.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")
        guest.hold(sock)

    with Guest(serve) as guest:
        assert passed(http={"port": guest.port}, retry="false", within="2 s").text == "ok"
