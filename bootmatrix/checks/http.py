"""Requests by HTTP/1.1, and what the guest must answer; with https through TLS."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.checks import excess, url as urls
from bootmatrix.checks.answer import Answer, Request, exchange
from bootmatrix.checks.awaited import missing, shown
from bootmatrix.checks.check import LONGEST, Failed, Report, numbers, per_second, spread

if TYPE_CHECKING:
    import ssl

    from bootmatrix.checks.check import Try
    from bootmatrix.checks.url import Url
    from bootmatrix.matrix.keys.kinds import Http

MOVED = frozenset({301, 302, 303, 307, 308})
KEPT = 16 << 20  # bytes of a body that are looked at for a pattern


def ask(options: Http, tried: Try) -> Report:
    """Raises Failed, Ended and Late; UserError if the file of certificates cannot be used."""
    request = Request(
        options.method,
        options.send_headers,
        options.send.encode(),
        options.host,
        options.limit,
        kept=KEPT if options.body else LONGEST,
        context=_context(options, tried),
        grace=excess.GRACE,
    )
    return _Series(options, tried, request).all()


class _Series:
    """Requests, one after the other, each on a connection of its own."""

    def __init__(self, options: Http, tried: Try, request: Request) -> None:
        self.options, self.tried, self.request = options, tried, request
        self.times: list[float] = []
        self.bytes = 0
        self.waited = 0.0  # seconds for connections to be closed, of which nothing is measured
        self.began = self._now()
        self.last: Answer | None = None

    def all(self) -> Report:
        url = urls.first(self.options, self.tried.address)
        try:
            for _ in range(self.options.count):
                began = self._now()
                self.last = self._followed(url)
                self.tried = replace(self.tried, patience=math.inf)  # it is up: a lost packet is sent again by TCP
                _judge(self.options, url, self.last)
                self.times.append(self._now() - began)
                self.bytes += self.last.size
        except Failed as error:
            raise self._counted(error) from None
        return self._report()

    def _followed(self, url: Url) -> Answer:
        """The answer at the end of all redirections that are followed; at another address the name is another's."""
        request, address = self.request, url.address
        for left in range(self.options.redirects, -1, -1):
            answer = self._answer(request, url)
            location = answer.headers.get("Location") if answer.status in MOVED else None
            if location is None or not self.options.redirects:
                return answer
            if answer.excess:
                raise Failed(answer.excess)
            if left:
                networks = [each.network.host.network for each in self.tried.world.interfaces]
                url = urls.redirected(url, location, networks)
                request = self.request if url.address == address else replace(self.request, host="")
        raise Failed(f"{url} redirects more than {self.options.redirects} times")

    def _answer(self, request: Request, url: Url) -> Answer:
        """A guest that leaves one connection open is not waited for again."""
        answer = exchange(request, url, self.tried)
        self.waited += answer.waited
        if not answer.closed:
            self.request = replace(self.request, grace=0.0)
        return answer

    def _now(self) -> float:
        return self.tried.clock() - self.waited

    def _counted(self, error: Failed) -> Failed:
        """A series that was answered once is not begun again."""
        done, count = len(self.times), self.options.count
        what = f"request {done + 1:,} of {count:,}: {error}" if count > 1 else str(error)
        return Failed(what, final=error.final or done > 0, late=error.late, report=self._report())

    def _report(self) -> Report:
        took = self._now() - self.began
        counted: dict[str, object] = {"requests": len(self.times), "bytes": self.bytes}
        if self.last:
            counted["status"] = self.last.status
            if self.last.tls:
                counted["tls"] = self.last.tls
        counted |= dict(spread(self.times))
        counted |= {"rate": per_second(len(self.times), took), "bytes_per_second": per_second(self.bytes, took)}
        body = texts.clean(self.last.body[:LONGEST]) if self.last else ""
        return Report(numbers(**counted, seconds=f"{took:.6f}"), body)


def _judge(options: Http, url: Url, answer: Answer) -> None:
    """Raises Failed with what was expected and what came."""
    body = texts.clean(answer.body)
    if answer.status not in options.status:
        wanted = " or ".join(map(str, options.status))
        raise Failed(f"{url} answered {answer.status} {texts.line(answer.reason, 40)} instead of {wanted}")
    for name, pattern in options.headers.items():
        given = answer.headers.get_all(name) or []
        if all(missing([pattern], texts.clean(text.encode("latin-1", "replace"))) for text in given):
            came = shown(", ".join(given)) if given else "no such header"
            raise Failed(f"{url} answered without {pattern} in the header {name}; {came} came")
    if lacking := missing(options.body, body):
        raise Failed(f"the body of {url} does not show {lacking}; it begins with {shown(body)}")
    if answer.excess:
        raise Failed(answer.excess)


def _context(options: Http, tried: Try) -> ssl.SSLContext | None:
    """What https needs, None where nothing may lead there."""
    if not options.url.lower().startswith("https") and not options.redirects:
        return None
    from bootmatrix.checks import secure  # noqa: PLC0415  # 10 ms, only where it is needed

    return secure.context(tried.world.root, options.ca)
