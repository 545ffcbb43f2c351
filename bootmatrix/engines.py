"""What `--engine` takes: where a run's builds and boots are. `places/opening.py` opens each."""

from __future__ import annotations

from enum import StrEnum


class Engine(StrEnum):
    """Its value is the user's word for it."""

    DOCKER = "docker"
    HOST = "host"

    @property
    def has_images(self) -> bool:
        """Whether each cell builds and boots in an image of its own; else all of them have this host's programs."""
        return self is Engine.DOCKER


SAID = {
    Engine.DOCKER: "in containers (Docker, or Podman by DOCKER_HOST)",
    Engine.HOST: "on this host, for trusted code",
}
"""What is said of each to users."""


def recorded(text: object) -> Engine:
    """The engine of an earlier run, by what it recorded: its word, or the description of a container engine."""
    return next((each for each in Engine if each == text), Engine.DOCKER)
