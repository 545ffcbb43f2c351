from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bootmatrix import repository
from bootmatrix.commands.common import MATRIX, allow_option, engine_option
from bootmatrix.engines import Engine
from bootmatrix.errors import Problem, UserError, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from click.shell_completion import CompletionItem

    from bootmatrix.conformance.capabilities import Capability
    from bootmatrix.conformance.holding import Asked, Held
    from bootmatrix.screen import Screen


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem as Item  # noqa: PLC0415

    from bootmatrix import plugins  # noqa: PLC0415

    del param
    words = plugins.names("runners", (ctx.params.get("directory") or Path()).resolve())
    return [Item(word) for word in words if word.startswith(incomplete)]


@click.command(
    "conformance",
    epilog="""\b
Examples:
  bootmatrix conformance qemu --arch x86_64
  bootmatrix conformance my-vmm --only hang --only arguments
  bootmatrix conformance --all --format markdown > table.md""",
)
@click.argument("backends", nargs=-1, metavar="[BACKEND]...", shell_complete=complete)
@click.option("--all", "every", is_flag=True, help="Every backend that there is a runner for.")
@click.option(
    "--arch", multiple=True, help="Guests of this architecture; without it, of all that there are. Repeatable."
)
@click.option("--only", multiple=True, metavar="CAPABILITY", help="This capability. Repeatable.")
@click.option("--format", "shape", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@engine_option
@click.option("--out", type=click.Path(path_type=Path), help="The folder of its runs; without it, out/conformance/.")
@allow_option
@click.option("-C", "directory", type=click.Path(path_type=Path), help="Work in this folder.")
def command(
    backends: tuple[str, ...],
    every: bool,
    arch: tuple[str, ...],
    only: tuple[str, ...],
    shape: str,
    engine: str,
    out: Path | None,
    allow: tuple[Path, ...],
    directory: Path | None,
) -> int:
    """Hold a backend's runner to the truth.

    Guests whose end is known are built and booted on it, as any run does, and it is told which capabilities it has
    proven, which it says are impossible, and where it is wrong. The exit status is 0 if nothing is wrong.
    """
    from bootmatrix.conformance import tables  # noqa: PLC0415

    asked, names = _asked(arch, only, engine, out, allow, directory), list(backends)
    names = _backends(names, asked, every=every)
    held = []
    for each in _hold(names, asked):
        held.append(each)
        if shape == "text":
            click.echo("\n".join(tables.text(each)))
        if each.interrupted or each.fatal:
            break
    if shape == "markdown":
        click.echo("".join(tables.of_markdown(held, asked.wanted)), nl=False)
    elif shape == "json":
        click.echo(tables.of_json(held), nl=False)
    return _status(held)


def _asked(
    arches: tuple[str, ...],
    only: tuple[str, ...],
    engine: str,
    out: Path | None,
    allow: tuple[Path, ...],
    directory: Path | None,
) -> Asked:
    from bootmatrix import trust  # noqa: PLC0415
    from bootmatrix.conformance.holding import Asked  # noqa: PLC0415

    root = (directory or Path()).resolve()
    if not root.is_dir():
        raise UserError(Problem(f"there is no folder {root}", remedy="name another with -C"))
    trust.give_once(root)
    folder = out or repository.out(root) / "conformance"
    return Asked(root / MATRIX, folder, Engine(engine), _capabilities(only), arches, allow)


def _capabilities(only: tuple[str, ...]) -> Sequence[Capability]:
    from bootmatrix.conformance.capabilities import CAPABILITIES, NAMES  # noqa: PLC0415

    if unknown := next((name for name in only if name not in NAMES), ""):
        raise UserError(Problem(f"there is no capability '{unknown}'", remedy=suggest(unknown, NAMES)))
    return [each for each in CAPABILITIES if not only or each.name in only]


def _backends(names: list[str], asked: Asked, *, every: bool) -> list[str]:
    from bootmatrix import plugins  # noqa: PLC0415

    known = plugins.names("runners", asked.root)
    if every == bool(names):
        raise click.UsageError(f"name backends, or give --all; possible: {', '.join(known)}")
    if unknown := next((name for name in names if name not in known), ""):
        raise UserError(Problem(f"there is no runner '{unknown}'", remedy=suggest(unknown, known)))
    return names or known


def _hold(names: list[str], asked: Asked) -> Iterator[Held]:
    from bootmatrix.conformance import holding  # noqa: PLC0415

    for name in names:
        yield from holding.hold(name, asked, _screen)


def _screen() -> Screen:
    """On standard error: standard output is for the table."""
    from rich.console import Console  # noqa: PLC0415

    from bootmatrix import screen  # noqa: PLC0415

    return screen.make(console=Console(stderr=True))


def _status(held: Sequence[Held]) -> int:
    """As a run's: 1 if a capability is wrong, or guests cannot be built; 3 if nothing but the infrastructure failed."""
    from bootmatrix.conformance.findings import Status  # noqa: PLC0415

    if fatal := next((each.fatal for each in held if each.fatal), None):
        raise fatal
    if any(each.interrupted for each in held):
        return 130
    found = [finding for each in held for finding in each.found]
    if any(each.status == Status.WRONG or (each.failed and not each.ours) for each in found):
        return 1
    return 3 if any(each.failed for each in found) else 0
