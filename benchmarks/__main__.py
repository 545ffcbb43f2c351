"""`python -m benchmarks`: measure, print a table, write JSON."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from benchmarks import contract, finding, machine, table

FIGURES = contract.names()


@click.command("benchmarks", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--rounds", type=click.IntRange(1, 1000), default=5, show_default=True, help="Rounds for each figure.")
@click.option(
    "--scale",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Do only this part of the boots, cells, tests: to try the benchmarks themselves.",
)
@click.option(
    "--json",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("out/benchmarks.json"),
    show_default=True,
    help="Where the figures are written.",
)
def command(names: tuple[str, ...], rounds: int, scale: float, file: Path) -> None:
    """Measure all figures, or those named; see docs/benchmarks.md.

    Exits with 1 if something could not run at all, never since a figure is not reached.
    """
    if unknown := [name for name in names if name not in FIGURES]:
        raise click.UsageError(f"there is no figure '{unknown[0]}'; there are: {', '.join(FIGURES)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended, and removed
    here, found = machine.described(), list[finding.Found]()
    for name in names or FIGURES:
        found += finding.find(name, rounds, scale, lambda text: click.echo(text, err=True))
        table.write(file, here, found, {"rounds": rounds, "scale": scale})
    table.show(found, scale)
    click.echo(file)
    sys.exit(any(one.failed for one in found))


if __name__ == "__main__":
    command(prog_name="python -m benchmarks")
