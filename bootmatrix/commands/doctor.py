from __future__ import annotations

import click


@click.command("doctor", epilog="\b\nExample:\n  bootmatrix doctor || bootmatrix setup")
def command() -> int:
    """Say what this host can do and what is missing, each with its remedy.

    Exits with 0 if a run in containers is possible, else with 3.
    """
    from bootmatrix.upkeep import doctor  # noqa: PLC0415

    findings = doctor.everything()
    for finding in findings:
        mark, colour = {"ok": ("ok      ", "green"), "missing": ("missing ", "red"), "note": ("note    ", "yellow")}[
            finding.state
        ]
        click.echo(click.style(mark, fg=colour, bold=True) + f"{finding.name}: {finding.detail}")
        if finding.remedy:
            click.echo(f"          {finding.remedy}")
    return 3 if any(finding.state == "missing" for finding in findings) else 0
