"""Options and arguments that several commands share."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bootmatrix.engines import SAID, Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.shell_completion import CompletionItem

    from bootmatrix.matrix.load import Matrix
    from bootmatrix.model import Verdict
    from bootmatrix.places.opening import Places
    from bootmatrix.places.place import Place
    from bootmatrix.planning.plan import Plan
    from bootmatrix.planning.step import BootStep
    from bootmatrix.running.makers import Makers

MATRIX = Path("matrix.yaml")
F = TypeVar("F", bound="Callable[..., Any]")


def matrix_options(function: F) -> F:
    for option in (
        click.option("-C", "directory", type=click.Path(path_type=Path), help="Work in this folder."),
        click.option(
            "-f",
            "--file",
            "file",
            type=click.Path(path_type=Path),
            default=MATRIX,
            show_default=True,
            help="The matrix.",
        ),
    ):
        function = option(function)
    return function


def allow_option(function: F) -> F:
    text = "Allow the matrix to use this folder, besides its repository, /usr/local, /opt and /nix. Repeatable."
    return click.option("--allow", multiple=True, type=click.Path(path_type=Path), metavar="PATH", help=text)(function)


def engine_option(function: F) -> F:
    choice, text = click.Choice([str(each) for each in Engine]), f"Build and boot {', or '.join(SAID.values())}."
    return click.option("--engine", type=choice, default=str(Engine.DOCKER), show_default=True, help=text)(function)


def box_option(function: F) -> F:
    text = "Whether tests boot in virtual machines that bring KVM or Xen, whatever they say of it themselves."
    return click.option("--box", type=click.Choice(["never", "auto", "always"]), help=text)(function)


def shard_option(function: F) -> F:
    text = "Run one shard of several, such as 2/4. Cells are never split; earlier runs' times balance the shards."
    place = "The folder of the runs, also of their times; without it, out/ beside the matrix."
    function = click.option("--shard", default="", metavar="N/OF[@KEY]", help=text)(function)
    return click.option("--out", type=click.Path(path_type=Path), help=place)(function)


def failing_options(function: F) -> F:
    undecided = (
        "Exit with 1 if a test is undecided, or the difference of a pair is not known as exactly as asked: nothing is "
        "known against it, but nothing for it either."
    )
    function = click.option("--fail-on-undecided", is_flag=True, help=undecided)(function)
    flaky = "Exit with 1 if a test is flaky: it passed, but only after a failed attempt."
    return click.option("--fail-on-flaky", is_flag=True, help=flaky)(function)


def failing(*, flaky: bool, undecided: bool) -> frozenset[Verdict]:
    """The good verdicts that these options call failures."""
    from bootmatrix.model import Verdict  # noqa: PLC0415

    return frozenset({Verdict.FLAKY} if flaky else ()) | frozenset({Verdict.UNDECIDED} if undecided else ())


def size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """An option's bytes, written as in matrix.yaml: `8 GiB`."""
    from bootmatrix import quantities  # noqa: PLC0415

    try:
        return None if value is None else quantities.size(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def set_option(function: F) -> F:
    text = "An option of a report's format, as in junit.dialect=gitlab. Repeatable."
    return click.option("--set", "assigned", multiple=True, metavar="FORMAT.OPTION=VALUE", help=text)(function)


def report_options(assigned: tuple[str, ...], root: Path) -> dict[str, dict[str, Any]]:
    """What `--set` says, by format; raises UserError for what no format takes."""
    from bootmatrix import plugins  # noqa: PLC0415
    from bootmatrix.errors import Problem, UserError  # noqa: PLC0415

    found: dict[str, dict[str, Any]] = {}
    for text in assigned:
        key, equals, value = text.partition("=")
        name, dot, option = key.partition(".")
        if not (equals and dot):
            raise UserError(Problem(f"--set '{text}' has no option or no value", remedy="write FORMAT.OPTION=VALUE"))
        found.setdefault(name, {})[option] = value
    for name, options in found.items():
        plugins.make_report(name, options, root)
    return found


def selection_argument(function: F) -> F:
    return click.argument("select", nargs=-1, shell_complete=complete)(function)


def test_argument(function: F) -> F:
    return click.argument("test", metavar="CELL/TEST", shell_complete=complete)(function)


def load(directory: Path | None, file: Path, allow: tuple[Path, ...] = ()) -> Matrix:
    """The matrix of `-C` and `-f`."""
    from bootmatrix.matrix import load as loader  # noqa: PLC0415

    return replace(loader.load((directory or Path()) / file, allow), named=_named(directory, file, allow))


def _named(directory: Path | None, file: Path, allow: tuple[Path, ...]) -> tuple[str, ...]:
    """The same options for another command."""
    words = ["-C", str(directory)] if directory else []
    words += [] if file == MATRIX else ["-f", str(file)]
    return (*words, *(word for path in allow for word in ("--allow", str(path))))


def load_to_run(directory: Path | None, file: Path, allow: tuple[Path, ...]) -> Matrix:
    """The same for a command that is told to run the repository's code: that includes its runners and reports."""
    from bootmatrix import trust  # noqa: PLC0415

    trust.give_once(((directory or Path()) / file).resolve().parent)
    return load(directory, file, allow)


def plan_to_run(
    directory: Path | None, file: Path, allow: tuple[Path, ...], select: tuple[str, ...], engine: str
) -> Plan:
    from bootmatrix.planning import plan  # noqa: PLC0415

    return plan.make(load_to_run(directory, file, allow), select, engine)


@contextlib.contextmanager
def place_of(step: BootStep, engine: str, *, built: bool) -> Iterator[Place]:
    """Where a boot runs, with its image ready and, if it is to be `built`, its build, as a run makes them; what is
    started there is gone afterwards.
    """
    with places_of(step, engine, built=built) as (places, _makers):
        yield places.of(step.site)


@contextlib.contextmanager
def places_of(step: BootStep, engine: str, *, built: bool) -> Iterator[tuple[Places, Makers]]:
    """The same for more places, and what makes their images."""
    from bootmatrix.places import opening  # noqa: PLC0415
    from bootmatrix.running.makers import Makers  # noqa: PLC0415
    from bootmatrix.running.telling import ToTerminal  # noqa: PLC0415
    from bootmatrix.runs.lease import Lease  # noqa: PLC0415
    from bootmatrix.runs.store import new_id  # noqa: PLC0415

    opening.check(step.root, [step.site])
    with Lease(new_id()) as lease, opening.opened(lease.run, lease.boxes, engine=Engine(engine)) as places:
        makers = Makers(places, ToTerminal())
        if step.image:
            makers.image(step.image)
        for part in step.parts if built else ():
            if part.build:
                makers.build(part.build)
        yield places, makers


def say_unchecked(matrix: Matrix) -> None:
    """Which backends nothing is known of, since their runners may not be imported."""
    from bootmatrix import plugins, trust  # noqa: PLC0415
    from bootmatrix.matrix.expanding import cells  # noqa: PLC0415

    if theirs := plugins.untrusted("runners", matrix.root):
        used = {values.get("backend", cells.IMPLICIT["backend"]) for values in matrix.cells.on(("backend",))}
        if shown := ", ".join(name for name in theirs if name in used):
            what = f"unknown for {shown}: {{format}}, options and architectures. The runner is"
            click.echo(
                f"{what} code of this repository, which is not trusted\n    {trust.remedy(matrix.root)}", err=True
            )


def left_out(root: Path) -> str:
    """What to say of a project's own reports that may not be imported; empty if there are none."""
    from bootmatrix import plugins, trust  # noqa: PLC0415

    theirs = plugins.untrusted("reports", root)
    ours = set(plugins.names("reports", root))
    shown = ", ".join(f"{name} (the built-in one is used instead)" if name in ours else name for name in theirs)
    what = f"skipped the repository's own reports, because it is not trusted: {shown}"
    return f"{what}; {trust.remedy(root)}" if theirs else ""


def one_boot(plan: Plan, name: str) -> BootStep:
    """The boot of an id, or the first of a selection that names a cell."""
    found = [step for step in plan.boots if name in (step.id, step.cell.id)]
    return (found or list(plan.boots))[0]


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of cells and tests, and the axes with `=`; nothing where the matrix cannot be read."""
    from click.shell_completion import CompletionItem as Item  # noqa: PLC0415

    from bootmatrix.matrix import resolve  # noqa: PLC0415
    from bootmatrix.matrix.expanding import cells  # noqa: PLC0415

    del param
    matrix = _matrix_of(ctx)
    if not matrix:
        return []
    keys = [f"{axis}={text}" for axis, choices in matrix.axes.items() for text in choices]
    keys += [*matrix.tests, *(f"test={name}" for name in matrix.tests)]
    words: Iterator[str] = itertools.chain(keys, (cell.id for cell in matrix.cells))
    if "/" in incomplete:
        boots = resolve.Resolver(matrix).boots()
        words = (f"{cell.id}/{cells.test_id(name, params)}" for cell, name, _, params in boots)
    before = "!" if incomplete.startswith("!") else ""
    return [Item(before + word) for word in words if word.startswith(incomplete.removeprefix("!"))]


def complete_networked(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The tests of the command's cell that have networks; nothing where the matrix cannot be read."""
    from click.shell_completion import CompletionItem as Item  # noqa: PLC0415

    from bootmatrix.matrix import resolve  # noqa: PLC0415
    from bootmatrix.matrix.expanding import cells  # noqa: PLC0415

    del param
    matrix = _matrix_of(ctx)
    if not matrix:
        return []
    resolver, given = (
        resolve.Resolver(matrix),
        {ctx.params.get("cell"), *ctx.args},
    )  # those of a line that has no end yet
    found = [
        cells.test_id(name, params)
        for cell, name, test, params in resolver.boots()
        if cell.id in given and resolver.fields(cell, test, params).nets
    ]
    return [Item(word) for word in found if word.startswith(incomplete)]


def _matrix_of(ctx: click.Context) -> Matrix | None:
    """That of a command that is still being typed; None where it cannot be read."""
    from bootmatrix.errors import BootmatrixError  # noqa: PLC0415

    try:
        directory, file, allow = (ctx.params.get(name) for name in ("directory", "file", "allow"))
        return load(directory, file or MATRIX, allow or ())
    except BootmatrixError:
        return None
