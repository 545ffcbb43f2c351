"""A host over SSH as a place: for trusted code, since nothing but its user's own rights holds a job there.

What a job needs is copied there once, what a build made is brought back; nothing of ours stays. A connection that is
lost is made anew when it is needed next.
"""

from __future__ import annotations

import contextlib
import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import files, keys
from bootmatrix.errors import InfrastructureError, Problem, UserError
from bootmatrix.places import disks, own, undoing
from bootmatrix.places.place import SCRATCH, Job, Mount, Place, Process, nothing
from bootmatrix.places.remote import bringing, disks as remote_disks, giving, ssh
from bootmatrix.places.remote.host import RemoteHost
from bootmatrix.places.remote.process import RemoteProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from bootmatrix.model import Interface
    from bootmatrix.places.namespace import Namespace, Shared
    from bootmatrix.places.place import Begin
    from bootmatrix.places.remote.connection import Connection
    from bootmatrix.places.remote.link import Link
    from bootmatrix.places.standing import Standing


class RemotePlace(Place):
    """A host over SSH, reached by a link that is its own."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.name = link.remote.name
        self.host: RemoteHost = RemoteHost(self.name, link.survey, link.ask)

    @property
    def identity(self) -> str:
        return self._link.survey().identity

    def answers(self) -> bool:
        """Whether it does, when it is asked once."""
        return self._link.answers()

    @property
    def search_path(self) -> list[str]:
        return self._link.survey().said.get("path", "/usr/bin:/bin").split(":")

    def mount(self, source: Path, inside: str, *, writable: bool = False) -> Mount:
        """A name that is the same here and there is the other side's own folder, and nothing is copied."""
        if str(source) == inside:
            return Mount(source, inside, writable)
        named = keys.of(str(source.resolve()))
        return Mount(source, f"{self._link.root}/m/{named}/{source.name}", writable)

    def folder(self) -> str:
        return f"{self._link.root}/m/{secrets.token_hex(16)}/own"

    @contextlib.contextmanager
    def start(self, job: Job, begin: Begin = nothing) -> Iterator[Process]:
        connection = self._link.connected()
        for mount in job.mounts:
            self._bring_there(connection, mount)
        mark = job.folder.split("/")[-2] if job.folder else secrets.token_hex(16)
        try:
            if job.files:
                own.check(job.files)
                giving.give(connection, job.folder, iter(job.files.items()))
            there = disks.beside(job.folder)
            with (
                remote_disks.laid(connection, there, job.disks, self._link.ask, self._link.scratch) as laid,
                self._undone(job),
                self._session(connection, job, mark) as process,
            ):
                process.disks = laid
                begin(None)
                process.await_begin()
                yield process
            if process.ended_well:
                self._bring_back(connection, job)
        finally:
            connection.end(mark)
            own_folders = [mount.inside for mount in job.mounts if mount.writable] + [job.folder] * bool(job.folder)
            for each in own_folders:
                connection.remove(each.rpartition("/")[0])

    @contextlib.contextmanager
    def _undone(self, job: Job) -> Iterator[None]:
        """What the job starts there is ended afterwards, by another connection if that was lost."""
        try:
            yield
        finally:
            if job.undo:
                connection, mark = self._link.connected(), secrets.token_hex(16)
                try:
                    with self._session(connection, job.undoing, mark) as process:
                        process.await_begin()
                        undoing.check(process, job, self.name)
                finally:
                    connection.end(mark)

    @contextlib.contextmanager
    def _session(self, connection: Connection, job: Job, mark: str) -> Iterator[RemoteProcess]:
        token, telling = secrets.token_hex(16), self._link.survey().telling
        given = {"root": self._link.root, "mark": mark, "token": token, "telling": telling}
        work = _work(job, f"{self._link.root}/jobs/{mark}/tmp", mark)  # noqa: S108  # on the other side
        script = ssh.script("ends", "job", **given, work=work)
        with connection.session(script) as child:
            process = RemoteProcess(connection, child, mark, token, telling=bool(telling), reads=job.reads)
            try:
                yield process
            finally:
                process.close()

    def _bring_there(self, connection: Connection, mount: Mount) -> None:
        """Copy it, unless it is there; what a job may write to is that job's alone."""
        there, _, name = mount.inside.rpartition("/")
        if not there.startswith(f"{self._link.root}/m/"):
            return
        with connection.bringing:
            if there not in connection.brought:
                inner = giving.of_folder(mount.source) if mount.source.is_dir() else iter(())
                entries = [(name, mount.source), *((f"{name}/{each}", path) for each, path in inner)]
                try:
                    giving.give(connection, there, entries)
                except BaseException:
                    connection.remove(there)
                    raise
                connection.brought.add(there)

    def _bring_back(self, connection: Connection, job: Job) -> None:
        """What this host shall have of what the job made."""
        for wanted in job.brings:
            mount = next(each for each in job.mounts if Path(wanted).is_relative_to(each.inside))
            target = mount.source / Path(wanted).relative_to(mount.inside)
            with files.scratch("brought-", mount.source.parent) as fresh:
                made = fresh / "made"
                made.mkdir()
                is_there = bringing.bring(connection, wanted, mount.inside, made, f"what {job.name} made")
                files.remove(target)
                if is_there:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    made.rename(target)

    def lacks(self, job: Job) -> str:
        if job.interfaces:
            return f"{self.name} is reached over SSH, and the networks of boots are made on this host alone"
        return super().lacks(job)

    def shared(self, name: str, interfaces: Sequence[Interface]) -> AbstractContextManager[Shared]:
        del interfaces
        raise InfrastructureError(f"{name}: {self.name} has no networks of boots")

    def standing(self, namespace: Namespace, name: str) -> Standing:
        del namespace
        raise InfrastructureError(f"{name}: {self.name} has no networks of boots")

    def state_of(self, program: str) -> str:
        return self.host.checksum(program)

    def await_ready(self) -> None:
        self._link.connected()

    def command_line(self, job: Job, *, terminal: bool = False) -> list[str]:
        """Raises UserError: what it needs is there only while a run lasts."""
        del terminal
        what = f"{job.name} is for {self.name}, where its files are only while a run lasts"
        raise UserError(Problem(what, remedy=f"look there: ssh {shlex.quote(self._link.remote.address)}"))

    def close(self) -> None:
        self._link.close()


def _work(job: Job, scratch: str, mark: str) -> str:
    """The job as commands of `sh`: the last one becomes the job."""
    env = {"HOME": scratch, "TMPDIR": scratch, "LANG": "C.UTF-8", **job.env, "BOOTMATRIX_JOB": mark}
    path = "" if "PATH" in env else 'PATH="$PATH" '
    words = shlex.join([*(f"{key}={value}" for key, value in env.items()), *job.argv])
    limits = "" if job.trusted else f"ulimit -c 0 2>/dev/null\n{_largest(job)}"
    stdin = "" if job.reads else " </dev/null"
    workdir = scratch if job.workdir == SCRATCH else job.workdir
    return f"exec 3>&- 4>&-{stdin}\n{limits}cd {shlex.quote(workdir)} || exit 125\nexec env -i {path}{words}"


def _largest(job: Job) -> str:
    """The limit of what it writes, in blocks of 512 bytes."""
    most = disks.limit(job.disks)
    return f"ulimit -f {most // 512}\n" if most else ""
