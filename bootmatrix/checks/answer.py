"""One request and its answer over a connection that may be hostile: slow, endless, or not HTTP at all."""

from __future__ import annotations

import http.client
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.checks import body, excess, head
from bootmatrix.checks.check import Failed, Late
from bootmatrix.checks.link import connected
from bootmatrix.quantities import how_many, human_size

if TYPE_CHECKING:
    import io
    import ssl
    from collections.abc import Mapping

    from bootmatrix.checks.check import Try
    from bootmatrix.checks.head import Head
    from bootmatrix.checks.link import Link
    from bootmatrix.checks.url import Url


@dataclass(frozen=True)
class Request:
    """`host` is the name in the header, and for TLS; empty: the address. The answer's body may have `limit` bytes, of
    which the first `kept` are kept. `grace` is how many seconds the guest has for closing the connection afterwards.
    """

    method: str
    headers: Mapping[str, str]
    body: bytes
    host: str
    limit: int
    kept: int
    context: ssl.SSLContext | None
    grace: float


@dataclass(frozen=True)
class Answer:
    """`excess` is a sentence of what came after its end. `waited` is how many seconds nothing was awaited any more but
    that the guest closes the connection, and `closed` whether it did.
    """

    status: int
    reason: str
    headers: http.client.HTTPMessage
    body: bytes
    size: int
    tls: str
    excess: str
    closed: bool
    waited: float


def exchange(request: Request, url: Url, tried: Try) -> Answer:
    """On a connection of its own. Raises Failed, Ended, and Late if the guest does not even accept in time."""
    step = "accept a connection"
    with ExitStack() as stack:
        link = stack.enter_context(connected(tried, url.address, url.port))
        try:
            tls = ""
            if url.secure and request.context:
                link, tls = stack.enter_context(link.secured(request.context, request.host or url.address))
            step = "take the request"
            refused = _asked(request, url, link)
            reader = link.reader()
            step = "send whole headers"
            found = _head(reader, refused)
            step = "send a whole body"
            whole, size = _body(found, reader, request, url)
            if link.is_cut_off and not body.has_end(found, request.method):
                what = "the guest ended the connection, but not TLS (close_notify), and had told no length"
                raise Failed(f"the body of {url} may be cut off: {what}")
        except Late:
            raise Failed(f"{url} did not {step} in time; {_came(link)}", late=True) from None
        except (http.client.HTTPException, ValueError) as error:
            raise Failed(f"{url} does not speak HTTP: {_worded(error)}; {_came(link)}") from None
        end = tried.clock()
        after = excess.told(found, reader, request.method, url, request.grace, tried.clock)
        return Answer(*found, whole, size, tls, *after, tried.clock() - end)


def _asked(request: Request, url: Url, link: Link) -> Failed | None:
    """Why not all of it was taken: the guest may have answered before."""
    try:
        _ask(request, url, link)
    except Failed as error:
        if error.final:
            raise
        return error
    return None


def _head(reader: io.BufferedReader, refused: Failed | None) -> Head:
    try:
        return head.read(reader)
    except (Failed, ValueError):
        if refused:
            raise refused from None
        raise


def _ask(request: Request, url: Url, link: Link) -> None:
    connection = http.client.HTTPConnection(url.address, url.port)
    connection.sock = _Sock(link)  # it has what is used of a socket
    connection.putrequest(request.method, url.target, skip_host=True, skip_accept_encoding=True)
    name = text = ""
    try:
        for name, text in _headers(request, url).items():
            connection.putheader(name, text)
    except ValueError:
        what = f"its header {texts.line(name, 40)} has what no header can: {texts.line(repr(text), 80)}"
        raise Failed(f"the request for {url} cannot be sent: {what}", final=True) from None
    connection.endheaders(request.body or None)


def _headers(request: Request, url: Url) -> dict[str, str]:
    """Those that are given take the place of the usual ones."""
    usual = {
        "Host": _named(request.host) or url.authority,
        "User-Agent": "bootmatrix",
        "Accept": "*/*",
        "Accept-Encoding": "identity",  # nothing is unpacked here
        "Connection": "close",
    }
    if request.body or request.method in {"POST", "PUT", "PATCH"}:
        usual["Content-Length"] = str(len(request.body))
    given = {name.lower() for name in request.headers}
    return {**{name: text for name, text in usual.items() if name.lower() not in given}, **request.headers}


def _named(host: str) -> str:
    """As it stands in certificates: bücher.example as xn--bcher-kva.example. One that is no name stays as it is."""
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _body(found: Head, reader: io.BufferedReader, request: Request, url: Url) -> tuple[bytes, int]:
    kept, size = bytearray(), 0
    try:
        for piece in body.pieces(found, reader, request.method):
            size += len(piece)
            if size > request.limit:
                raise Failed(f"the body of {url} is longer than {human_size(request.limit)}")
            kept += piece[: max(0, request.kept - len(kept))]
    except http.client.IncompleteRead as error:
        if body.is_chunked(found):
            raise
        raise Failed(
            f"the body of {url} ends after {how_many(size, 'byte')}, {error.expected:,} before its end"
        ) from None
    return bytes(kept), size


def _came(link: Link) -> str:
    return f"{how_many(link.received, 'byte')} came" if link.received else "nothing came"


def _worded(error: Exception) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return "the body ended too early"
    return texts.line(str(error), 120) or type(error).__name__


class _Sock:
    """What http.client wants of a socket that it only writes to."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def sendall(self, data: bytes) -> None:
        self._link.send(data)

    def close(self) -> None:
        """Who has opened the connection closes it."""
