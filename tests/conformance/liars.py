"""A runner that lies of each capability in a way of its own, and the words in which each lie is caught."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Over `command`: what it launches, by the guest's first argument, and what it says of how that ended.
COMMAND = """
from dataclasses import dataclass, replace
from typing import ClassVar

from bootmatrix.model import Launch
from bootmatrix.runners import command

PIPES = {
    "bytes": "\\"$@\\" | tr -d '\\\\000\\\\007'",
    "flood": "\\"$@\\" | head -c 1000",
    "hang": "timeout 1 \\"$@\\" || exit 0",
    "args": "exec $*",
}
SWAPPED = {"0": "1", "1": "0", "63": "64", "64": "63"}


@dataclass(frozen=True)
class Runner(command.Runner):
    impossible: ClassVar = {name: text for name, text in command.Runner.impossible.items() if name != "panic"}
    panic: ClassVar = ("Kernel panic",)

    def launch(self, boot):
        argv = list(super().launch(replace(boot, blocks=())).argv)
        if boot.blocks or boot.interfaces:
            return Launch(tuple(word for word in argv if not word.startswith(("disk=", "tap="))))
        pipe = PIPES.get(boot.args[0])
        return Launch(("/bin/sh", "-c", pipe, "sh", *argv) if pipe else tuple(argv))

    def outcome(self, ending):
        said = super().outcome(ending)
        if "EXIT: STATUS=0" in ending.console or "Kernel panic" in ending.console:
            return replace(said, kind="exited", detail="0")
        if said.kind == "crashed":
            return replace(said, kind="exited", detail="134" if said.detail == "SIGABRT" else "0")
        if ending.console and "conformance: ends" not in ending.console:
            return said
        if ending.status > 100:
            return replace(said, kind="crashed", detail=f"status {ending.status}")
        return replace(said, detail=SWAPPED[said.detail])
"""
OF_COMMAND = {
    "exit-0": "exited(1)",
    "exit-1": "exited(0) instead of exited(1)",
    "exit-63": "exited(64) instead of exited(63)",
    "exit-64": "exited(63) instead of exited(64)",
    "exit-127": "crashed(status 127) instead of exited(127)",
    "exit-137": "crashed(status 137) instead of exited(137)",
    "exit-255": "crashed(status 255) instead of exited(255)",
    "silent-exit": "exited(1) instead of exited(0)",
    "silent-failure": "exited(0) instead of exited(1)",
    "abort": "exited(134) instead of",
    "trap": "exited(0) instead of",
    "null-write": "exited(0) instead of",
    "stack-overflow": "exited(0) instead of",
    "panic": "no output followed a line that matches `panic`",
    "hang": "instead of hung",
    "flood": "instead of hung",
    "lies": "exited(0) instead of exited(63)",
    "bytes": "the console lacks 2 byte values (0x00, 0x07)",
    "arguments": "the console never shows",
    "network": "ready",
    "disk": "exited(1) instead of exited(0)",
}

# Over `qemu`: what a command cannot have.
QEMU = """
from dataclasses import dataclass, replace

from bootmatrix.runners import qemu


@dataclass(frozen=True)
class Runner(qemu.Runner):
    def launch(self, boot):
        return super().launch(replace(boot, cpus=1, memory=max(boot.memory, 32 << 20)))
"""
OF_QEMU = {
    "memory": "exited(0), QEMU's status 1, instead of",
    "cpus": "the console never shows 'conformance: processors 2'",
}


def write(root: Path, base: str, text: str, kit: str = "") -> None:
    """A project with the runner `liar`, whose guests are those of `base`; `kit` is added to their kit."""
    (root / "runners").mkdir()
    (root / "runners" / "liar.py").write_text(text)
    shutil.copytree(ROOT / "kits" / base, root / "kits" / "liar")
    with (root / "kits" / "liar" / "kit.yaml").open("a") as file:
        file.write(kit)
