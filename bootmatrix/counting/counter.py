"""The counter, a plugin of QEMU, as a place's own compiler makes it: `counter.c`."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bootmatrix import texts
from bootmatrix.errors import printable
from bootmatrix.places.place import Job
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.watch import watch

if TYPE_CHECKING:
    from bootmatrix.places.place import Place

NAME = "counter.so"
SOURCE = "counter.c"
COMPILE = (
    'cd "${TMPDIR:-/tmp}" && printf %s "$1" >counter.c && for cc in cc gcc clang; do '
    '"$cc" -O2 -shared -fPIC -fvisibility=hidden -o counter.so counter.c -ldl >&2 && exec cat counter.so; done; exit 1'
)
SECONDS = 60.0  # to compile it
LARGEST = 1 << 20  # bytes of it: a compiler may print anything
ELF = b"\x7fELF"


class Uncounted(Exception):
    """Why a boot's instructions cannot be counted."""


@dataclass
class Counters:
    """Compiles the counter once for each place."""

    _known: dict[str, bytes | str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, place: Place) -> bytes:
        """The shared library. Raises Uncounted if the place cannot make it, InfrastructureError if it fails."""
        with self._lock:
            if place.key not in self._known:
                self._known[place.key] = _compiled(place)
            found = self._known[place.key]
        if isinstance(found, str):
            raise Uncounted(found)
        return found


def _compiled(place: Place) -> bytes | str:
    """The counter, or why there is none."""
    from importlib.resources import files  # noqa: PLC0415  # for those who count

    source = files("bootmatrix.counting").joinpath(SOURCE).read_text()
    job = Job(("sh", "-c", COMPILE, "sh", source), "the counter of instructions")
    with place.start(job) as process:
        seen = watch(process, Limits(SECONDS, LARGEST), threading.Event())
    made = seen.console.raw()
    if seen.exit and seen.exit.status == 0 and made.startswith(ELF):
        return made
    said = texts.clean(seen.tender.raw()).strip().rpartition("\n")[2]
    return f"{place.name} has no C compiler that makes the counter: {printable(said or seen.stopped, 200)}"
