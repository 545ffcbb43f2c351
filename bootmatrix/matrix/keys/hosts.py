"""Hosts over SSH in matrix.yaml: how each is reached, and which cells it is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from bootmatrix.matrix.keys.marks import Short
from bootmatrix.matrix.keys.parts import Strict
from bootmatrix.matrix.keys.values import HostPath, Listed, Text, Texts
from bootmatrix.model.remote import Remote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

USER = r"(?:(?P<user>[A-Za-z0-9_.][A-Za-z0-9_.@+-]*)@)?"
HOST = r"(?P<host>[A-Za-z0-9_.][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?\])"
ADDRESS = rf"{USER}{HOST}(?::(?P<port>[0-9]{{1,5}}))?"
OPTION = r"[A-Za-z][A-Za-z0-9]*=[^\0\r\n]+"
HIGHEST = 65535  # of ports
ALWAYS = ("cc", "ld")  # asked for their versions on each host


def _address(value: str) -> str:
    found = re.fullmatch(ADDRESS, value)
    if not found or not 0 < int(found["port"] or 1) <= HIGHEST:
        raise ValueError(f"'{value}' is not an address for ssh; write it as root@freebsd.example:22")
    return value


def _option(value: str) -> str:
    if not re.fullmatch(OPTION, value):
        raise ValueError(f"'{value}' is not an option of ssh -o; write it as IdentityFile=~/.ssh/ci")
    return value


def _there(value: str) -> str:
    return value.rstrip("/") or "/"


class Ssh(Strict):
    """How `ssh` reaches a host; what is not said here stands in the user's own configuration of it."""

    to: Annotated[str, AfterValidator(_address)] = Field(
        description="`USER@HOST:PORT`, where user and port may be left out, or a `Host` of ~/.ssh/config."
    )
    options: Annotated[list[Annotated[str, AfterValidator(_option)]], Listed()] = Field(
        [], description="More of ssh_config(5), as `ssh -o` takes it."
    )


class Host(Strict):
    """A machine that is reached over SSH, for the cells whose `os` has its name."""

    ssh: Annotated[Ssh, Short("to")] = Field(description="How it is reached.")
    arch: Texts = Field(description="The architectures of the cells that it builds and boots; others are skipped.")
    compilers: dict[str, dict[str, dict[str, Text]]] = Field(
        {}, description="Variables of builds for each compiler and architecture, as in an image.yaml."
    )
    folder: Annotated[HostPath, AfterValidator(_there)] = Field(
        "/tmp",  # noqa: S108  # on the other side
        description="The folder there in which a run makes one of its own.",
    )


def remotes(hosts: Mapping[str, Host], compilers: Iterable[str]) -> dict[str, Remote]:
    """A matrix's hosts by name; `compilers` are those of its cells."""
    return {name: _remote(name, host, compilers) for name, host in hosts.items()}


def _remote(name: str, host: Host, compilers: Iterable[str]) -> Remote:
    found: Any = re.fullmatch(ADDRESS, host.ssh.to)
    address = found["host"].strip("[]")
    variables = (words for arches in host.compilers.values() for each in arches.values() for words in each.values())
    programs = {*ALWAYS, *compilers, *(words.split()[0] for words in variables if words.strip())}
    return Remote(
        name,
        f"{found['user']}@{address}" if found["user"] else address,
        int(found["port"] or 0),
        tuple(host.ssh.options),
        host.folder,
        tuple(sorted(each for each in programs if re.fullmatch(r"[A-Za-z0-9_.+/-]+", each))),
    )
