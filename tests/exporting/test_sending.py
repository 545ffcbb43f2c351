"""One request: tried again where that may help, ended in time, and without a secret in what is said of it."""

from __future__ import annotations

import base64
import functools
import html
import json
import time
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import servers
from servers import Scripted, answer, reset

from bootmatrix.errors import InfrastructureError
from bootmatrix.exporting import sending, target
from bootmatrix.exporting.sending import Sender

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Serve = Callable[..., Scripted]

GOOD = answer(204)


def sender(url: str, patience: float = 60.0) -> tuple[Sender, list[float]]:
    """One that does not wait between its tries, and how long it would have."""
    waited: list[float] = []
    return Sender(target.of(url), patience, {"Content-Type": "text/plain"}, sleep=waited.append), waited


def refused(url: str, patience: float = 60.0) -> str:
    with pytest.raises(InfrastructureError) as caught:
        sender(url, patience)[0].send("POST", f"{url}/write", b"a b=1\n")
    return str(caught.value)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_what_is_taken_was_sent_once(status: int, scripted: Serve) -> None:
    server = scripted(answer(status))
    made, waited = sender(server.url)
    made.send("POST", f"{server.url}/write?db=x", b"a b=1\n")
    ((method, path, headers, body),) = server.requests
    assert (method, path, body, waited) == ("POST", "/write?db=x", b"a b=1\n", [])
    assert (headers["Content-Type"], headers.get("Authorization")) == ("text/plain", None)


@pytest.mark.parametrize("bad", [answer(429), answer(500), answer(502), answer(503), answer(504), answer(408), reset])
def test_what_may_pass_is_tried_again_later(bad: Callable[..., None], scripted: Serve) -> None:
    server = scripted(*[bad] * 4, GOOD)
    made, waited = sender(server.url)
    made.send("POST", server.url, b"a b=1\n")
    assert [body for *_, body in server.requests] == [b"a b=1\n"] * 5
    assert len(waited) == 4
    assert all(sending.FIRST_PAUSE <= pause <= sending.LONGEST_PAUSE for pause in waited)


def test_a_file_is_sent_whole_at_each_try(scripted: Serve, tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"a b=1\n" * 100_000)
    server = scripted(answer(503), reset, GOOD)
    sender(server.url)[0].send("PUT", server.url, file)
    assert {len(body) for *_, body in server.requests} == {600_000}


def test_a_server_may_say_how_long_to_wait(scripted: Serve) -> None:
    server = scripted(answer(429, Retry_After="25"), answer(503, Retry_After="Wed, 21 Oct 2026"), GOOD)
    made, waited = sender(server.url)
    made.send("POST", server.url, b"")
    assert waited[0] == 25.0
    assert waited[1] <= sending.LONGEST_PAUSE


def test_a_server_may_say_at_what_time_to_come_again(scripted: Serve) -> None:
    soon = answer(503, Retry_After=formatdate(time.time() + 40, usegmt=True))
    made, waited = sender(scripted(soon, GOOD).url)
    made.send("POST", made.target.url.geturl(), b"")
    assert 20 < waited[0] <= 40


@pytest.mark.parametrize(
    "when", ["-5", "1e9", "nan", "Mon, 30 Nov 2015 00:00:00 GMT", "Mon, 99 Nov 9999 99:99:99 GMT", "soon", "\xe9"]
)
def test_a_time_to_come_again_that_is_none_changes_nothing(when: str, scripted: Serve) -> None:
    made, waited = sender(scripted(answer(429, Retry_After=when), GOOD).url)
    made.send("POST", made.target.url.geturl(), b"")
    assert sending.FIRST_PAUSE <= waited[0] <= sending.LONGEST_PAUSE


