from __future__ import annotations

import importlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bootmatrix.commands.common import matrix_options, report_options, set_option
from bootmatrix.commands.recorded import RESULTS, folder_of, runs_folder, runs_in, runs_option
from bootmatrix.errors import BootmatrixError, InfrastructureError, Problem, UserError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from bootmatrix.exporting.target import Target
    from bootmatrix.model import Report, Run

FORMATS = ("influx", "openmetrics")


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem as Item  # noqa: PLC0415

    del param
    file = ctx.params.get("file") or Path("matrix.yaml")
    out = runs_folder(ctx.params.get("out"), ctx.params.get("directory"), file)
    return [Item(word) for word in runs_in(out) if word.startswith(incomplete)]


def patience(ctx: click.Context, param: click.Parameter, value: str) -> float:
    from bootmatrix import quantities  # noqa: PLC0415

    try:
        return quantities.seconds(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.command(
    "export",
    epilog="""\b
Examples:
  bootmatrix export latest influx --to 'http://localhost:8086/write?db=bootmatrix'
  bootmatrix export latest influx --to 'https://HOST/api/v2/write?org=ORG&bucket=BUCKET'
  bootmatrix export latest openmetrics --to http://localhost:9091""",
)
@click.argument("run", metavar="RUN", shell_complete=complete)
@click.argument("kind", metavar="FORMAT", type=click.Choice(FORMATS))
@click.option("--to", "to", metavar="URL", required=True, help="The server; its secrets come from the environment.")
@click.option(
    "--patience",
    metavar="TIME",
    default="1 min",
    show_default=True,
    callback=patience,
    help="How long each request is tried while the server cannot be reached or is busy.",
)
@set_option
@runs_option
@matrix_options
def command(
    run: str,
    kind: str,
    to: str,
    patience: float,
    assigned: tuple[str, ...],
    out: Path | None,
    directory: Path | None,
    file: Path,
) -> None:
    """Send a run's measures to InfluxDB or a Prometheus Pushgateway.

    RUN is `latest`, a run's id, or its folder. FORMAT is `influx`, to a server that takes line protocol, or
    `openmetrics`, to a Pushgateway. User and password, or a token, are in the environment: BOOTMATRIX_EXPORT_USER,
    BOOTMATRIX_EXPORT_PASSWORD, BOOTMATRIX_EXPORT_TOKEN, or in files that the same names with _FILE name.
    """
    from bootmatrix import plugins, results  # noqa: PLC0415
    from bootmatrix.exporting import target  # noqa: PLC0415

    server: Any = importlib.import_module(f"bootmatrix.exporting.{kind}")
    where = target.of(to)
    folder = folder_of(run, runs_folder(out, directory, file))
    told = results.open_run(folder / RESULTS)
    root = ((directory or Path()) / file).parent
    report = plugins.make_report(kind, report_options(assigned, root).get(kind, {}), root)
    with tempfile.TemporaryDirectory(prefix="bootmatrix-") as private:
        lines = Path(private) / report.filename
        _write(report, kind, told, folder, lines)
        click.echo(f"sent to {where}: {_sent(server, lines, told, where, patience)} of run {told.id}")


def _sent(server: Any, lines: Path, run: Run, where: Target, patience: float) -> str:
    from bootmatrix.exporting.sending import Sender  # noqa: PLC0415  # `requests` takes 0.1 s

    sender = Sender(where, patience, server.HEADERS, note=lambda text: click.echo(text, err=True))
    sent: str = server.send(lines, run, sender)
    return sent


def _write(report: Report, name: str, run: Run, folder: Path, target: Path) -> None:
    """Raises UserError for what a plug-in raises, InfrastructureError if there is no room."""
    from bootmatrix.running import reporting  # noqa: PLC0415

    try:
        report.write(run, folder, target)
    except OSError as error:
        what = f"the measures cannot be written to {target.parent}: {error.strerror}"
        raise InfrastructureError(Problem(what, remedy="name another folder in TMPDIR")) from None
    except BootmatrixError:
        raise
    except Exception as error:  # a plug-in may raise anything
        raise UserError(reporting.trouble(name, error)) from error
