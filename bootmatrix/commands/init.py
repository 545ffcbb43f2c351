from __future__ import annotations

from pathlib import Path

import click

from bootmatrix.errors import BootmatrixError, Problem, UserError

FIRST = r"""# Where this unikernel must boot. `bootmatrix schema` describes every key for your editor.
axes:
  compiler: [gcc, clang]
  os: [debian-12]                   # debian-13, or a folder images/NAME/ of your own
  arch: [x86_64]                    # aarch64, riscv64
  backend: [qemu]                   # solo5-hvt, solo5-spt, solo5-virtio, command

# exclude:
#   - {compiler: clang, arch: riscv64}
# include:
#   - {compiler: gcc, os: debian-13, arch: aarch64, backend: qemu}

builds:
  unikernel:
    source: .                       # copied for each build: your tree is never written to
    axes: [compiler, os, arch]      # not backend: one build serves them all
    run: make CC="$CC" LD="$LD" ARCH="$ARCH" && cp hello.elf "$OUT/"

defaults:
  memory: 64 MiB
  timeout: 30 s
  # How this suite tells its end: what the tender's exit status means ...
  # exit_codes: {1: passed, 3: failed, 77: skipped, 127: aborted}
  # ... or a line on the console, where the machine has no exit status.
  # console_exit: 'EXIT: STATUS=(\d+)'

tests:
  hello:                            # boots hello.elf of the build's output
    args: [Hello]
    expect: {outcome: exited(0), console: [SUCCESS]}
  # crash:
  #   expect: {outcome: crashed}
  # smp:
  #   unikernel: hello.{format}
  #   params: {cpus_: [1, 2, 4]}
  #   args: ["--cpus={cpus_}"]
  #   retry: {attempts: 3, on: hung}
"""


@click.command("init", epilog="\b\nExample:\n  bootmatrix init && bootmatrix list")
@click.option("-C", "directory", type=click.Path(path_type=Path), default=Path(), help="Work in this folder.")
@click.option("-f", "--file", "file", type=click.Path(path_type=Path), default=Path("matrix.yaml"), show_default=True)
def command(directory: Path, file: Path) -> None:
    """Write a first matrix.yaml, with comments. Never overwrites one."""
    target = directory / file
    try:
        _write(target)
    except FileExistsError:
        raise UserError(Problem(f"{target} exists already", remedy="edit it, or name another with -f FILE")) from None
    except OSError as error:
        raise _unwritten(target, error) from None
    click.echo(f"wrote {target}: adapt it, then run `bootmatrix list` and `bootmatrix run`")


def _write(target: Path) -> None:
    """A whole file or none: half a matrix would be in the way the next time."""
    with target.open("x", encoding="utf-8") as stream:
        try:
            stream.write(FIRST)
            stream.flush()
        except OSError:
            target.unlink()
            raise


def _unwritten(target: Path, error: OSError) -> BootmatrixError:
    from bootmatrix import disk  # noqa: PLC0415

    if disk.is_full(error):
        return disk.full(target, error, "free some space there, then run this again")
    return UserError(Problem(f"{target} cannot be written: {error.strerror}", remedy="name another folder with -C"))
