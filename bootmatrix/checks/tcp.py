"""A TCP connection that the guest accepts, what is sent, and what must come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.checks.awaited import MOST, Awaited, shown
from bootmatrix.checks.check import LONGEST, Failed, Late, Report, numbers
from bootmatrix.checks.ends import Ended
from bootmatrix.checks.link import connected

if TYPE_CHECKING:
    from bootmatrix.checks.check import Try
    from bootmatrix.checks.link import Link
    from bootmatrix.matrix.keys.kinds import Tcp


def ask(options: Tcp, tried: Try) -> Report:
    """Raises Failed, Ended, and Late where nothing was awaited."""
    began = tried.clock()
    with connected(tried, tried.address, options.port) as link:
        connect = tried.clock() - began
        heard = Awaited(options.expect, tried.clock)
        if options.send:
            _send(link, options.send.encode())
        if options.half_close:
            link.half_close()
        _listen(link, heard)
        if options.close:
            _await_close(link, heard)
        took = numbers(connect=f"{connect:.6f}", seconds=f"{tried.clock() - began:.6f}", bytes=link.received)
        return Report(took, heard.text[:LONGEST])


def _send(link: Link, data: bytes) -> None:
    try:
        link.send(data)
    except Late:
        raise Failed(f"{link.where} did not take all that was sent in time", late=True) from None


def _listen(link: Link, heard: Awaited) -> None:
    """Until all that is expected has come."""
    try:
        while not heard.met():
            chunk = link.receive(heard.patience(link.rest()))
            if chunk == b"":
                heard.look()
                if heard.missing:
                    what = f"closed the connection without having sent {heard.missing}"
                    raise Failed(f"{link.where} {what}; {shown(heard.text)} came")
            heard.add(chunk or b"")
    except Ended:
        heard.look()  # the guest may have sent it and be gone
        if heard.missing:
            raise
    except Late:
        heard.look()
        if heard.missing:
            what = f"did not send {heard.missing} in time; {shown(heard.text)} came"
            raise Failed(f"{link.where} {what}", late=True) from None


def _await_close(link: Link, heard: Awaited) -> None:
    """What comes until then is not looked at, and only the first of it is kept."""
    try:
        while chunk := link.receive():
            heard.data += chunk[: max(0, MOST - len(heard.data))]
    except Late:
        raise Failed(f"{link.where} did not close the connection in time", late=True) from None
