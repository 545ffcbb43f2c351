"""The command line: finds the command and imports only that."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys

import click

from bootmatrix import __version__
from bootmatrix.errors import suggest
from bootmatrix.program import guard, leaving, plugless, signals, streams

COMPLETE = "_BOOTMATRIX_COMPLETE"  # click's name for it
ENDLESS = {"list", "plan"}  # what ends with its reader: nothing is lost, and there may be a million lines

COMMANDS = {
    "init": "Write a first matrix.yaml, with comments.",
    "list": "List the cells and tests that a selection takes.",
    "plan": "Say what would be built and booted, what is cached, and why.",
    "run": "Build, boot, judge, and write the reports.",
    "report": "Write a run's reports again, in any format.",
    "export": "Send a run's measures to InfluxDB or a Pushgateway.",
    "nightly": "Say what changed since the last runs.",
    "history": "Show what became of a test, run by run.",
    "compare": "Compare two runs, or two values of an axis.",
    "merge": "Make one run of the shards of several machines.",
    "conformance": "Hold a backend's runner to the truth.",
    "repro": "Print the exact commands that boot one test by hand.",
    "box": "Boot one test by hand in a box, or run a command there.",
    "net": "Set up the networks of one test while a command runs.",
    "shell": "Open a shell in a cell's container, or in the networks of one of its tests.",
    "trust": "Let a repository's own runners and reports be imported.",
    "gc": "Remove what no recent run uses.",
    "doctor": "Say what this host can do and what is missing.",
    "setup": "Install what is missing, after saying what.",
    "schema": "Print the JSON Schema of matrix.yaml.",
}


class LazyGroup(click.Group):
    """Imports a command's module only when the command is called: `--help` and `--version` stay fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"bootmatrix.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """As click does, but a reader that leaves early (`| head`) is no failure; click would make it one."""
        try:
            result: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            return 0
        return result

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"there is no command '{args[0]}'; {suggest(args[0], COMMANDS)}", ctx)
        if args and args[0] in ENDLESS:
            streams.let_leave()
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  bootmatrix init                       a first matrix.yaml in this folder
  bootmatrix run                        every test on every cell
  bootmatrix run backend=solo5-* '!arch=riscv64'
  bootmatrix repro gcc-debian-12-x86_64-qemu/hello

\b
Shell completion (bash; zsh and fish likewise):
  eval "$(_BOOTMATRIX_COMPLETE=bash_source bootmatrix)"

Exit status: 0 all as expected, 1 some test was not, 2 the matrix or the command line is wrong,
3 the infrastructure failed, 130 interrupted.""",
)
@click.version_option(__version__, prog_name="bootmatrix", message="%(prog)s %(version)s")
def cli() -> None:
    """Boot a unikernel on every compiler, OS, architecture and backend, and be told the truth."""


def main() -> None:
    """Run the command line and exit."""
    signals.prepare()
    streams.prepare()
    plugless.prepare()
    if COMPLETE in os.environ:  # a shell asks for what can be completed, or for the script that does so
        from bootmatrix.program import completion  # noqa: PLC0415

        completion.register()
    asked: list[signal.Signals] = []

    def interrupt(number: signal.Signals) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    status = guard.INTERRUPTED
    with contextlib.suppress(KeyboardInterrupt), leaving.on_signals(interrupt, (signal.SIGINT,)):
        status = guard.status(lambda: cli.main(prog_name="bootmatrix", standalone_mode=False), lambda: bool(asked))
    leaving.finish(status)