def test_nobody_waits_longer_than_wanted_though_a_server_says_so(scripted: Serve) -> None:
    server = scripted(answer(429, Retry_After="999999"))
    said = refused(server.url, patience=5.0)
    assert "answers 429 (1 try within 5.00 s)" in said
    assert "--patience TIME waits longer for it" in said


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(400, "see what it says"), (401, "set the token"), (403, "may not write"), (404, "was made"), (413, "limit")],
)
def test_what_will_not_pass_is_not_tried_again(status: int, remedy: str, scripted: Serve) -> None:
    server = scripted(answer(status, '{"error": "database not found: \x1b[31m\\"x\\""}\n'))
    said = refused(server.url)
    assert len(server.requests) == 1
    assert f'it answers {status}: {{"error": "database not found: \\"x\\""}}' in said
    assert remedy in said


def test_no_redirection_is_followed(scripted: Serve) -> None:
    other = scripted(GOOD)
    server = scripted(answer(307, Location=f"{other.url}/write"))
    assert f"redirects to '{other.url}/write', and nothing was sent there" in refused(server.url)
    assert not other.requests


@pytest.mark.parametrize("kind", [Scripted.hang, Scripted.drip])
def test_a_server_that_never_ends_its_answer_holds_nothing_up(
    kind: Callable[..., None], scripted: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "CONNECT", 0.2)
    server = scripted()
    server.answers.append(functools.partial(kind, server))
    began = time.monotonic()
    said = refused(server.url, patience=0.3)
    assert time.monotonic() - began < 20
    assert "does not answer" in said


def test_a_server_that_is_not_there() -> None:
    said = refused(f"http://127.0.0.1:{servers.free_port()}", patience=0.1)
    assert "cannot be reached, or ended the connection: Connection refused (1 try within 0.10 s)" in said


def test_an_address_that_cannot_be_used_is_told_at_once() -> None:
    assert "cannot be used: URL has an invalid label" in refused(f"http://.{'a' * 64}.example")


def test_what_is_tried_again_is_said_once(scripted: Serve) -> None:
    server, notes = scripted(answer(503, "busy"), answer(503), GOOD), list[str]()
    made = Sender(target.of(server.url), 60.0, note=notes.append, sleep=lambda _: None)
    made.send("POST", server.url, b"")
    assert notes == [f"{server.url} answers 503: busy; it is tried again for 1 min 0 s"]


@pytest.mark.parametrize(
    ("secrets", "wanted"),
    [({"TOKEN": "s3cret-t0ken"}, "Token s3cret-t0ken"), ({"USER": "us", "PASSWORD": "s3cret"}, "Basic dXM6czNjcmV0")],
)
def test_secrets_go_to_the_server_and_nowhere_else(
    secrets: dict[str, str], wanted: str, scripted: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in secrets.items():
        monkeypatch.setenv(f"BOOTMATRIX_EXPORT_{name}", value)
    server = scripted(answer(401, f"you sent {secrets}"))
    said = refused(server.url)
    assert server.requests[0][2]["Authorization"] == wanted
    assert "you sent" in said
    assert "s3cret" not in said
    assert "s3cret" not in repr(sender(server.url)[0])


@pytest.mark.parametrize("name", ["TOKEN", "PASSWORD"])
@pytest.mark.parametrize("status", [400, 401, 429])
def test_no_secret_is_told_however_a_server_quotes_it(
    name: str, status: int, scripted: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = 's3cret"/<&\\+t0ken'  # noqa: S105  # none
    monkeypatch.setenv(f"BOOTMATRIX_EXPORT_{name}", secret)
    header = base64.b64encode((secret if name == "TOKEN" else f":{secret}").encode()).decode()
    quoted = [secret, quote(secret), quote(secret, safe=""), json.dumps(secret), html.escape(secret), f"Basic {header}"]
    for each in quoted:
        server = scripted(answer(status, f"you sent {each}", Retry_After="999999"))  # longer than anybody waits
        said = refused(server.url, patience=20.0)
        assert "you sent" in said
        assert not [part for part in ("s3cret", "t0ken", header[:12]) if part in said], each


def test_no_secret_is_taken_from_netrc(scripted: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login us password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server = scripted(GOOD)
    sender(server.url)[0].send("POST", server.url, b"")
    assert "Authorization" not in server.requests[0][2]
