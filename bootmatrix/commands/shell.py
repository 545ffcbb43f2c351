from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

import click

from bootmatrix.commands.common import allow_option, complete, matrix_options, one_boot, plan_to_run
from bootmatrix.errors import InfrastructureError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bootmatrix.planning.plan import BootStep


@click.command("shell", epilog="\b\nExample:\n  bootmatrix shell gcc-debian-12-aarch64-qemu")
@click.argument("cell", shell_complete=complete)
@allow_option
@matrix_options
def command(cell: str, allow: tuple[Path, ...], directory: Path | None, file: Path) -> None:
    """Open a shell in a cell's container, as its build sees it.

    The source's private copy is /src, thrown away afterwards; $CC, $LD and the axes are set; the build's last output,
    if there is one, is /unikernels.
    """
    step = one_boot(plan_to_run(directory, file, allow, (cell,), "docker"), cell)
    raise SystemExit(_open(step))


def _open(step: BootStep) -> int:
    import subprocess  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from bootmatrix import files, host  # noqa: PLC0415
    from bootmatrix.places import engine, settings  # noqa: PLC0415
    from bootmatrix.places.place import Mount  # noqa: PLC0415
    from bootmatrix.running.making import place_of  # noqa: PLC0415
    from bootmatrix.toolchains import build  # noqa: PLC0415

    if not shutil.which(engine.cli()):
        what = f"`{engine.cli()}` is not on PATH, and a shell needs its terminal"
        raise InfrastructureError(Problem(what, remedy="install the engine's command line: apt-get install docker.io"))
    assert step.image is not None  # noqa: S101  # the docker engine gives every boot one
    with place_of(step) as place, files.scratch("shell-", host.scratch()) as folder, _marked():
        words = [engine.cli(), "run", "--rm", "-it", "--network=none", f"--user={os.getuid()}:{os.getgid()}"]
        words += [f"--label={settings.LABEL}={os.environ[host.RUN_MARK]}", *settings.RIGHTLESS, "--no-healthcheck"]
        words += ["--env=HOME=/tmp", "--tmpfs=/tmp:exec", f"--env=PS1={step.cell.id} $ "]
        if step.build:
            source = folder / "src"
            build.copy(step.build.source, source, step.build.matrix)
            words += ["--workdir=/src", "--env=OUT=/tmp/out"]
            mounts = [Mount(source, "/src", writable=True)]
            mounts += [Mount(Path(p), p) for p in step.build.spec.prefixes if Path(p).is_dir()]
            if (output := step.build.output(place)).is_dir():
                mounts.append(Mount(output, "/unikernels"))
            words += settings.mount_words(mounts)
            words += [f"--env={key}={value}" for key, value in {**step.build.env, **step.build.spec.env}.items()]
        return subprocess.run([*words, "--entrypoint=", step.image.tag, "sh"], check=False).returncode


@contextlib.contextmanager
def _marked() -> Iterator[None]:
    """While this lasts, it is known that there is a container of ours: the next run removes it, should we be killed."""
    from bootmatrix import host  # noqa: PLC0415
    from bootmatrix.runs import lease  # noqa: PLC0415

    folder = host.scratch()
    assert folder is not None  # noqa: S101  # `place_of` holds a lease
    mark = folder / lease.BOXES / "shell"
    mark.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield
    mark.rmdir()
