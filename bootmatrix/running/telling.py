"""To whom it is told that an image or a build is made: a run's journal and screen, or who typed a command."""

from __future__ import annotations

import contextlib
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bootmatrix import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from bootmatrix.runs.store import Store
    from bootmatrix.screen import Screen

    Making = tuple[Path, Callable[[str], None]]


class Teller(ABC):
    """`kind` is image or build, `name` what people call it; `details` are for a journal."""

    @abstractmethod
    def found(self, kind: str, name: str, **details: str) -> None:
        """It is here already."""

    @abstractmethod
    def making(self, kind: str, name: str, **details: str) -> AbstractContextManager[Making]:
        """While it is made: where its log goes, and what takes the last line of it."""


class ToRun(Teller):
    """`took` has the seconds of each, as `Times` has them."""

    def __init__(self, store: Store, screen: Screen, took: dict[str, float]) -> None:
        self.store, self.screen, self.took = store, screen, took

    def found(self, kind: str, name: str, **details: str) -> None:
        self.store.event(f"{kind} found", **{kind: name}, **details)

    @contextlib.contextmanager
    def making(self, kind: str, name: str, **details: str) -> Iterator[Making]:
        log, clock = self.store.log(kind, name), time.monotonic()
        self.store.event(f"{kind} started", **{kind: name}, **details, log=str(log))
        with self.screen.working(f"{kind} {name}") as say:
            yield log, say
        seconds = round(time.monotonic() - clock, 3)
        self.took[f"{kind} {name}"] = seconds
        self.store.event(f"{kind} finished", **{kind: name}, seconds=seconds)
        self.screen.made(kind, name, seconds)


class ToTerminal(Teller):
    """On standard error, since the command has something else to say."""

    def found(self, kind: str, name: str, **details: str) -> None:
        """Nothing to wait for."""

    @contextlib.contextmanager
    def making(self, kind: str, name: str, **details: str) -> Iterator[Making]:
        del details
        log = Path(tempfile.mkdtemp(prefix="bootmatrix-")) / f"{kind}.log"
        click.echo(f"building {'the image ' if kind == 'image' else ''}{name}, log in {log}", err=True)
        yield log, lambda _line: None
        files.remove(log.parent)  # of one that failed it stays: its error names it
