from __future__ import annotations

import re
from pathlib import Path

import click

from bootmatrix import repository
from bootmatrix.commands.common import allow_option, failing, failing_options, left_out, load, matrix_options
from bootmatrix.commands.recorded import history_option, runs_option


def _commit(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if value and not re.fullmatch("[0-9a-f]{7,64}", value):
        raise click.BadParameter(f"'{value}' is not a commit: write it in hexadecimal digits", ctx, param)
    return value


@click.command(
    "merge",
    epilog="""\b
Examples:
  bootmatrix merge parts                       every run below this folder
  bootmatrix merge parts --select arch=x86_64  of a run that had a selection
  bootmatrix merge parts --as-told             of another commit: only what the shards report""",
)
@click.argument("part", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--select", multiple=True, metavar="SELECT", help="A term of the selection that was run. Repeatable.")
@click.option(
    "--as-told", is_flag=True, help="Do not compare the shards with the matrix: what they report is all there is."
)
@click.option("--commit", default="", metavar="SHA", callback=_commit, help="The commit that was run, if you know it.")
@failing_options
@runs_option
@history_option
@allow_option
@matrix_options
def command(
    part: tuple[Path, ...],
    select: tuple[str, ...],
    as_told: bool,
    commit: str,
    fail_on_flaky: bool,
    fail_on_undecided: bool,
    out: Path | None,
    history: str,
    allow: tuple[Path, ...],
    directory: Path | None,
    file: Path,
) -> int:
    """Make one run of the shards of several machines. A test that no shard reports is an error."""
    from bootmatrix import screen  # noqa: PLC0415
    from bootmatrix.merging import merge  # noqa: PLC0415
    from bootmatrix.running import run  # noqa: PLC0415

    matrix = load(directory, file, allow)
    bad = failing(flaky=fail_on_flaky, undecided=fail_on_undecided)
    shown = screen.make(live=False, failing=bad)
    if without := left_out(matrix.root):
        shown.note(without)
    options = merge.Options(out or repository.out(matrix.root), select, as_told, commit, history, shown.note)
    finished = merge.merge(matrix, part, options)
    shown.summary(finished.run, finished.folder, finished.reports)
    return run.exit_code(finished, failing=bad)
