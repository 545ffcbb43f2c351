from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bootmatrix.commands.common import matrix_options, size

if TYPE_CHECKING:
    from bootmatrix.gc import Item


@click.command(
    "gc",
    epilog="""\b
Examples:
  bootmatrix gc --dry-run               what would be freed
  bootmatrix gc --days 7 --size 20GiB   unused for a week, and the oldest until 20 GiB are left
  bootmatrix gc --runs --days 30        old runs, too: their reports and consoles""",
)
@click.option("--dry-run", is_flag=True, help="Remove nothing, only say what would be.")
@click.option(
    "--days", type=click.FloatRange(0), default=14.0, show_default=True, help="Keep what a run used in so many days."
)
@click.option("--size", "limit", metavar="SIZE", callback=size, help="Keep at most so much, such as 20 GiB.")
@click.option("--runs", is_flag=True, help="Also the folders of old runs; the last one is always kept.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="The folder of the runs; without it, out/ beside the matrix."
)
@matrix_options
def command(
    dry_run: bool, days: float, limit: int | None, runs: bool, out: Path | None, directory: Path | None, file: Path
) -> None:
    """Free what no recent run uses: builds, images and their bases, the leftovers of runs that died."""
    from bootmatrix import gc  # noqa: PLC0415
    from bootmatrix.quantities import human_size  # noqa: PLC0415
    from bootmatrix.runs import lease  # noqa: PLC0415

    if not dry_run:
        lease.sweep(click.echo)
    folder = (out or ((directory or Path()) / file).parent / "out") if runs else None
    every = list(gc.items(folder))
    gone = gc.chosen(every, days, limit)
    freed = sum(free(item, dry_run=dry_run) for item in gone)
    kept = sum(item.size for item in every) - freed
    verb = "would be freed" if dry_run else "freed"
    click.secho(f"{human_size(freed)} {verb}, {human_size(kept)} kept in {len(every) - len(gone)} items", bold=True)


def free(item: Item, *, dry_run: bool) -> int:
    """The bytes that are free then; what cannot be removed is said, and the others are."""
    from bootmatrix.errors import InfrastructureError, printable  # noqa: PLC0415
    from bootmatrix.gc import human_age  # noqa: PLC0415
    from bootmatrix.quantities import human_size  # noqa: PLC0415

    line = f"{item.kind:<6} {human_size(item.size):>10}  used {human_age(item.age):<14} {printable(item.name)}"
    try:
        if not dry_run:
            item.remove()
    except InfrastructureError as error:
        click.echo(f"{line}: kept, since {error}", err=True)
        return 0
    click.echo(line)
    return item.size
