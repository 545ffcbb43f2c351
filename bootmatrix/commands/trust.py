from __future__ import annotations

import os
from pathlib import Path

import click

from bootmatrix.errors import printable


@click.command(
    "trust",
    epilog="""\b
Examples:
  bootmatrix trust                      the repository of this folder
  bootmatrix trust --list
  bootmatrix trust --revoke ~/src/guest""",
)
@click.argument("folder", type=click.Path(path_type=Path), default=Path(), metavar="[FOLDER]")
@click.option("--revoke", is_flag=True, help="Withdraw the trust.")
@click.option("--list", "listed", is_flag=True, help="Only list the repositories that are trusted.")
def command(folder: Path, revoke: bool, listed: bool) -> None:
    """Let a repository's own runners and reports be imported by every command.

    They are code, and run on this host with your rights. `run`, `repro`, `net` and `shell` import them
    in any case.
    """
    from bootmatrix import trust  # noqa: PLC0415

    if revoke and listed:
        raise click.UsageError("--revoke and --list cannot be combined: give one of them")
    if listed:
        for each in trust.kept():
            click.echo(printable(str(each)))
        if not trust.kept():
            click.echo("no repository is trusted", err=True)
    elif revoke:
        gone = trust.take_back(folder)
        for each in gone:
            click.echo(f"no longer trusted: {printable(str(each))}")
        if not gone:
            click.echo(f"it was not trusted: {printable(str(folder.resolve()))}")
    else:
        click.echo(f"trusted: {printable(str(trust.keep(folder)))}")
    if os.environ.get(trust.VARIABLE) and not listed:
        click.echo(f"{trust.VARIABLE} also decides what is trusted: {printable(os.environ[trust.VARIABLE])}", err=True)
