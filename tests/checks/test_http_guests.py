"""HTTP with a guest that is hostile, slow or not yet there: bytes as it sends them."""

from __future__ import annotations

import gzip
import time
from typing import TYPE_CHECKING, Any

import pytest
from checks.worlds import HOST, Guest, endlessly, failed, passed, saying, value, world

from bootmatrix.checks.ends import Ended

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from bootmatrix.checks.check import World


HEAD = b"HTTP/1.1 200 OK\r\n"
CODING = b"Transfer-Encoding: %b\r\n"
CODED = HEAD + CODING + b"\r\n"
CHUNKED = CODED % b"chunked"


def waiting(data: bytes) -> Callable[[Guest, socket.socket], None]:
    """Serves by sending this and then waiting for more than comes."""

    def serve(guest: Guest, sock: socket.socket) -> None:
        sock.sendall(data)
        guest.hold(sock)

    return serve


HOSTILE: dict[str, tuple[Any, str]] = {
    "nothing": (saying(b""), "does not speak HTTP: the connection was closed without an answer; nothing came"),
    "another server that waits": (waiting(b"SSH-2.0-x\r\n"), "HTTP: 'SSH-2.0-x' is no status line; 11 bytes came"),
    "not HTTP": (saying(b"SSH-2.0-x\r\n"), "does not speak HTTP: 'SSH-2.0-x' is no status line; 11 bytes came"),
    "an odd status": (saying(b"HTTP/1.1 abc \x1b[31m\r\n\r\n"), "is no status line"),
    "a half of the first line": (saying(b"HTTP/1.1 200"), "does not speak HTTP: 'HTTP/1.1 200' is no status line"),
    "no headers": (saying(b"HTTP/1.1 200 OK\r\n"), "does not speak HTTP: the headers ended too early; 17 bytes came"),
    "a half of the headers": (saying(HEAD + b"A: b\r\n"), "does not speak HTTP: the headers ended too early"),
    "a half of a header": (saying(HEAD + b"Content-Len"), "does not speak HTTP: the headers ended too early"),
    "only what is to come": (saying(b"HTTP/1.1 103 Early\r\n\r\n"), "connection was closed without an answer"),
    "a signed status": (saying(b"HTTP/1.1 +200 OK\r\n\r\n"), "is no status line"),
    "a header without a name": (saying(HEAD + b"oops\r\nA: b\r\n\r\n"), "does not speak HTTP: 'oops' is no header"),
    "a blank after a name": (saying(HEAD + b"A : b\r\n\r\n"), "'A : b' is no header"),
    "a header in another": (saying(HEAD + b"A: b\rContent-Length: 1\r\n\r\n"), "is no header"),
    "a header of blanks": (endlessly(HEAD + b"A: b" + b" " * 100_000 + b"x"), "is no header"),
    "another coding": (saying(CODED % b"gzip, chunked" + b"3\r\nabc"), "its Transfer-Encoding is 'gzip, chunked'"),
    "two codings": (saying(HEAD + CODING % b"identity" + CODING % b"chunked" + b"\r\n"), "is 'identity, chunked'"),
    "a coding and a length": (
        saying(CODED % b"chunked\r\nContent-Length: 3" + b"3\r\nabc\r\n0\r\n\r\n"),
        "it has both a Transfer-Encoding and a Content-Length",
    ),
    "a half of the body": (saying(HEAD + b"Content-Length: 10\r\n\r\nabc"), "ends after 3 bytes, 7 before its end"),
    "an odd length of a chunk": (saying(CHUNKED + b"xyz\r\n"), "HTTP: 'xyz' is not the size of a chunk; 52 bytes came"),
    "a length of less than nothing": (
        endlessly(CHUNKED + b"-1\r\n" + b"x" * 10_000),
        "'-1' is not the size of a chunk",
    ),
    "a length for people": (saying(CHUNKED + b"1_0\r\n"), "'1_0' is not the size of a chunk"),
    "no length": (saying(CHUNKED + b"\r\n"), "'' is not the size of a chunk"),
    "a chunk longer than it says": (saying(CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n"), "after a chunk of 3 bytes comes 'd'"),
    "a chunk without an end": (saying(CHUNKED + b"3\r\nabc"), "does not speak HTTP: the body ended too early"),
    "chunks without an end": (saying(CHUNKED + b"3\r\nabc\r\n"), "does not speak HTTP: the body ended too early"),
    "endless trailers": (endlessly(CHUNKED + b"0\r\n" + b"A: b\r\n" * 101), "got more than 100 trailers"),
    "two lengths": (saying(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "Content-Length is '1, 2'"),
    "a negative length": (endlessly(HEAD + b"Content-Length: -1\r\n\r\n"), "Content-Length is '-1'"),
    "a length of many digits": (
        saying(HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"),
        "Length is '99",
    ),
    "a half of a chunk": (saying(CHUNKED + b"ff\r\nabc"), "does not speak HTTP: the body ended too early"),
    "endless headers": (endlessly(HEAD + b"A: b\r\n" * 101), "does not speak HTTP: got more than 100 headers"),
    "an endless header": (endlessly(b"HTTP/1.1 200 OK" + b"x" * 100), "does not speak HTTP"),
    "an endless length of a chunk": (endlessly(CHUNKED + b"0" * 1000), "does not speak HTTP"),
    "an endless body": (endlessly(HEAD + b"\r\n" + b"x" * 10_000), "is longer than 16 MiB"),
}


@pytest.mark.parametrize(("serve", "what"), HOSTILE.values(), ids=HOSTILE)
def test_a_guest_that_is_hostile_is_told(serve: Any, what: str) -> None:
    with Guest(serve) as guest:
        assert what in failed(http={"port": guest.port}, retry="false", within="5 min")


@pytest.mark.parametrize(
    "sent",
    [
        CHUNKED + b"3\r\nabc\r\n0003;name=value\r\ndef\r\n0\r\nA: b\r\n\r\n",
        CHUNKED + b"6 \r\nabcdef\r\n0\r\n\r\n",
        CODED % b" Chunked " + b"6\r\nabcdef\r\n0\r\n\r\n",
        CODED % b"identity\r\nContent-Length: 6" + b"abcdef",
        CHUNKED + b"6\nabcdef\n0\n\n",
        CHUNKED + b"6\r\nabcdef\r\n0\r\n",
        HEAD + b"Content-Length: 6\r\nContent-Length: 6\r\n\r\nabcdef",
        HEAD + b"\r\nabcdef",
    ],
)
def test_a_body_has_the_length_that_the_guest_says(sent: bytes) -> None:
    """Also with blanks and ends of lines as many servers send them, and up to the connection's end."""
    with Guest(saying(sent)) as guest:
        report = passed(http={"port": guest.port, "body": {"regex": "^abcdef$"}}, retry="false")
    assert value(report, "bytes") == 6


def test_a_guest_may_answer_before_it_has_taken_all_that_is_sent() -> None:
    """And close the connection, as one does to which that is too much."""

    def serve(_guest: Guest, sock: socket.socket) -> None:
        sock.recv(1 << 16)
        sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")

    with Guest(serve) as guest:
        options = {"port": guest.port, "method": "POST", "send": "x" * 8_000_000, "status": "413", "body": "no"}
        assert passed(http=options, retry="false").text == "no"


def test_what_a_guest_does_not_take_is_told() -> None:
    with Guest(lambda _guest, sock: sock.close()) as guest:
        options = {"port": guest.port, "method": "POST", "send": "x" * 8_000_000}
        assert "the connection was reset" in failed(http=options, retry="false")


def test_what_says_that_an_answer_will_come_is_none() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 3\r\n\r\n"
    with Guest(saying(early + HEAD + b"A: one\r\n two\r\nContent-Length: 2\r\n\r\nok")) as guest:
        report = passed(http={"port": guest.port, "body": "ok", "headers": {"A": "one two"}}, retry="false")
    assert report.text == "ok"


@pytest.mark.parametrize(("method", "status"), [("HEAD", "200"), ("GET", "204"), ("GET", "304")])
def test_an_answer_that_has_no_body_is_not_waited_for(method: str, status: str) -> None:
    def serve(guest: Guest, sock: socket.socket) -> None:
        sock.recv(1 << 16)
        sock.sendall(CHUNKED.replace(b"200", status.encode()))
        guest.hold(sock)

    with Guest(serve) as guest:
        report = passed(http={"port": guest.port, "method": method, "status": status}, within="20 s", retry="false")
    assert value(report, "bytes") == 0


BOMB = gzip.compress(b"x" * 30_000_000)


def test_what_is_packed_is_not_unpacked() -> None:
    head = HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(BOMB)}\r\n\r\n".encode()
    with Guest(saying(head + BOMB)) as guest:
        assert value(passed(http={"port": guest.port}), "bytes") == len(BOMB)


DRIPPED = {
    "the status": (b"HTTP", b"/", "did not send whole headers in time"),
    "headers": (HEAD, b"X", "did not send whole headers in time"),
    "a body": (HEAD + b"Content-Length: 100000\r\n\r\n", b"x", "did not send a whole body in time"),
    "chunks": (CHUNKED, b"1\r\nx\r\n", "did not send a whole body in time"),
    "trailers": (CHUNKED + b"0\r\n", b"A: b\r\n", "did not send a whole body in time"),
    "that it will go on": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "did not send whole headers in time"),
}


@pytest.mark.parametrize(("head", "rest", "what"), DRIPPED.values(), ids=DRIPPED)
def test_a_guest_that_is_slow_costs_no_more_than_the_time_that_is_allowed(head: bytes, rest: bytes, what: str) -> None:
    def serve(guest: Guest, sock: socket.socket) -> None:
        sock.recv(1 << 16)
        sock.sendall(head)
        guest.drip(sock, rest, 0.002)

    with Guest(serve) as guest:
        began = time.monotonic()
        said = failed(http={"port": guest.port}, within="500 ms")
        took = time.monotonic() - began
    assert f"http://{HOST}:{guest.port}/ {what}; " in said
    assert "bytes came (1 try within 0.50 s)" in said
    assert 0.45 < took < 30


def test_a_page_that_comes_later_is_asked_for_again() -> None:
    answers = iter([b"", b"HTTP/1.0 503 Not Yet\r\n\r\n", HEAD + b"\r\nyes"])

    def serve(_guest: Guest, sock: socket.socket) -> None:
        sock.recv(1 << 16)
        sock.sendall(next(answers))

    with Guest(serve) as guest:
        assert passed(http={"port": guest.port, "body": "yes"}).text == "yes"
        assert guest.accepted == 3


def test_a_series_that_was_answered_once_is_not_begun_again() -> None:
    answers = iter([HEAD + b"\r\nyes", b"HTTP/1.0 500 Oh\r\n\r\n"])

    def serve(_guest: Guest, sock: socket.socket) -> None:
        sock.recv(1 << 16)
        sock.sendall(next(answers))

    with Guest(serve) as guest:
        what = failed(http={"port": guest.port, "count": "9"})
    assert what == f"request 2 of 9: http://{HOST}:{guest.port}/ answered 500 Oh instead of 200"


def test_a_page_that_ends_with_the_guest_counts_and_one_that_is_cut_off_does_not() -> None:
    """The guest answers, closes the connection, and is gone: that is the end of the body. Or it only is gone."""
    for closes in (True, False):
        where = world()

        def serve(guest: Guest, sock: socket.socket, where: World = where, *, closes: bool = closes) -> None:
            sock.recv(1 << 16)
            sock.sendall(HEAD + b"\r\nbye")
            if closes:
                sock.shutdown(1)
            where.ends.end()
            guest.hold(sock)

        with Guest(serve) as guest:
            if closes:
                assert passed(where, http={"port": guest.port}).text == "bye"
            else:
                with pytest.raises(Ended):
                    passed(where, http={"port": guest.port})


def test_numbers_of_the_body_are_kept_but_ours_stand_last() -> None:
    with Guest(saying(HEAD + b"\r\nrequests=1000000\n")) as guest:
        whole = passed(http={"port": guest.port}).whole
    assert whole.index("requests=1000000") < whole.index("requests=1 ")
