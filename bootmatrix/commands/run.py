from __future__ import annotations

from pathlib import Path

import click

from bootmatrix.commands.common import engine_option, matrix_options, plan_of, selection_argument


@click.command(
    "run",
    epilog="""\b
Examples:
  bootmatrix run
  bootmatrix run backend=qemu arch=aarch64,riscv64 -j 4
  bootmatrix run test=hello '!compiler=clang' --out /tmp/out

The reports are in out/latest: junit.xml, results.json, events.jsonl, every attempt's console.""",
)
@selection_argument
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 4096),
    help="Boots and builds at a time; without it, one for each core.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where the run's folder goes; without it, out/ beside the matrix.",
)
@click.option("--fail-on-flaky", is_flag=True, help="Exit with 1 if a test passed only after a retry.")
@click.option("--all-consoles", is_flag=True, help="Put every console into junit.xml, not the failures' only.")
@engine_option
@matrix_options
def command(
    select: tuple[str, ...],
    jobs: int | None,
    out: Path | None,
    fail_on_flaky: bool,
    all_consoles: bool,
    engine: str,
    directory: Path | None,
    file: Path,
) -> int:
    """Build, boot, judge, and write the reports."""
    from bootmatrix import host, run, screen  # noqa: PLC0415

    plan = plan_of(directory, file, select, engine)
    shown = screen.make()
    options = {"junit": {"all_consoles": all_consoles}}
    finished = run.run(plan, out or plan.root / "out", shown, jobs or host.cores(), options)
    shown.summary(finished.run, finished.folder, finished.reports)
    return run.exit_code(finished.run, fail_on_flaky=fail_on_flaky)
