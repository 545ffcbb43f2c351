"""The boxes of a run: the image of one is made when the first boot needs it, and never before."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bootmatrix import plugins
from bootmatrix.toolchains import toolchain

if TYPE_CHECKING:
    from bootmatrix.places.opening import Places
    from bootmatrix.places.place import Place
    from bootmatrix.planning.step import BootStep
    from bootmatrix.running.makers import Makers
    from bootmatrix.toolchains.toolchain import Image


class Boxes:
    """Opens places in boxes."""

    def __init__(self, places: Places, makers: Makers) -> None:
        self.places, self.makers = places, makers
        self._made: dict[str, Image] = {}
        self._lock = threading.Lock()

    def of(self, accelerator: str, step: BootStep) -> Place:
        """A test's image in a box that has the accelerator; raises as the making of an image does."""
        from bootmatrix.places.boxes import place as boxed  # noqa: PLC0415  # only where a boot needs one

        assert step.image  # noqa: S101  # who asks has looked
        kind = boxed.KINDS[accelerator]
        with self._lock:
            if kind not in self._made:
                image = toolchain.box(plugins.boxes(step.root)[kind])
                self.makers.image(image)
                self._made[kind] = image
        return self.places.boxed(kind, self._made[kind], step.image)
