"""An HTTP check against a real server on loopback, and against guests that speak HTTP as none may."""

from __future__ import annotations

import contextlib
import http.server
import math
import threading
from typing import TYPE_CHECKING, Any

import pytest
from checks.worlds import HOST, Guest, failed, interface, passed, value, world

from bootmatrix.checks import answer, link

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from bootmatrix.checks.check import Try


class Pages(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked; redirects where the path says so."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        kind, _, rest = self.path.removeprefix("/").partition("/")
        if kind == "to":
            self._say(302, b"", Location=rest)
        elif kind == "loop":
            self._say(301, b"", Location=f"/loop/{len(rest)}x{rest}")
        elif kind == "blank":
            self._say(301, b"", Location="/a b")
        elif kind == "missing":
            self._say(404, b"there is none\n")
        else:
            self._say(200, f"Hello from {self.path} to {self.headers['Host']}\n".encode())

    do_HEAD = do_GET  # noqa: N815  # http.server's name

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._say(201, self.headers["Content-Type"].encode() + b": " + body)

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, text in {"Content-Type": "text/plain", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextlib.contextmanager
def serving(address: str) -> Iterator[str]:
    """The port of a server there."""
    with http.server.ThreadingHTTPServer((address, 0), Pages) as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield str(found.server_address[1])
        finally:
            found.shutdown()
            thread.join(10)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The port of one on HOST."""
    with serving(HOST) as port:
        yield port


def test_a_page_is_asked_for_and_looked_at(server: str) -> None:
    options = {"path": "/x?y=1", "port": server, "body": f"Hello from /x?y=1 to {HOST}:{server}"}
    report = passed(http={**options, "headers": {"content-type": {"regex": "^text/"}}})
    assert (value(report, "status"), value(report, "requests")) == (200, 1)
    assert value(report, "bytes") == len(report.text)
    assert value(report, "bytes_per_second") > 0


def test_a_whole_url_may_be_asked_for(server: str) -> None:
    assert "/z" in passed(http=f"http://{HOST}:{server}/z").text


def test_several_requests_are_measured(server: str) -> None:
    report = passed(http={"path": "/", "port": server, "count": "20"})
    assert value(report, "requests") == 20
    assert 0 < value(report, "p50") <= value(report, "p99") <= value(report, "max") < 10


def test_only_the_first_request_is_given_up_soon(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest that has answered is up: where a packet is lost, TCP sends it again after a second."""
    patience: list[float] = []

    def connecting(tried: Try, address: str, port: int) -> Any:
        patience.append(tried.patience)
        return link.connected(tried, address, port)

    monkeypatch.setattr(answer, "connected", connecting)
    passed(http={"port": server, "count": "3"})
    assert patience[-3] < 10
    assert patience[-2:] == [math.inf, math.inf]


def test_a_body_and_headers_are_sent(server: str) -> None:
    sent = {"method": "POST", "send": "data", "send_headers": {"Content-Type": "text/mine", "Host": "web.example"}}
    passed(http={"port": server, **sent, "status": "201", "body": "text/mine: data"})
    assert passed(http={"port": server, "host": "web.example"}).text == "Hello from / to web.example\n"


@pytest.mark.parametrize(
    ("host", "sent"),
    [("bücher.example", "xn--bcher-kva.example"), ("web.example:81", "web.example:81"), ("a..b", "a..b")],
)
def test_a_name_is_sent_as_it_stands_in_certificates(host: str, sent: str) -> None:
    came: list[bytes] = []

    def serve(_guest: Guest, sock: socket.socket) -> None:
        came.append(sock.recv(1 << 16))
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with Guest(serve) as guest:
        passed(http={"port": guest.port, "host": host}, retry="false")
    assert f"\r\nHost: {sent}\r\n".encode() in came[0]


def test_only_headers_may_be_asked_for(server: str) -> None:
    assert value(passed(http={"port": server, "method": "HEAD"}), "bytes") == 0


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a status": ({"path": "/missing"}, "http://{at}/missing answered 404 Not Found instead of 200"),
    "one of two statuses": ({"path": "/missing", "status": ["200", "204"]}, "404 Not Found instead of 200 or 204"),
    "a body": ({"body": ["Hello", "World"]}, "the body of http://{at}/ does not show 'World'; it begins with 'Hello"),
    "a header": (
        {"headers": {"X-None": "a"}},
        "http://{at}/ answered without 'a' in the header X-None; no such header",
    ),
    "a header's text": ({"headers": {"Content-Type": "json"}}, "in the header Content-Type; 'text/plain' came"),
    "a short body": ({"limit": "3 B"}, "the body of http://{at}/ is longer than 3 B"),
    "a path": ({"path": "/a b"}, "the request for http://{at}/a b cannot be sent: ' ' in its path must be percent-enc"),
    "a path in German": (
        {"path": "/ä"},
        "the request for http://{at}/ä cannot be sent: 'ä' in its path must be percent-",
    ),
    "a header that is sent": ({"send_headers": {"A": "b\nc"}}, "its header A has what no header can: 'b\\nc'"),
    "one with a snowman": ({"send_headers": {"A": "☃"}}, "its header A has what no header can: '☃'"),
}


@pytest.mark.parametrize(("options", "what"), WRONG.values(), ids=WRONG)
def test_what_is_not_as_expected_is_told(server: str, options: dict[str, Any], what: str) -> None:
    assert what.format(at=f"{HOST}:{server}") in failed(http={"port": server, **options}, retry="false")


def test_a_redirection_is_an_answer_unless_it_is_followed(server: str) -> None:
    passed(http={"path": "/to//there", "port": server, "status": "302", "headers": {"Location": "/there"}})
    assert "Hello from /there" in passed(http={"path": "/to//there", "port": server, "redirects": "1"}).text


REDIRECTED = {
    "a loop": ("/loop/", "redirects more than 3 times"),
    "another host": ("/to/http://192.0.2.7/x", "redirects to http://192.0.2.7/x, outside of the boot's networks"),
    "the next address": ("/to///128.0.0.1/x", "redirects to http://128.0.0.1/x, outside of the boot's networks"),
    "the address of a cloud": ("/to/http://169.254.169.254/", "to http://169.254.169.254/, outside of the boot's"),
    "every address": ("/to/http://0.0.0.0/", "redirects to http://0.0.0.0/, outside of the boot's networks"),
    "a user's name": ("/to/http://127.0.0.1@192.0.2.7/", "redirects to http://192.0.2.7/, outside of the boot's"),
    "loopback of IPv6": (
        "/to/http://[::1]/",
        "redirects, which is not followed: the host of 'http://[::1]/' is not an",
    ),
    "loopback by name": (
        "/to/http://localhost/",
        "which is not followed: the host of 'http://localhost/' is not an IPv4",
    ),
    "a number": ("/to/http://2130706433/", "the host of 'http://2130706433/' is not an IPv4 address"),
    "a name": ("/to/http://example.com/", "is not an IPv4 address: names are not looked up in a boot's network"),
    "a file": ("/to/file:///etc/passwd", "'file:///etc/passwd' is neither http nor https, and is not asked for"),
    "another protocol": ("/to/ftp://127.0.0.1/", "is neither http nor https"),
    "no URL": ("/to/http://[", "redirects to 'http://[', which is not a URL"),
    "no port": ("/to/http://127.0.0.1:99999/", "is not a URL"),
    "the port 0": ("/to/http://127.0.0.1:0/", "'http://127.0.0.1:0/' is not a URL"),
    "a blank": ("/blank/", "redirects to '/a b', which is not a URL"),
}


@pytest.mark.parametrize(("path", "what"), REDIRECTED.values(), ids=REDIRECTED)
def test_a_redirection_never_leads_out_of_the_networks(server: str, path: str, what: str) -> None:
    asked: list[object] = []

    def opened(*given: Any) -> socket.socket:
        asked.append(given)
        return world().socket(*given)

    options = {"path": path, "port": server, "redirects": "3"}
    assert what in failed(world(socket=opened), http=options, retry="false")
    assert len(asked) <= 4


def test_a_redirection_never_leads_to_a_loopback_beside_the_networks(server: str) -> None:
    """But to the address itself that was asked."""
    where = world(interfaces=(interface(address="192.0.2.2/24"),))
    with serving("127.0.0.2") as other:
        options = {"url": f"http://{HOST}:{server}/to/http://127.0.0.2:{other}/", "redirects": "1"}
        what = failed(where, http=options, retry="false")
        assert what.endswith(
            f" redirects to http://127.0.0.2:{other}/, outside of the boot's networks, which is not followed"
        )
    options = {"url": f"http://{HOST}:{server}/to/http://{HOST}:{server}/there", "redirects": "1"}
    assert "Hello from /there" in passed(where, http=options).text


def test_a_redirection_leads_to_other_addresses_of_the_boots_networks(server: str) -> None:
    where = world(interfaces=(interface(address="127.0.0.1/8"),))
    with serving("127.0.0.2") as other:
        options = {
            "path": f"/to/http://127.0.0.2:{other}/there",
            "port": server,
            "redirects": "1",
            "host": "web.example",
        }
        assert passed(where, http=options).text == f"Hello from /there to 127.0.0.2:{other}\n"
