from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import click

from bootmatrix import repository
from bootmatrix.commands.common import (
    allow_option,
    engine_option,
    load,
    matrix_options,
    say_unchecked,
    selection_argument,
    shard_option,
)
from bootmatrix.errors import Problem, UserError
from bootmatrix.quantities import how_many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bootmatrix.planning.plan import Plan
    from bootmatrix.schedule.shard import Weight
    from bootmatrix.toolchains.build import BuildStep

SHOWN, LONGEST = 3, 40  # images of a job that are named, and characters of a name


def _a_number(ctx: click.Context, param: click.Parameter, value: float) -> float:
    if value != value:  # noqa: PLR0124  # NaN is in any range
        raise click.BadParameter("'nan' is not a number of minutes", ctx, param)
    return value


@click.command(
    "plan",
    epilog="""\b
Examples:
  bootmatrix plan
  bootmatrix plan arch=aarch64 test=hello
  bootmatrix plan --format github --minutes 5       the jobs of a workflow, as one line of JSON""",
)
@selection_argument
@click.option("--format", "shape", type=click.Choice(["table", "github"]), default="table", show_default=True)
@click.option("--jobs", type=click.IntRange(1, 256), default=20, show_default=True, help="Make at most this many jobs.")
@click.option(
    "--minutes",
    type=click.FloatRange(0, 360, min_open=True),
    default=10,
    show_default=True,
    callback=_a_number,
    help="Minutes that a job should take, estimated from the times of earlier runs.",
)
@shard_option
@engine_option
@allow_option
@matrix_options
def command(
    select: tuple[str, ...],
    shape: str,
    jobs: int,
    minutes: float,
    shard: str,
    out: Path | None,
    engine: str,
    allow: tuple[Path, ...],
    directory: Path | None,
    file: Path,
) -> None:
    """Say what would be built and booted, what is cached, and why. Starts nothing."""
    from bootmatrix.running import request  # noqa: PLC0415

    matrix = load(directory, file, allow)
    say_unchecked(matrix)
    folder = out or repository.out(matrix.root)
    if shape == "github":
        if shard:
            raise UserError(
                Problem("--format github divides the matrix into shards itself", remedy="leave out --shard")
            )
        click.echo(_github(request.weights(matrix, select, folder), jobs, minutes))
        return
    plan = request.plan_of(matrix, request.Request(select, engine, shard), folder, partial(click.echo, err=True))
    _images(plan)
    _builds(plan)
    _boots(plan)


def _github(weights: Mapping[str, Weight], jobs: int, minutes: float) -> str:
    """A `strategy.matrix`: a job for each image, more where a job would take longer, at most `jobs`.

    256 jobs (GitHub's limit) are 60 KB: a job's outputs may have 1 MB.
    """
    import json  # noqa: PLC0415
    import math  # noqa: PLC0415

    from bootmatrix.schedule import shard  # noqa: PLC0415

    images = len({weight.image for weight in weights.values()})
    wanted = math.ceil(sum(weight.seconds for weight in weights.values()) / (minutes * 60))
    of = min(jobs, len(weights), max(images, wanted))
    include = [
        {
            "name": f"{number}/{of} {_shown(part.images)}",
            "part": str(number),
            "shard": str(shard.Shard(number, of, part.key)),
            "cells": len(part.cells),
            "tests": part.tests,
            "minutes": round(part.seconds / 60, 1),
            "images": _shown(part.images),
        }
        for number, part in enumerate(shard.parts(of, weights), 1)
    ]
    return json.dumps({"include": include}, separators=(",", ":"))


def _shown(images: Sequence[str]) -> str:
    """A few names, in characters that mean nothing to GitHub."""
    from bootmatrix.matrix.expanding.cells import slug  # noqa: PLC0415

    more = f" and {len(images) - SHOWN} more" if len(images) > SHOWN else ""
    return " ".join(slug(image)[:LONGEST] for image in images[:SHOWN]) + more


def _images(plan: Plan) -> None:
    from bootmatrix.errors import InfrastructureError  # noqa: PLC0415
    from bootmatrix.toolchains import imagebuild  # noqa: PLC0415

    _title(how_many(len(plan.images), "image"))
    for image in plan.images:
        try:
            here = imagebuild.exists(image)
            state = (
                "cached: its Dockerfile, context and arguments are unchanged"
                if here
                else "to build: no image with these inputs exists"
            )
        except InfrastructureError:
            state = "unknown: the container engine does not answer"
        click.echo(f"  {image.name}  {image.tag}  {state}")


def _builds(plan: Plan) -> None:
    _title(how_many(len(plan.builds), "build"))
    for build in plan.builds:
        why = (
            "cached: sources, commands, compiler and image are unchanged"
            if _is_kept(plan.root, build)
            else "to build: no build with these inputs is cached"
        )
        click.echo(f"  {build.id}  {build.key}  {why}")


def _is_kept(root: Path, step: BuildStep) -> bool:
    from bootmatrix import host  # noqa: PLC0415
    from bootmatrix.errors import InfrastructureError  # noqa: PLC0415
    from bootmatrix.places import opening  # noqa: PLC0415

    with opening.opened("plan", host.cache() / "plan") as places:  # nothing is started there
        try:
            opening.check(root, [step.remote])
            return step.output(places.of(step.site)).is_dir()
        except (InfrastructureError, UserError):
            return False  # the image is not here or the host does not answer, and its compiler is not known


def _boots(plan: Plan) -> None:
    skipped = [step for step in plan.boots if step.skip or step.error]
    _title(f"{how_many(len(plan.boots), 'boot')}, {len(skipped)} of them to skip")
    counts = Counter((step.backend, step.arch) for step in plan.boots if not (step.skip or step.error))
    for (backend, arch), count in sorted(counts.items()):
        click.echo(f"  {backend} {arch}: {count}")
    for reason, count in Counter(step.skip or step.error for step in skipped).items():
        click.echo(f"  skipped: {count}, since {reason}")
    click.echo("  missing tenders, KVM and unikernels are found out only after the images and builds are made")


def _title(text: str) -> None:
    click.secho(text, bold=True)
