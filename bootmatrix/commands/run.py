from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from bootmatrix import repository
from bootmatrix.commands.common import (
    allow_option,
    box_option,
    engine_option,
    failing,
    failing_options,
    load_to_run,
    matrix_options,
    report_options,
    selection_argument,
    set_option,
    shard_option,
    size,
)
from bootmatrix.commands.recorded import history_option
from bootmatrix.errors import Problem, UserError
from bootmatrix.quantities import how_many_are

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.running.request import Request
    from bootmatrix.running.run import Finished
    from bootmatrix.runs.past import Past
    from bootmatrix.screen import Screen


@click.command(
    "run",
    epilog="""\b
Examples:
  bootmatrix run
  bootmatrix run backend=qemu arch=aarch64,riscv64 -j 4
  bootmatrix run hello '!compiler=clang' --out /tmp/out
  bootmatrix run --failed                 what failed or never ran last time
  bootmatrix run --resume                 resume a run that was killed
  bootmatrix run --reuse --shard 2/4      one of four shards, without what passed before
  bootmatrix run --compare ocaml          alternate the values of an axis, for `bootmatrix compare`
  bootmatrix run --box always             what needs KVM or Xen, in an emulated machine that has it
  bootmatrix run hello --pair ocaml       boot them again and again until the difference is known

The reports are in out/latest: index.html, junit.xml, summary.md and others, with every attempt's console.""",
)
@selection_argument
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 4096),
    help="Processors that boots and builds may use; without it, as many as there are.",
)
@click.option(
    "--mem",
    metavar="SIZE",
    callback=size,
    help="Memory that guests may have at a time, such as 8 GiB; without it, what is available.",
)
@click.option(
    "--reuse", is_flag=True, help="Reuse earlier passes whose unikernel, tender and expectations are unchanged."
)
@click.option("--failed", is_flag=True, help="Only what failed or never ran in the last run.")
@click.option("--resume", is_flag=True, help="Resume the newest run that is not complete.")
@click.option(
    "--compare",
    metavar="AXIS",
    default="",
    help="Alternate boots that differ only in this axis, to compare their times.",
)
@click.option(
    "--pair",
    metavar="AXIS",
    default="",
    help="Boot what differs only in this axis in turn, as often as is needed to know the difference to 2%.",
)
@box_option
@shard_option
@failing_options
@set_option
@click.option("-v", "--verbose", is_flag=True, help="Show the guests' consoles, and every attempt.")
@click.option("-q", "--quiet", is_flag=True, help="Show only what is not as expected.")
@engine_option
@history_option
@allow_option
@matrix_options
def command(
    select: tuple[str, ...],
    jobs: int | None,
    mem: int | None,
    out: Path | None,
    reuse: bool,
    failed: bool,
    resume: bool,
    compare: str,
    pair: str,
    box: str | None,
    shard: str,
    fail_on_flaky: bool,
    fail_on_undecided: bool,
    assigned: tuple[str, ...],
    verbose: bool,
    quiet: bool,
    engine: str,
    history: str,
    allow: tuple[Path, ...],
    directory: Path | None,
    file: Path,
) -> int:
    """Build, boot, judge, and write the reports."""
    from bootmatrix import screen  # noqa: PLC0415
    from bootmatrix.places.hosts import HERE  # noqa: PLC0415
    from bootmatrix.running import request, run  # noqa: PLC0415

    matrix = load_to_run(directory, file, allow)
    _check(compare, pair, shard, reuse=reuse)
    folder = out or repository.out(matrix.root)
    bad = failing(flaky=fail_on_flaky, undecided=fail_on_undecided)
    shown = screen.make(verbosity=verbose - quiet, failing=bad)
    asked, past = request.Request(select, engine, shard, compare=compare, pair=pair, box=box or ""), None
    if resume:
        asked, past = _resumed(asked, folder, shown, failed=failed, quiet=quiet)
    elif failed:
        asked = request.failed(asked, folder, shown.note)
    plan = request.plan_of(matrix, asked, folder, shown.note)
    if not plan.boots:
        shown.note(f"nothing to do: no test of run {asked.failed_of} failed")
        return 0
    reports, jobs, memory = report_options(assigned, matrix.root), jobs or HERE.cores, mem or HERE.memory
    finished = run.run(plan, shown, run.Options(folder, jobs, memory, reuse, asked.as_dict(), reports, history), past)
    _summarize(finished, shown, [*matrix.named, *(["--out", str(out)] if out else [])])
    return run.exit_code(finished, failing=bad)


def _check(compare: str, pair: str, shard: str, *, reuse: bool) -> None:
    option = "--compare" if compare else "--pair"
    if compare and pair:
        raise click.UsageError("--compare boots each test once, --pair as often as needed: give one of them")
    if (compare or pair) and (shard or reuse):
        raise click.UsageError(
            f"{option} measures everything on one host, so it cannot be combined with --shard or --reuse"
        )


def _summarize(finished: Finished, shown: Screen, options: list[str]) -> None:
    """Raises what ended the run; `options` are what `--resume` needs to find it again."""
    cut_short = finished.run.interrupted or finished.fatal
    going_on = shlex.join(["bootmatrix", "run", "--resume", *options])
    shown.summary(finished.run, finished.folder, finished.reports, going_on if cut_short else "")
    if finished.fatal:
        raise finished.fatal


def _resumed(asked: Request, out: Path, shown: Screen, *, failed: bool, quiet: bool) -> tuple[Request, Past]:
    """The run to resume, and what had been asked of it."""
    from bootmatrix.running import request  # noqa: PLC0415
    from bootmatrix.runs import past  # noqa: PLC0415

    if asked.select or asked.shard or asked.compare or asked.pair or asked.box or failed:
        taken = "no selection, --shard, --compare, --pair, --box or --failed"
        what = f"--resume keeps the options of its run: it takes {taken}"
        raise UserError(Problem(what, remedy="leave them out, or leave out --resume to start a new run"))
    found = past.unfinished(out, shown.note)
    if not quiet:
        newest = past.newest_in(out)
        than = "" if newest == found.run else f"; newer runs, such as {newest}, are not changed"
        click.echo(f"resuming {found.run}: {how_many_are(len(found.told), 'result')} recorded already{than}", err=True)
    return request.of_past(found), found
