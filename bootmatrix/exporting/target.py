"""Where measures are sent, and with which secrets: those come from the environment or from files, never from a
command line, which every user of a host can read.
"""

from __future__ import annotations

import base64
import html
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

from bootmatrix import files
from bootmatrix.errors import Problem, UserError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

USER, PASSWORD, TOKEN = "BOOTMATRIX_EXPORT_USER", "BOOTMATRIX_EXPORT_PASSWORD", "BOOTMATRIX_EXPORT_TOKEN"
SECRETS = frozenset({"u", "p", "token", "password"})  # what a query may not have; `u` and `p` are InfluxDB's
LARGEST = 64 << 10  # bytes of a file with a secret
SHORTEST = 4  # characters of a secret that is left out where a server quotes it


@dataclass(frozen=True)
class Target:
    """`url` has no secret, so that it may be shown."""

    url: SplitResult
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def __str__(self) -> str:
        return printable(self.url.geturl(), 300)

    def without_secrets(self, text: str) -> str:
        """What a server has said, which may quote what it was sent."""
        for written in sorted(self._written(), key=len, reverse=True):
            text = text.replace(written, "…")
        return text

    def _written(self) -> Iterator[str]:
        """The secrets in all the ways in which they come back: of the header, in JSON, in HTML, in an address."""
        basic = f"{self.user}:{self.password}" if self.password else ""
        yield from (base64.b64encode(each.encode()).decode() for each in (basic, self.token) if each)
        for secret in (self.password, self.token):
            if len(secret) >= SHORTEST:
                yield from (
                    secret,
                    quote(secret),
                    quote(secret, safe=""),
                    json.dumps(secret)[1:-1],
                    html.escape(secret),
                )


def of(text: str) -> Target:
    """The target of a command line. UserError if it is no URL of a server, or has a secret in it."""
    try:
        url = urlsplit(text)
        usable = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable or not text.isprintable() or " " in text:
        what = f"--to '{_hidden(text)}' is not the address of a server"
        raise UserError(Problem(what, remedy="write it as http://HOST:PORT/PATH or https://HOST/PATH"))
    if "@" in url.netloc or SECRETS.intersection(name for name, _ in parse_qsl(url.query, keep_blank_values=True)):
        what = "--to has a user or a password in it, which every user of this host can read in the list of processes"
        raise UserError(Problem(what, remedy=f"set {USER} and {PASSWORD}, or {TOKEN}, in the environment"))
    return _with_secrets(url._replace(fragment=""))


def _hidden(text: str) -> str:
    """Without what stands where a password would."""
    return printable(text.rpartition("@")[2], 100)


def _with_secrets(url: SplitResult) -> Target:
    user, password, token = map(_secret, (USER, PASSWORD, TOKEN))
    if token and (user or password):
        raise UserError(Problem(f"both {TOKEN} and {USER} or {PASSWORD} are set", remedy="set one of them"))
    return Target(url, user, password, token)


def _secret(name: str) -> str:
    """Of a variable, or of the file that the variable of the same name with `_FILE` names."""
    value, file = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if value and file:
        raise UserError(Problem(f"both {name} and {name}_FILE are set", remedy="set one of them"))
    if file:
        name, value = f"the file of {name}_FILE", _read(name, file)
    if not value.isprintable() or not value.isascii():
        what = f"{name} has a character that is not printable ASCII, such as a line's end"
        raise UserError(Problem(what, remedy="write it anew"))
    return value


def _read(name: str, file: str) -> str:
    try:
        return files.read(Path(file).resolve(), LARGEST).decode("utf-8", "replace").strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        what = f"the file of {name}_FILE cannot be read: {printable(file, 200)}: {why}"
        raise UserError(Problem(what, remedy="name a plain file with the secret alone")) from None
