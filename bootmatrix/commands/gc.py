from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING

import click

from bootmatrix.commands.common import matrix_options, size
from bootmatrix.commands.recorded import runs_folder, runs_option
from bootmatrix.errors import InfrastructureError, Problem, UserError, printable

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.upkeep.kept import Item


@click.command(
    "gc",
    epilog="""\b
Examples:
  bootmatrix gc --dry-run               what would be freed
  bootmatrix gc --days 7 --size 20GiB   unused for a week, and the oldest until 20 GiB are left
  bootmatrix gc --runs --days 30        old runs, too: their reports and consoles
  bootmatrix gc --days 0 --yes          everything that no other cache uses""",
)
@click.option("--dry-run", is_flag=True, help="Remove nothing; list what would be removed.")
@click.option(
    "--days",
    type=click.FloatRange(0),
    default=14.0,
    show_default=True,
    help="Keep what a run has used within this many days.",
)
@click.option("--size", "limit", metavar="SIZE", callback=size, help="Keep at most this much, such as 20 GiB.")
@click.option("--runs", is_flag=True, help="Also remove the folders of old runs; the last run is always kept.")
@click.option(
    "--unmarked",
    is_flag=True,
    help="Also remove images made by bootmatrix that no cache on this host has marked as used.",
)
@click.option("--yes", is_flag=True, help="Do not ask before --days 0 or --size 0 removes everything.")
@runs_option
@matrix_options
def command(
    dry_run: bool,
    days: float,
    limit: int | None,
    runs: bool,
    unmarked: bool,
    yes: bool,
    out: Path | None,
    directory: Path | None,
    file: Path,
) -> None:
    """Remove what no recent run of this cache uses: builds, images and their bases, the leftovers of runs that died."""
    from bootmatrix.runs import lease  # noqa: PLC0415
    from bootmatrix.upkeep import gc  # noqa: PLC0415

    folder = runs_folder(out, directory, file) if runs else None
    every = list(gc.items(folder, functools.partial(click.echo, err=True), unmarked=unmarked))
    gone = gc.chosen(every, days, limit)
    if gone and not (dry_run or yes) and 0 in {days, limit}:
        say_total(every, gone, sum(free(item, dry_run=True) for item in gone), "would be freed")
        confirm(len(gone))
    if not dry_run:
        lease.sweep(click.echo)
    freed = sum(free(item, dry_run=dry_run) for item in gone)
    say_total(every, gone, freed, "would be freed" if dry_run else "freed")


def say_total(every: list[Item], gone: list[Item], freed: int, verb: str) -> None:
    from bootmatrix.quantities import how_many, human_size  # noqa: PLC0415

    kept = sum(item.size for item in every) - freed
    items = how_many(len(every) - len(gone), "item")
    click.secho(f"{human_size(freed)} {verb}, {human_size(kept)} kept in {items}", bold=True)


def confirm(count: int) -> None:
    """Raises UserError without a yes: what takes everything is more often a slip than a wish."""
    if sys.stdin.isatty() and click.confirm(f"remove all {count:,}?"):
        return
    what = "nothing was removed: --days 0 and --size 0 remove everything"
    raise UserError(Problem(what, remedy="add --yes if you mean that, or keep more days"))


def free(item: Item, *, dry_run: bool) -> int:
    """The bytes that are free then; what cannot be removed is said, and the others are."""
    from bootmatrix.quantities import human_size  # noqa: PLC0415
    from bootmatrix.upkeep.gc import human_age  # noqa: PLC0415

    line = f"{item.kind:<6} {human_size(item.size):>10}  used {human_age(item.age):<14} {printable(item.name)}"
    try:
        if not dry_run:
            item.remove()
    except InfrastructureError as error:
        click.echo(f"{line}: kept, since {error}", err=True)
        return 0
    click.echo(line)
    return item.size
