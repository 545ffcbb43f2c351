"""What boots need is made before them, if it is not here: images, and builds in their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix import locks, uses
from bootmatrix.boots import retry
from bootmatrix.toolchains import build, imagebuild, marks

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.places.opening import Places
    from bootmatrix.running.telling import Teller
    from bootmatrix.toolchains.build import BuildStep
    from bootmatrix.toolchains.toolchain import Image


class Makers:
    """Makes each once at a time, whichever run or command wants it; what the infrastructure spoils is tried again."""

    def __init__(self, places: Places, teller: Teller) -> None:
        self.places, self.teller = places, teller

    def image(self, image: Image) -> None:
        """Make it, if it is not here."""

        def make() -> None:
            self.places.pool.await_engine()
            if imagebuild.exists(image) and marks.used(image):
                self.teller.found("image", image.name, tag=image.tag)
                return
            with self.teller.making("image", image.name, tag=image.tag) as (log, say):
                imagebuild.make(image, log, self.places.stop, say)
            marks.used(image)

        self._once(f"image {image.tag}", make)

    def build(self, step: BuildStep) -> None:
        """Make it in its place, if nothing kept has its content."""

        def make() -> None:
            place = self.places.of(step.site)
            place.await_ready()
            uses.mark("build", step.output(place).name, step.id)
            if step.output(place).is_dir():
                self.teller.found("build", step.id, key=step.key)
                return
            with self.teller.making("build", step.id, key=step.key) as (log, say):
                build.make(step, place, log, self.places.stop, say)

        self._once(f"build {step.key}", make)

    def _once(self, lock: str, make: Callable[[], None]) -> None:
        with locks.held(lock, self.places.stop):
            retry.infrastructure(make, self.places.stop.wait, self.places.stop.is_set)
