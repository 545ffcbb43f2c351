"""Where a request goes: an address in the boot's networks, never a name that would have to be looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from bootmatrix import texts
from bootmatrix.checks.check import Failed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Network

    from bootmatrix.matrix.keys.kinds import Http

PORTS = {"http": 80, "https": 443}
SHOWN = 100  # characters of a URL in a message
ODD = re.compile(r"[^!-~]")  # what no URL has as it is


@dataclass(frozen=True)
class Url:
    """`target` is the path with its query."""

    scheme: str
    address: str
    port: int
    target: str

    @property
    def secure(self) -> bool:
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """What the header Host has."""
        return self.address if self.port == PORTS[self.scheme] else f"{self.address}:{self.port}"

    def __str__(self) -> str:
        return texts.line(f"{self.scheme}://{self.authority}{self.target}", SHOWN)


def first(options: Http, address: str) -> Url:
    """Raises Failed if it names no address, or has what no request can."""
    try:
        url = _parsed(options.url) if options.url else Url("http", address, options.port, options.path)
    except Failed as error:
        raise Failed(str(error), final=True) from None
    if odd := ODD.search(url.target):
        what = f"{texts.line(repr(odd[0]), SHOWN)} in its path must be percent-encoded"
        raise Failed(f"the request for {url} cannot be sent: {what}", final=True)
    return url


def redirected(url: Url, location: str, within: Iterable[IPv4Network]) -> Url:
    """Where a redirection leads. Raises Failed if that is outside of the boot's networks, or from https to http."""
    try:
        joined = urljoin(f"{url.scheme}://{url.authority}{url.target}", location)
    except ValueError:
        joined = ""
    if not joined or ODD.search(location):
        raise Failed(f"{url} redirects to '{texts.line(location, SHOWN)}', which is not a URL")
    try:
        found = _parsed(joined)
    except Failed as error:
        raise Failed(f"{url} redirects, which is not followed: {error}") from None
    if url.secure and not found.secure:
        raise Failed(f"{url} redirects from https to {found}, which is not followed")
    if found.address != url.address and not any(IPv4Address(found.address) in network for network in within):
        raise Failed(f"{url} redirects to {found}, outside of the boot's networks, which is not followed")
    return found


def _parsed(text: str) -> Url:
    shown = texts.line(text, SHOWN)
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        port, host = 0, ""
    if port == 0:
        raise Failed(f"'{shown}' is not a URL")
    if parts.scheme not in PORTS:
        raise Failed(f"'{shown}' is neither http nor https, and is not asked for")
    try:
        IPv4Address(host)
    except AddressValueError:
        raise Failed(
            f"the host of '{shown}' is not an IPv4 address: names are not looked up in a boot's network"
        ) from None
    query = f"?{parts.query}" if parts.query else ""
    return Url(parts.scheme, host, port or PORTS[parts.scheme], f"{parts.path or '/'}{query}")
