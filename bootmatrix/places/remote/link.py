"""The way to a host over SSH: a connection when one is needed, made anew where it was lost, and short questions."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import files
from bootmatrix.errors import InfrastructureError, Problem
from bootmatrix.places.containers import engine
from bootmatrix.places.remote import ssh
from bootmatrix.places.remote.connection import Connection
from bootmatrix.places.remote.host import Survey, survey

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.model.remote import Remote

PAUSE = 1.0  # seconds between two tries to connect
ANSWER, WORDS = 30.0, 1 << 16  # seconds for an answer, and bytes


class Link:
    """`root` is our folder there, `scratch` where this host has temporary files. `stop` is set when nothing shall be
    waited for any more, and nothing is waited for longer than `patience` says, in seconds.
    """

    def __init__(
        self,
        remote: Remote,
        stop: threading.Event,
        scratch: Path | None = None,
        note: Callable[[str], None] = lambda _text: None,
        patience: Callable[[], float] = engine.patience,
    ) -> None:
        self.remote, self.scratch = remote, scratch
        self.root = f"{remote.folder}/bootmatrix-{secrets.token_hex(12)}"
        self._stop, self._note, self._patience = stop, note, patience
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._known: Survey | None = None
        self._trouble: InfrastructureError | None = None
        self._given_up = False
        self._resources = contextlib.ExitStack()

    def survey(self) -> Survey:
        """What the host says of itself. Raises InfrastructureError if it cannot be reached."""
        if self._known is None:
            self.connected()
        assert self._known is not None  # noqa: S101
        return self._known

    def connected(self) -> Connection:
        """The connection, made if there is none. One that was lost is made again as long as patience lasts; a host that
        cannot be reached then is given up for the rest of the run.
        """
        with self._lock:
            end, told = time.monotonic() + self._patience(), False
            while not (found := self._tried()):
                assert self._trouble is not None  # noqa: S101  # it says why
                if time.monotonic() > end or self._stop.is_set():
                    self._given_up = not self._stop.is_set()
                    raise InfrastructureError(*self._trouble.problems)
                if not told:
                    self._note(f"{self._trouble}\n    waiting for it")
                    told = True
                self._stop.wait(PAUSE)
            return found

    def _tried(self) -> Connection | None:
        """The connection, after one try to make it if need be; None if it failed. Raises what no waiting mends."""
        if self._given_up and self._trouble:
            raise InfrastructureError(*self._trouble.problems)  # one that is raised again and again only grows
        if self._connection and not self._connection.lost:
            return self._connection
        try:
            return self._new_connection()
        except InfrastructureError as error:
            self._trouble = error
            if ssh.refusal(self.remote, str(error))[1]:
                self._given_up = True
                raise
            return None

    def answers(self) -> bool:
        """Whether it does, when it is asked once."""
        with self._lock:
            try:
                return self._tried() is not None
            except InfrastructureError:
                return False

    def _new_connection(self) -> Connection:
        if self._connection:
            self._connection.close()
            self._connection = None
        made = Connection(self.remote, self.root, self._control / secrets.token_hex(4))
        found = survey(made.said)
        if self._known and self._known.identity != found.identity:
            made.close()
            what = f"{self.remote.name} is another machine than before, or its system or compilers have changed"
            raise InfrastructureError(Problem(what, remedy="run it again"))
        made.flags = found.tar
        self._connection, self._known = made, found
        return made

    @functools.cached_property
    def _control(self) -> Path:
        """A folder for control sockets. A socket's path must be short, and that of the folder may be long."""
        folder = self._resources.enter_context(files.scratch("ssh-", self.scratch))
        opened = os.open(folder, files.FOLDER)
        self._resources.callback(os.close, opened)
        return Path(f"/proc/{os.getpid()}/fd/{opened}")

    def ask(self, question: str) -> tuple[int, str]:
        """The status of a command line of `sh` there, and what it printed, a few words."""
        connection = self.connected()
        with connection.session(f"exec </dev/null 2>/dev/null\n{question}\n") as child:
            assert child.stdin is not None  # noqa: S101
            assert child.stdout is not None  # noqa: S101
            child.stdin.close()
            said, end, more = b"", time.monotonic() + ANSWER, b"?"
            while more and len(said) < WORDS:
                if not ssh.ready([child.stdout.fileno()], end - time.monotonic()):
                    raise InfrastructureError(f"{self.remote.name} does not answer within {ANSWER:.0f} s")
                more = os.read(child.stdout.fileno(), WORDS)
                said += more
            if more:
                raise InfrastructureError(f"{self.remote.name} answers with more than it was asked")
            if child.wait() == ssh.LOST:
                raise connection.trouble()
            return child.returncode, said.decode("utf-8", "replace")

    def close(self) -> None:
        """End the connection, and all that there is of ours."""
        with self._lock:
            if self._connection:
                self._connection.close()
                self._connection = None
            self._resources.close()
