"""An image as a place: a container for each job, without network, rights or a trace afterwards."""

from __future__ import annotations

import contextlib
import os
import queue
import resource
import shlex
import threading
from typing import TYPE_CHECKING, Any

from bootmatrix import host
from bootmatrix.errors import InfrastructureError
from bootmatrix.places import engine
from bootmatrix.places.place import CONSOLE, END, TENDER, Exit, Job, Mount, Place, Process, decode_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOBODY = 65534
LABEL = "bootmatrix.run"
# A shell as the first process: a tender that is process 1 itself would be immune to its own abort().
FIRST = ("sh", "-c", '"$@"; exit $?', "sh")
ENV = {"HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108  # the container's own scratch folder


class ContainerPlace(Place):
    """`image` is a tag or an id; containers carry the label `bootmatrix.run=<run>`."""

    def __init__(self, image: str, run: str = "") -> None:
        self.name, self.image, self.run = image, image, run

    def mount(self, source: Path, inside: str, *, writable: bool = False) -> Mount:
        return Mount(source.resolve(), inside, writable)

    @contextlib.contextmanager
    def start(self, job: Job) -> Iterator[Process]:
        import docker.errors  # noqa: PLC0415

        api = engine.client()
        try:
            container = api.create_container(**self._arguments(job))["Id"]
        except (docker.errors.APIError, OSError) as error:
            raise InfrastructureError(f"the container for {job.name} cannot be made: {engine.reason(error)}") from None
        process = None
        try:
            process = ContainerProcess(container)
            yield process
        except (docker.errors.APIError, OSError) as error:
            raise InfrastructureError(f"the container of {job.name} failed: {engine.reason(error)}") from None
        finally:
            remove(container)
            if process:
                process.close()

    def _arguments(self, job: Job) -> dict[str, Any]:
        from docker.types import Ulimit  # noqa: PLC0415

        api = engine.client()
        settings = api.create_host_config(
            binds=[f"{m.source}:{m.inside}:{'rw' if m.writable else 'ro'}" for m in job.mounts],
            network_mode=None if job.network else "none",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=not job.trusted,
            tmpfs={"/tmp": tmpfs(job)},  # noqa: S108
            mem_limit=job.memory or None,
            memswap_limit=job.memory or None,
            pids_limit=job.processes,
            ulimits=[Ulimit(name=name, soft=limit, hard=limit) for name, limit in limits(job).items()],
            devices=[f"{host.kvm_node()}:/dev/kvm:rw"] if job.kvm else None,
            group_add=[str(gid)] if job.kvm and (gid := host.kvm_group()) else None,
        )
        return {
            "image": self.image,
            "command": [*FIRST, *job.argv],
            "entrypoint": [],
            "environment": {**ENV, **job.env},
            "working_dir": job.workdir,
            "user": user(job),
            "host_config": settings,
            "labels": {LABEL: self.run},
            "network_disabled": not job.network,
            "stdin_open": False,
        }

    def command_line(self, job: Job) -> list[str]:
        words = ["--rm", "--interactive=false", f"--user={user(job)}", f"--workdir={job.workdir}"]
        words += [] if job.network else ["--network=none"]
        words += ["--cap-drop=ALL", "--security-opt=no-new-privileges", f"--tmpfs=/tmp:{tmpfs(job)}"]
        words += [] if job.trusted else ["--read-only"]
        words += [f"--memory={job.memory}", f"--memory-swap={job.memory}"] if job.memory else []
        words += [f"--pids-limit={job.processes}"]
        words += [f"--ulimit={name}={limit}:{limit}" for name, limit in limits(job).items()]
        words += [f"--device={host.kvm_node()}:/dev/kvm"] if job.kvm else []
        words += [f"--group-add={host.kvm_group()}"] if job.kvm and host.kvm_group() else []
        words += [f"--volume={m.source}:{m.inside}:{'rw' if m.writable else 'ro'}" for m in job.mounts]
        words += [f"--env={key}={value}" for key, value in {**ENV, **job.env}.items()]
        return [shlex.join([cli(), "run", *words, "--entrypoint=", self.image, *FIRST, *job.argv])]


class ContainerProcess(Process):
    """Attached before it is started, so that no byte is lost; one thread carries its output."""

    def __init__(self, container: str) -> None:
        super().__init__()
        self.container = container
        self._lost = ""
        self._killed = threading.Event()
        patient = engine.client(patient=True)
        self._socket = patient.attach_socket(container, params={"stdout": 1, "stderr": 1, "stream": 1})
        self._pump = threading.Thread(target=self._carry, daemon=True)
        try:
            engine.client().start(container)
        except BaseException:
            _hang_up(self._socket)
            raise
        self._pump.start()

    def _carry(self) -> None:
        from docker.utils.socket import STDOUT, frames_iter  # noqa: PLC0415

        try:
            for stream, chunk in frames_iter(self._socket, tty=False):
                self._put((CONSOLE if stream == STDOUT else TENDER, chunk))
        except (OSError, ValueError) as error:
            self._lost = engine.reason(error)  # what comes after it was never seen
        finally:
            self.output.put((END, b""))

    def _put(self, item: tuple[str, bytes]) -> None:
        """After `kill` nobody reads: what still comes is thrown away, or the engine would wait for us as we for it."""
        while not self._killed.is_set():
            with contextlib.suppress(queue.Full):
                self.output.put(item, timeout=0.1)
                return

    def kill(self) -> None:
        import docker.errors  # noqa: PLC0415

        self._killed.set()
        with contextlib.suppress(docker.errors.APIError):
            engine.client().kill(self.container)

    def wait(self) -> Exit:
        if self._lost:
            raise InfrastructureError(f"the engine's stream of the console broke: {self._lost}")
        status = int(engine.client(patient=True).wait(self.container)["StatusCode"])
        found = decode_status(status)
        if found.signal == "SIGKILL":
            state = engine.client().inspect_container(self.container)["State"]
            return Exit(None, found.signal, bool(state.get("OOMKilled")))
        return found

    def close(self) -> None:
        while self._pump.is_alive():
            while not self.output.empty():
                self.output.get_nowait()
            self._pump.join(timeout=0.01)
        _hang_up(self._socket)


def _hang_up(stream: Any) -> None:
    """Close an attached stream and the connection below it, which docker-py leaves to the garbage collector."""
    connection = getattr(stream, "_sock", None)  # a socket's reader; TLS and SSH streams are their own connection
    stream.close()
    if connection is not None:
        connection.close()


def user(job: Job) -> str:
    """Builds run as the caller, so that their files are the caller's; boots without any right."""
    if engine.is_rootless():
        return "0:0"  # which is the caller outside
    uid, gid = os.getuid(), os.getgid()
    return f"{NOBODY}:{NOBODY}" if uid == 0 and not job.trusted else f"{uid}:{gid}"


def limits(job: Job) -> dict[str, int]:
    """Resource limits, never above our own: an engine without the right to raise them would refuse (Podman does)."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 1 << 16 if job.trusted else 1 << 10
    allowed = wanted if files == resource.RLIM_INFINITY else min(wanted, files)
    return {"nofile": allowed, "nproc": job.processes, "core": 0}


def tmpfs(job: Job) -> str:
    size = "" if job.trusted else f",size={job.scratch}"
    return f"rw,exec,nosuid,nodev,mode=1777{size}"


def remove(container: str) -> None:
    """The container, its processes and its anonymous volumes."""
    import docker.errors  # noqa: PLC0415

    with contextlib.suppress(docker.errors.APIError, OSError):
        engine.client().remove_container(container, v=True, force=True)


def cli() -> str:
    """The command that speaks to the same engine."""
    from shutil import which  # noqa: PLC0415

    return "podman" if engine.is_podman() and (which("podman") and not which("docker")) else "docker"
