from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bootmatrix.commands.common import matrix_options
from bootmatrix.commands.recorded import history_option, kept, noted, pen, root_of
from bootmatrix.quantities import how_many, the_last

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bootmatrix.history.database import History
    from bootmatrix.history.findings import Night
    from bootmatrix.history.story import Story

MOST = 20  # tests that are told on a terminal


@click.command(
    "history",
    epilog="""\b
Examples:
  bootmatrix history gcc-debian-12-x86_64-qemu/hello
  bootmatrix history test=hello arch=x86_64 --nights 100
  bootmatrix history gcc-debian-12-x86_64-qemu/hello --branch main --format json""",
)
@click.argument("select", nargs=-1, required=True, metavar="TEST...")
@click.option(
    "--nights", type=click.IntRange(1, 10_000), default=30, show_default=True, help="How many of the last runs to show."
)
@click.option("--branch", help="The branch of the runs; without it, that of the last run.")
@click.option("--all", "every", is_flag=True, help="Show the runs of all branches.")
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text", show_default=True)
@history_option
@matrix_options
def command(
    select: tuple[str, ...],
    nights: int,
    branch: str | None,
    every: bool,
    shape: str,
    history: str,
    directory: Path | None,
    file: Path,
) -> None:
    """Show what became of a test, run by run.

    TEST is an id, CELL/TEST, or a selection of tests as in `run`.
    """
    from bootmatrix.history import asked, database, story  # noqa: PLC0415

    with database.opened(root_of(directory, file), history, note=noted) as opened:
        past = kept(opened, "history")
        names = asked.tests(past, select)
        window = _window(past, branch, nights, every=every)
        past.deadline.allow(len(names) * len(window))
        stories = story.of(window, past.points(window, names))
        if shape == "json":
            _json(stories)
        else:
            _text(stories, len(window), every=every)


def _json(stories: Iterator[Story]) -> None:
    """A test a line."""
    import json  # noqa: PLC0415

    from bootmatrix.history import story  # noqa: PLC0415

    before = "[\n"
    for one in stories:
        click.echo(before + json.dumps(story.as_dict(one)), nl=False)
        before = ",\n"
    click.echo("[]" if before == "[\n" else "\n]")


def _text(stories: Iterator[Story], runs: int, *, every: bool) -> None:
    from bootmatrix.history import story  # noqa: PLC0415

    shown = pen()
    told = 0
    for told, one in enumerate(stories, 1):
        if told <= MOST:
            for line in story.lines(one, unicode=shown.unicode):
                shown.write(shown.joined(line)[0] + "\n")
    if told > MOST:
        shown.line(f"… and {how_many(told - MOST, 'more test')}: select fewer, or use --format json", "note")
    if not told:
        shown.line(_absent(runs, every=every), "note")


def _absent(runs: int, *, every: bool) -> str:
    """Of a test that none of these runs has, and where else it may be looked for."""
    where = "" if every else " of this branch"
    said = f"it is not in {the_last(runs, 'run')}{where}" if runs else f"there is no run{where}"
    return f"{said}: {'' if every else '--all searches all branches, '}--nights more runs"


def _window(past: History, branch: str | None, nights: int, *, every: bool) -> Sequence[Night]:
    if every:
        return past.nights(None, nights)
    if branch is None:
        last = past.nights(None, 1)
        branch = last[0].branch if last else ""
    return past.nights(branch, nights)
