from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from bootmatrix import repository
from bootmatrix.commands.common import matrix_options
from bootmatrix.commands.recorded import folder_of, history_option, kept, noted, pen, root_of, runs_option
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bootmatrix.compare.judge import Comparison
    from bootmatrix.compare.pairs import Pairs
    from bootmatrix.history.point import Point
    from bootmatrix.model import Run

SIDES = 2  # that are compared
TESTS = 10_000  # for which there is time, where all are read


@click.command(
    "compare",
    epilog="""\b
Examples:
  bootmatrix compare 20260101-020000-000abcde latest       two runs
  bootmatrix compare --axis ocaml 4.14 5.3                 two values of an axis, in the last run
  bootmatrix compare --axis ocaml 4.14 5.3 --nights 10     the same over the last ten runs
  bootmatrix compare --axis ocaml 4.14 5.3 arch=x86_64 --format markdown""",
)
@click.argument("sides", nargs=-1, metavar="BEFORE AFTER [SELECT]...")
@click.option("--axis", metavar="NAME", help="BEFORE and AFTER are values of this axis or parameter, not runs.")
@click.option("--run", metavar="RUN", help="With --axis: compare within this run; without it, the last.")
@click.option("--nights", type=click.IntRange(1, 1000), help="With --axis: over this many of the last recorded runs.")
@click.option("--branch", help="With --nights: the branch of the runs; without it, that of the last.")
@click.option("--format", "shape", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
@runs_option
@history_option
@matrix_options
def command(
    sides: tuple[str, ...],
    axis: str | None,
    run: str | None,
    nights: int | None,
    branch: str | None,
    shape: str,
    out: Path | None,
    history: str,
    directory: Path | None,
    file: Path,
) -> None:
    """Hold two runs, or two values of an axis, against each other.

    A run is its folder, its id, or `latest`. SELECT takes some of the tests, as in `run`.
    """
    if len(sides) < SIDES:
        raise click.UsageError(_lacking(sides, axis))
    _check(axis, run, nights, branch)
    root = root_of(directory, file)
    before, after, *terms = sides
    if axis is None:
        told = _runs(out or repository.out(root), before, after, terms)
    elif nights is None:
        told = _within(out or repository.out(root), run or "latest", (axis, before, after), terms)
    else:
        told = _over(root, history, (nights, branch), (axis, before, after), terms)
    _tell(told, shape)


def _lacking(sides: Sequence[str], axis: str | None) -> str:
    what = f"nothing to compare '{sides[0]}' with" if sides else "nothing to compare"
    return f"{what}: give both BEFORE and AFTER, {'two runs' if axis is None else f'two values of {axis}'}"


def _check(axis: str | None, run: str | None, nights: int | None, branch: str | None) -> None:
    """Options that would have no effect are a mistake."""
    if axis is None and (run, nights, branch) != (None, None, None):
        raise click.UsageError("--run, --nights and --branch are for --axis: without it, BEFORE and AFTER are runs")
    if nights is None and branch is not None:
        raise click.UsageError("--branch is for --nights: the branch of the recorded runs")
    if nights is not None and run is not None:
        raise click.UsageError("--run is one run, --nights are several: give one of them")


def _runs(out: Path, before: str, after: str, terms: Sequence[str]) -> Comparison:
    from bootmatrix.compare import functions, judge, pairs  # noqa: PLC0415
    from bootmatrix.counting import part  # noqa: PLC0415

    first, second = (_opened(run, out) for run in (before, after))
    one_host = first.host.get("name") == second.host.get("name")
    found = pairs.of_runs(_points(first), _points(second), terms, one_host=one_host)
    told = judge.compare(found, _count(found), _named(first), _named(second))
    tables = [part.Tables(*each) for each in ((first, folder_of(before, out)), (second, folder_of(after, out)))]
    return functions.added(told, found, *tables)


def _within(out: Path, run: str, axis: tuple[str, str, str], terms: Sequence[str]) -> Comparison:
    from bootmatrix.compare import functions, judge, pairs  # noqa: PLC0415
    from bootmatrix.counting import part  # noqa: PLC0415

    opened = _opened(run, out)
    name, before, after = axis
    found = pairs.of_axis(_points(opened), name, before, after, terms)
    told = judge.compare(found, f"{_count(found)} of run {_named(opened)}", before, after, name)
    tables = part.Tables(opened, folder_of(run, out))
    return functions.added(told, found, tables, tables)


def _over(
    root: Path, history: str, window: tuple[int, str | None], axis: tuple[str, str, str], terms: Sequence[str]
) -> Comparison:
    from bootmatrix.compare import judge, pairs  # noqa: PLC0415
    from bootmatrix.history import asked, database  # noqa: PLC0415

    (limit, branch), (name, before, after) = window, axis
    with database.opened(root, history, note=noted) as opened:
        past = kept(opened, "compare --nights")
        if branch is None:
            branch = next((night.branch for night in past.nights(None, 1)), "")
        nights = past.nights(branch, limit)
        tests = asked.tests(past, terms) if terms else None
        past.deadline.allow(len(nights) * (TESTS if tests is None else len(tests)))
        # pairs are an answer of one night: over several, every night counts the same
        points = (replace(each, pairs=()) for each in past.points(nights, tests))
        found = pairs.of_axis(points, name, before, after)
    runs = how_many(len(nights), "run")
    return judge.compare(found, f"{_count(found)} in {runs}{f' of {branch}' if branch else ''}", before, after, name)


def _opened(run: str, out: Path) -> Run:
    from bootmatrix import results  # noqa: PLC0415

    return results.open_run(folder_of(run, out) / "results.json")


def _points(run: Run) -> Iterator[Point]:
    from bootmatrix.history import point  # noqa: PLC0415

    return point.of_run(run)


def _named(run: Run) -> str:
    from bootmatrix.history.streaks import COMMIT  # noqa: PLC0415

    return f"{run.id} ({run.commit[:COMMIT]})" if run.commit else run.id


def _count(found: Pairs) -> str:
    return how_many(len(found.both), "test")


def _tell(told: Comparison, shape: str) -> None:
    from bootmatrix.compare import markdown, text  # noqa: PLC0415

    if shape == "json":
        from pydantic import TypeAdapter  # noqa: PLC0415

        click.echo(TypeAdapter(type(told)).dump_json(told, indent=1))
    elif shape == "markdown":
        click.echo(markdown.text(told), nl=False)
    else:
        shown = pen()
        for line, style in text.lines(told):
            shown.line(line, style)
