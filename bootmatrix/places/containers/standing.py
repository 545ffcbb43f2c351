"""Networks of a container, for people: other containers, and programs of this host, stand in them."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from bootmatrix.places.containers import engine
from bootmatrix.places.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence


class InContainer(Standing):
    """Those of a container of an image, by its id, and by the name that it has for people."""

    def __init__(self, container: str, name: str, image: str) -> None:
        self.container, self.name, self.image = container, name, image

    def command(self, argv: Sequence[str]) -> list[str]:
        """As it is: it says `--network=container:NAME` itself."""
        return list(argv)

    def ways_in(self, program: str) -> list[str]:
        word = shlex.join(engine.cli())
        process = f'"$({word} inspect --format={{{{.State.Pid}}}} {self.name})"'
        root, user = ("", " --user --preserve-credentials") if engine.is_rootless() else (_sudo(), "")
        return [
            f"with a program of this host: {root}nsenter --target={process} --net{user} {program}",
            f"with what the image has: {word} run --rm -it --network=container:{self.name} {self.image} sh",
        ]

    def interrupt(self) -> None:
        """The engine's command hands it on to the container, whose first process, a shell, is immune to it."""
        self.clear()

    def clear(self) -> None:
        for each in engine.joined(self.container):
            engine.remove(each)


def _sudo() -> str:
    return "sudo " if os.getuid() else ""


def shell_in(name: str) -> str:
    """The name of the container of a shell in the network of that container."""
    return f"{name}-shell"
