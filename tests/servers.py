"""Servers of measures: real ones of the test's own, and one that answers as a test wants."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

INFLUXDB = """\
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
[monitor]
store-enabled = false
"""
PROMETHEUS = """\
global: {{scrape_interval: 200ms}}
scrape_configs:
  - job_name: pushgateway
    honor_labels: true
    static_configs: [{{targets: ["127.0.0.1:{gateway}"]}}]
"""
PATIENCE = 60.0  # seconds that a server has to start


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port: int = opened.getsockname()[1]
        return port


def fetch(url: str, **query: str) -> bytes:
    with urlopen(f"{url}?{urlencode(query)}" if query else url, timeout=10) as answer:  # noqa: S310  # a test's own
        raw: bytes = answer.read()
        return raw


@contextlib.contextmanager
def serving(folder: Path, command: list[str], ready: str) -> Iterator[None]:
    """The process of a server, until that answers at the address `ready`; it is ended with the test."""
    log = folder / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, cwd=folder)
    try:
        until(lambda: _answers(process, ready, log))
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _answers(process: subprocess.Popen[bytes], url: str, log: Path) -> bool:
    assert process.poll() is None, log.read_text()[-2000:]
    with contextlib.suppress(URLError, ConnectionError):
        fetch(url)
        return True
    return False


def until(done: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)  # between two looks


@contextlib.contextmanager
def influxdb(folder: Path) -> Iterator[str]:
    """The address of an InfluxDB 1 without any database."""
    port = free_port()
    (folder / "influxdb.conf").write_text(INFLUXDB.format(folder=folder, port=port, rpc=free_port()))
    url = f"http://127.0.0.1:{port}"
    with serving(folder, ["influxd", "-config", str(folder / "influxdb.conf")], f"{url}/ping"):
        yield url


def made_database(url: str, name: str) -> None:
    asked = urlencode({"q": f'CREATE DATABASE "{name}"'}).encode()
    with urlopen(f"{url}/query", data=asked, timeout=10) as answer:  # noqa: S310  # a test's own
        assert "error" not in answer.read().decode()


def influxql(url: str, database: str, query: str) -> list[dict[str, Any]]:
    """The rows of all series, each with its tags."""
    (found,) = json.loads(fetch(f"{url}/query", db=database, q=query))["results"]
    assert "error" not in found, (query, found)
    return [
        {**series.get("tags", {}), **dict(zip(series["columns"], row, strict=True))}
        for series in found.get("series", ())
        for row in series["values"]
    ]


@contextlib.contextmanager
def pushgateway(folder: Path) -> Iterator[str]:
    """The address of a Pushgateway."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = ["prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}"]
    with serving(folder, command, f"{url}/-/ready"):
        yield url


@contextlib.contextmanager
def prometheus(folder: Path, gateway: str) -> Iterator[str]:
    """The address of a Prometheus that fetches from a Pushgateway."""
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(gateway=gateway.rpartition(":")[2]))
    url = f"http://127.0.0.1:{(port := free_port())}"
    options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    command = ["prometheus", *options, f"--web.listen-address=127.0.0.1:{port}"]
    with serving(folder, command, f"{url}/-/ready"):
        yield url


def promql(url: str, query: str) -> list[tuple[dict[str, str], float]]:
    answer = json.loads(fetch(f"{url}/api/v1/query", query=query))
    assert answer["status"] == "success", answer
    return [(each["metric"], float(each["value"][1])) for each in answer["data"]["result"]]


@dataclass
class Scripted:
    """A server that gives one answer after the other, the last again and again, and keeps what it was sent."""

    answers: list[Callable[[BaseHTTPRequestHandler], None]]
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Scripted]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_args: object) -> None:
                pass

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests.append((self.command, self.path, dict(self.headers), body))
                outer.answers[min(len(outer.requests), len(outer.answers)) - 1](self)

            do_POST = do_PUT = answer  # noqa: N815  # their names

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self.over.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def hang(self, _handler: BaseHTTPRequestHandler) -> None:
        self.over.wait(PATIENCE)

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """An answer that goes on for ever, a byte at a time."""
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not self.over.wait(0.05):
                handler.wfile.write(b".")
                handler.wfile.flush()


def answer(status: int, body: str = "", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def give(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body.encode())))
        handler.end_headers()
        handler.wfile.write(body.encode())

    return give


def reset(handler: BaseHTTPRequestHandler) -> None:
    """No answer: the connection ends."""
    handler.connection.shutdown(socket.SHUT_RDWR)
