from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bootmatrix.commands.common import engine_option, load, matrix_options, selection_argument, shard_option

if TYPE_CHECKING:
    from bootmatrix.build import BuildStep
    from bootmatrix.plan import Plan


@click.command("plan", epilog="\b\nExamples:\n  bootmatrix plan\n  bootmatrix plan arch=aarch64 test=hello")
@selection_argument
@shard_option
@engine_option
@matrix_options
def command(
    select: tuple[str, ...], shard: str, out: Path | None, engine: str, directory: Path | None, file: Path
) -> None:
    """Say what would be built and booted, what is cached, and why. Starts nothing."""
    from bootmatrix import request  # noqa: PLC0415

    matrix = load(directory, file)
    plan = request.plan_of(matrix, request.Request(select, engine, shard), out or matrix.root / "out")
    _images(plan)
    _builds(plan)
    _boots(plan)


def _images(plan: Plan) -> None:
    from bootmatrix import imagebuild  # noqa: PLC0415
    from bootmatrix.errors import InfrastructureError  # noqa: PLC0415

    _title(_counted(len(plan.images), "image"))
    for image in plan.images:
        try:
            here = imagebuild.exists(image)
            state = (
                "cached: its Dockerfile, context and arguments are unchanged"
                if here
                else "to build: no image has this content"
            )
        except InfrastructureError:
            state = "unknown: no container engine answers"
        click.echo(f"  {image.name}  {image.tag}  {state}")


def _builds(plan: Plan) -> None:
    _title(_counted(len(plan.builds), "build"))
    for build in plan.builds:
        why = (
            "cached: sources, commands, compiler and image are unchanged"
            if _is_kept(build)
            else "to build: nothing kept has this content"
        )
        click.echo(f"  {build.id}  {build.key}  {why}")


def _is_kept(step: BuildStep) -> bool:
    from bootmatrix.errors import InfrastructureError  # noqa: PLC0415
    from bootmatrix.places.container import ContainerPlace  # noqa: PLC0415
    from bootmatrix.places.local import LocalPlace  # noqa: PLC0415
    from bootmatrix.places.pool import Pool  # noqa: PLC0415

    place = ContainerPlace(step.image.tag, Pool("plan", Path())) if step.image else LocalPlace()
    try:
        return step.output(place).is_dir()
    except InfrastructureError:
        return False  # the image is not here, and its compiler not known


def _boots(plan: Plan) -> None:
    skipped = [step for step in plan.boots if step.skip or step.error]
    _title(f"{_counted(len(plan.boots), 'boot')}, {len(skipped)} of them to skip")
    counts = Counter((step.backend, step.arch) for step in plan.boots if not (step.skip or step.error))
    for (backend, arch), count in sorted(counts.items()):
        click.echo(f"  {backend} {arch}: {count}")
    for reason, count in Counter(step.skip or step.error for step in skipped).items():
        click.echo(f"  skipped: {count}, since {reason}")
    click.echo("  a tender, KVM or unikernel that is missing is only known once the images are there")


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _title(text: str) -> None:
    click.secho(text, bold=True)
