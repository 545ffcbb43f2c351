from __future__ import annotations

from pathlib import Path

import click

from bootmatrix.commands.common import matrix_options


@click.command("doctor", epilog="\b\nExample:\n  bootmatrix doctor || bootmatrix setup")
@matrix_options
def command(directory: Path | None, file: Path) -> int:
    """Say what this host can do and what is missing, each with its remedy; and which hosts over SSH answer that the
    matrix of a trusted repository names.

    Exits with 0 if a run in containers is possible, else with 3.
    """
    from bootmatrix.upkeep import doctor  # noqa: PLC0415

    findings = doctor.everything((directory or Path()) / file)
    for finding in findings:
        mark, colour = {"ok": ("ok      ", "green"), "missing": ("missing ", "red"), "note": ("note    ", "yellow")}[
            finding.state
        ]
        click.echo(click.style(mark, fg=colour, bold=True) + f"{finding.name}: {finding.detail}")
        if finding.remedy:
            click.echo(f"          {finding.remedy}")
    return 3 if any(finding.state == "missing" for finding in findings) else 0
