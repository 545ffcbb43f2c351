"""A machine that is reached over SSH, by what it said of itself when it was asked."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix import keys
from bootmatrix.errors import printable
from bootmatrix.places.devices import KVM
from bootmatrix.places.hosts import ARCHES, TROUBLES, Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SHARE = 0.9  # of the memory that is free
MOST_BOOTS = 6  # at once: each has a session of the connection, and so has what is copied


@dataclass(frozen=True)
class Survey:
    """What a host says of itself, by the words of survey.sh; `programs` are a line each, with their versions."""

    said: dict[str, str] = field(default_factory=dict)
    programs: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Which machine and system it is, and what is built with there."""
        return keys.of(self.said.get("name"), self.said.get("system"), self.programs)

    @property
    def telling(self) -> str:
        return self.said.get("telling", "")

    @property
    def tar(self) -> str:
        """The option of its `tar` for a form without holes; empty where that knows no other."""
        return self.said.get("tar", "")


def survey(lines: Iterable[str]) -> Survey:
    """From `KEY VALUE`, each a line that anybody may have written."""
    pairs = [printable(line, 4000).partition(" ") for line in lines]
    programs = tuple(value for key, _, value in pairs if key == "program")
    return Survey({key: value for key, _, value in pairs if key != "program"}, programs)


class RemoteHost(Host):
    """`ask` runs a command line of `sh` there, and gives its status and what it printed."""

    def __init__(self, name: str, found: Callable[[], Survey], ask: Callable[[str], tuple[int, str]]) -> None:
        self.name, self._found, self._ask = name, found, ask
        self._known: dict[str, tuple[int, str]] = {}

    def _said(self, key: str) -> str:
        return self._found().said.get(key, "")

    def _number(self, key: str, otherwise: int) -> int:
        text = self._said(key)
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else otherwise

    @property
    def machine(self) -> str:
        return ARCHES.get(self._said("machine"), self._said("machine"))

    @property
    def kind(self) -> str:
        words = (self.machine, self._said("os"), self._said("model"), f"{self._number('cores', 1)} cores")
        return ", ".join(filter(None, words))

    @property
    def os_name(self) -> str:
        return self.name

    @property
    def cores(self) -> int:
        return max(1, self._number("cores", 1))

    @property
    def memory(self) -> int:
        return self._number("memory", 0)

    @property
    def most_memory(self) -> int:
        return int(self.memory * SHARE)

    @property
    def boot_id(self) -> str:
        return self._said("boot")

    def trouble(self, accelerator: str) -> str:
        if accelerator != KVM:
            return f"{self.name} is asked for no {accelerator}" if accelerator in TROUBLES else ""
        known = {"usable": "", "closed": f"/dev/kvm of {self.name} cannot be opened by the user of the connection"}
        return known.get(self._said("kvm"), f"{self.name} has no /dev/kvm")

    def lacks(self, device: str) -> str:
        if device == KVM:
            return self.trouble(KVM)
        return f"{self.name} is reached over SSH, and boots there are given no device '{device}'"

    def has(self, path: str) -> bool:
        return self._answer(f"[ -e {shlex.quote(path)} ]")[0] == 0

    def program(self, name: str, prefix: str = "") -> str | None:
        wanted = f"{prefix}/bin/{name}" if prefix else name
        status, said = self._answer(f"command -v {shlex.quote(wanted)}")
        return (said.strip() or wanted) if status == 0 else None

    def checksum(self, name: str) -> str:
        """That of a program's file; empty if there is none."""
        quoted = shlex.quote(name)
        status, said = self._answer(f'file=$(command -v {quoted}) && cksum <"$file"')
        return said.strip() if status == 0 else ""

    def _answer(self, question: str) -> tuple[int, str]:
        """Asked once."""
        if question not in self._known:
            self._known[question] = self._ask(question)
        return self._known[question]
