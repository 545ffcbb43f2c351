"""The kinds of checks, and the options of each: what is asked of a guest from outside while it lives."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from bootmatrix.matrix.keys.marks import AsWritten, Short
from bootmatrix.matrix.keys.parts import PatternOrText, Patterns, Strict
from bootmatrix.matrix.keys.values import BodySize, Listed, Pause, Port, Status, Text, Texts, Whole
from bootmatrix.model import MIB

MOST_PINGS, MOST_ASKED = 1_000_000, 100_000
LARGEST_PING = 65_507  # bytes after the headers of IPv4 and ICMP
METHODS = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _percent(value: Any) -> float:
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?) ?%?", str(value), re.ASCII)
    if not found or float(found[1]) > 100:  # noqa: PLR2004
        raise ValueError(f"'{value}' is not a share such as 2 % or 0.5 %")
    return float(found[1])


def _pattern(value: str) -> str:
    if not re.fullmatch(r"([0-9A-Fa-f]{2}){0,16}", value):
        raise ValueError(f"'{value}' is not a pattern of up to 16 bytes; write it as deadbeef")
    return value


def _path(value: str) -> str:
    if not value.startswith(("/", "{")):
        raise ValueError(f"'{value}' is not a path; write it as /index.html, or a whole URL as `url:`")
    return value


def _url(value: str) -> str:
    if value and not re.match("https?://", value, re.IGNORECASE):
        raise ValueError(f"'{value}' is neither a path such as /index.html nor a URL with http:// or https://")
    return value


def _header(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", value):
        raise ValueError(f"'{value}' is not the name of a header")
    return value


Share = Annotated[float, BeforeValidator(_percent), WithJsonSchema({"type": ["string", "number"], "examples": ["2 %"]})]
Header = Annotated[str, AfterValidator(_header)]


class Ping(Strict):
    """ICMP echo requests, each of which the guest must answer with what it was sent."""

    count: Whole = Field(1, ge=1, le=MOST_PINGS, description="How many are sent.")
    size: Whole = Field(56, ge=0, le=LARGEST_PING, description="Bytes of each, without headers.")
    pattern: Annotated[str, AfterValidator(_pattern), AsWritten()] = Field(
        "", description="Bytes that fill each, again and again, in hexadecimal digits; a number of 8 bytes comes first."
    )
    interval: Pause = Field(0.1, description="Time from one to the next.")
    flood: bool = Field(
        False, description="The next is sent as soon as one is answered, a few are always on their way."
    )
    loss: Share = Field(0.0, description="Which share may go unanswered.")

    @model_validator(mode="after")
    def _has_one_pace(self) -> Self:
        if self.flood and "interval" in self.model_fields_set:
            raise ValueError("flood sends the next as soon as one is answered: remove the interval")
        return self


class Tcp(Strict):
    """A connection that the guest accepts, what is sent, and what must come."""

    port: Port = Field(description="The guest's port.")
    send: Text = Field("", description='What is sent; "…\\r\\n" in double quotes has a line\'s end.')
    expect: Patterns = Field([], description="Patterns that must come, in this order.")
    half_close: bool = Field(False, description="Whether our side is closed once all is sent.")
    close: bool = Field(False, description="Whether the guest must close the connection in the end.")


class Udp(Strict):
    """Datagrams, and the guest's answer to each."""

    port: Port = Field(description="The guest's port.")
    send: Text = Field("", description="What a datagram holds.")
    expect: Patterns = Field([], description="Patterns that an answer must show, in this order; none: any will do.")
    answer: bool = Field(True, description="Whether an answer must come at all.")
    count: Whole = Field(1, ge=1, le=MOST_ASKED, description="How many are sent, each once the one before is answered.")
    loss: Share = Field(0.0, description="Which share may go unanswered.")

    @model_validator(mode="after")
    def _awaits_what_it_expects(self) -> Self:
        if not self.answer and self.expect:
            raise ValueError("without an answer nothing can be expected: remove `expect` or `answer: false`")
        return self


class Http(Strict):
    """A request, and what the guest must answer; with https through TLS."""

    path: Annotated[Text, AfterValidator(_path)] = Field("/", description="What is asked for on the guest's `port`.")
    port: Port = Field(80, description="The guest's port.")
    url: Annotated[Text, AfterValidator(_url)] = Field(
        "", description="A whole URL instead, with an IPv4 address as its host."
    )
    host: Text = Field(
        "", description="The name in the header Host, for which TLS's certificate must hold; without it, the address."
    )
    ca: Text = Field(
        "",
        description="The repository's file (PEM) with the certificates that are trusted; without it, any is accepted.",
    )
    method: METHODS = Field("GET", description="The request's method.")
    send_headers: dict[Header, Text] = Field({}, description="Headers that are sent besides the usual ones.")
    send: Text = Field("", description="The body that is sent.")
    status: Annotated[list[Status], Field(min_length=1), Listed()] = Field(
        [200], description="The expected status, or a list of them."
    )
    headers: dict[Header, PatternOrText] = Field({}, description="Headers that must come, each with a pattern.")
    body: Patterns = Field([], description="Patterns that the body must show, in this order.")
    redirects: Whole = Field(0, ge=0, le=20, description="How many redirections are followed.")
    count: Whole = Field(1, ge=1, le=MOST_ASKED, description="How many requests are made, one after the other.")
    limit: BodySize = Field(16 * MIB, description="The longest body.")

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        if self.url and self.model_fields_set & {"path", "port"}:
            raise ValueError("a whole `url` has a path and a port of its own: remove `path` and `port`")
        return self


class Command(Strict):
    """A program in a container that stands in the network."""

    run: Texts = Field(description="The program and its arguments.")
    image: Text = Field("", description="The image that it is run in; without it, the cell's.")
    exit: Whole = Field(0, ge=0, le=255, description="The expected exit status.")
    output: Patterns = Field([], description="Patterns that its output must show, in this order.")


class Console(Strict):
    """A line on the guest's console, and what it must print then."""

    send: Text = Field("", description="The line that is sent; its end is added.")
    expect: Patterns = Field([], description="Patterns that must be printed after that, in this order.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.send and not self.expect:
            raise ValueError("write `send`, `expect` or both")
        return self


class PathOrUrl(Short):
    """An `http` that is one text: what begins with / is a path."""

    def _mapping(self, value: Any) -> Any:
        whole = isinstance(value, str) and not value.startswith("/")
        return {"url": value} if whole else super()._mapping(value)
