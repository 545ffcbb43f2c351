from __future__ import annotations

import click


@click.command(
    "setup", epilog="\b\nExamples:\n  bootmatrix setup\n  bootmatrix setup --yes        for CI: asks nothing"
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--host-tools", is_flag=True, help="Also QEMU, compilers and git for --engine host.")
def command(yes: bool, host_tools: bool) -> None:
    """Install what is missing with the system's package manager, after saying what, and start the engine.

    Containers need Docker Engine, and mmdebstrap where no registry answers. Known: apt (Debian, Ubuntu).
    """
    from bootmatrix.upkeep import setup  # noqa: PLC0415

    needed = setup.missing(host_tools=host_tools)
    for step in needed:
        click.echo(f"{step.what}: {step.command}")
    if not needed:
        click.echo("nothing is missing")
        return
    if not yes and not click.confirm("do this?", default=True):
        raise click.Abort
    for step in needed:
        click.secho(step.what, bold=True)
        step.do()
