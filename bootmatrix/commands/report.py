from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bootmatrix.commands.common import left_out, matrix_options, report_options, set_option
from bootmatrix.commands.recorded import RESULTS, folder_of, runs_folder, runs_in, runs_option
from bootmatrix.errors import BootmatrixError, Problem, UserError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from bootmatrix.model import Report, Run

STDOUT = "-"


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem as Item  # noqa: PLC0415

    from bootmatrix import plugins  # noqa: PLC0415

    out = runs_folder(ctx.params.get("out"), ctx.params.get("directory"), ctx.params.get("file") or Path("matrix.yaml"))
    words = runs_in(out) if param.name == "run" else plugins.names("reports", out.parent)
    return [Item(word) for word in words if word.startswith(incomplete)]


@click.command(
    "report",
    epilog="""\b
Examples:
  bootmatrix report latest                                   all of them, into the run's folder
  bootmatrix report latest --format markdown=-               to standard output
  bootmatrix report out/20260101-000000-000abcde --format html=page.html junit=junit.xml""",
)
@click.argument("run", metavar="RUN", shell_complete=complete)
@click.argument("more", nargs=-1, metavar="[NAME[=FILE]]...", shell_complete=complete)
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="NAME[=FILE]",
    shell_complete=complete,
    help="A format, and its file (- is standard output); without one, its own in the run's folder. Repeatable.",
)
@set_option
@runs_option
@matrix_options
def command(
    run: str,
    more: tuple[str, ...],
    formats: tuple[str, ...],
    assigned: tuple[str, ...],
    out: Path | None,
    directory: Path | None,
    file: Path,
) -> None:
    """Write a run's reports again, in any format.

    RUN is `latest`, a run's id, or its folder. Without a format, all are written.
    """
    from bootmatrix import plugins, results  # noqa: PLC0415

    root = ((directory or Path()) / file).parent
    folder = folder_of(run, runs_folder(out, directory, file))
    told = results.open_run(folder / RESULTS)
    wanted = [text.partition("=") for text in (*formats, *more)] or [
        (n, "", "") for n in plugins.names("reports", root)
    ]
    options = report_options(assigned, root)
    made = [(plugins.make_report(name, options.get(name, {}), root), name, target) for name, _, target in wanted]
    if without := left_out(root):
        click.echo(without, err=True)
    for report, name, target in made:
        _write(report, name, told, folder, target)


def _write(report: Report, name: str, run: Run, folder: Path, target: str) -> None:
    """A file is replaced once the new one is whole; to a pipe or a device that is named it is copied."""
    from bootmatrix.running import reporting  # noqa: PLC0415

    file = Path(target or folder / report.filename)
    try:
        if target == STDOUT or (target and file.exists() and not file.is_file()):
            with tempfile.TemporaryDirectory(prefix="bootmatrix-") as private:
                whole = Path(private) / report.filename
                report.write(run, folder, whole)
                _copy(whole, target)
        else:
            report.write(run, folder, file if target else reporting.place(report, folder))
            click.echo(file, err=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        what = f"the report '{name}' cannot be written to {file}: {error.strerror}"
        raise UserError(Problem(what, remedy="name another file, as NAME=FILE")) from None
    except BootmatrixError:
        raise
    except Exception as error:  # a plug-in may raise anything
        raise UserError(reporting.trouble(name, error)) from error


def _copy(whole: Path, target: str) -> None:
    with whole.open("rb") as source:
        if target == STDOUT:
            shutil.copyfileobj(source, sys.stdout.buffer)
            return
        with open(os.open(target, os.O_WRONLY), "wb") as device:  # noqa: PTH123  # a descriptor: nothing is made anew
            shutil.copyfileobj(source, device)
