from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bootmatrix import repository
from bootmatrix.commands.common import left_out, matrix_options
from bootmatrix.commands.recorded import folder_of, history_option, kept, noted, pen, root_of, runs_option
from bootmatrix.errors import BootmatrixError, InfrastructureError, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.history.database import History
    from bootmatrix.history.findings import Changes, Night, Trends
    from bootmatrix.model import Run

FAILING = {"any": {"new failure", "worse"}, "failure": {"new failure"}, "never": set[str]()}


@click.command(
    "nightly",
    epilog="""\b
Examples:
  bootmatrix run; bootmatrix nightly       what the last run came to, against those before it
  bootmatrix nightly --branch main         of a pull request, against the main branch
  bootmatrix nightly --format markdown     for an issue

Exit status: 1 if there is a new failure, or a measure that became worse.""",
)
@click.argument("run", default="latest")
@click.option(
    "--nights",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help="Compare with this many earlier runs.",
)
@click.option("--branch", help="The branch of the earlier runs; without it, the run's own.")
@click.option("--format", "shape", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice(list(FAILING)),
    default="any",
    show_default=True,
    help="Exit with 1 at new failures and worse measures, at new failures only, or never.",
)
@runs_option
@history_option
@matrix_options
def command(
    run: str,
    nights: int,
    branch: str | None,
    shape: str,
    fail_on: str,
    out: Path | None,
    history: str,
    directory: Path | None,
    file: Path,
) -> int:
    """Say what changed since the last runs: new failures, worse measures, flaky tests.

    RUN is a run's folder, its id, or `latest`. If the history does not have it yet, it is
    recorded, and its reports are written again.
    """
    from bootmatrix import results  # noqa: PLC0415
    from bootmatrix.history import (  # noqa: PLC0415
        database,
        nights as engine,
        trends,
    )

    root = root_of(directory, file)
    folder = folder_of(run, out or repository.out(root))
    finished = results.open_run(folder / "results.json")
    with database.opened(root, history, len(finished.results) * (nights + 1), noted) as opened:
        past = kept(opened, "nightly")
        tonight = _recorded(past, finished)
        against = tonight.branch if branch is None else branch
        earlier = past.nights(against, nights, before=tonight.run)
        changes = engine.compare(tonight, earlier, past.points((*earlier, tonight)), against)
        drawn = trends.trends_of(past, finished, against, nights)
    changes = _by_function(changes, finished, folder, out or repository.out(root))
    written = _write(folder, root, finished, changes, drawn)
    _tell(tonight, changes, shape, folder, written)
    return int(bool(FAILING[fail_on] & changes.counts().keys()))


def _recorded(past: History, run: Run) -> Night:
    """The run as the history has it; it is recorded if it was not."""
    if past.night(run.id) is None:
        past.record(run)
    if found := past.night(run.id):
        return found
    what = f"the history is damaged: the run {run.id} was recorded, but cannot be found in it"
    raise InfrastructureError(Problem(what, remedy="move it away: the next run starts a new history"))


def _by_function(changes: Changes, finished: Run, folder: Path, out: Path) -> Changes:
    """With the functions of the counts that changed, where the earlier run is still in `out`."""
    from bootmatrix import results  # noqa: PLC0415
    from bootmatrix.counting.part import Tables  # noqa: PLC0415
    from bootmatrix.history import functions  # noqa: PLC0415
    from bootmatrix.runs.order import LATEST  # noqa: PLC0415

    def run_of(night: Night) -> Tables | None:
        if night.run == LATEST or night.run not in names:  # it is a database's word: no name of a folder but of ours
            return None
        try:
            found = results.open_run(out / night.run / "results.json")
        except BootmatrixError:
            return None
        return Tables(found, out / night.run) if found.id == night.run else None

    names = {each.name for each in out.iterdir()} if out.is_dir() else set()
    return functions.added(changes, Tables(finished, folder), run_of)


def _write(folder: Path, root: Path, run: Run, changes: Changes, drawn: Trends) -> list[Path]:
    """Both beside the results, and the reports again, which read them."""
    from bootmatrix import plugins  # noqa: PLC0415
    from bootmatrix.history import findings  # noqa: PLC0415
    from bootmatrix.running import reporting  # noqa: PLC0415

    if without := left_out(root):
        click.echo(without, err=True)
    theirs = plugins.untrusted("reports", root)  # whose options are none for ours of that name
    try:
        findings.write(changes, folder)
        findings.write(drawn, folder)
        options = {name: given for name, given in reporting.options_of(folder).items() if name not in theirs}
        return list(reporting.write(run, folder, root, options))
    except OSError as error:
        what = f"the reports in {folder} cannot be written: {error.strerror}"
        raise InfrastructureError(Problem(what, remedy="free some space, or make the folder writable")) from None


def _tell(tonight: Night, changes: Changes, shape: str, folder: Path, written: list[Path]) -> None:
    from bootmatrix.history import markdown, summary  # noqa: PLC0415
    from bootmatrix.screen.summary import files  # noqa: PLC0415

    if shape == "json":
        from pydantic import TypeAdapter  # noqa: PLC0415

        click.echo(TypeAdapter(type(changes)).dump_json(changes, indent=1))
    elif shape == "markdown":
        click.echo(markdown.text(tonight, changes), nl=False)
    else:
        shown = pen()
        for line, style in (*summary.lines(tonight, changes), ("", ""), *files(folder, written)):
            shown.line(line, style)
