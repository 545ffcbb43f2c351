"""A boot broken down: when it came how far, by what all witnesses have seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.model import Phase, PhaseName

if TYPE_CHECKING:
    from bootmatrix.watching.watch import Watched

ORDER: dict[str, int] = {name: at for at, name in enumerate(PhaseName)}


def of(seen: Watched) -> tuple[Phase, ...]:
    """Those that are known, in the order of time; of a boot that was watched its end always.

    What a process prints is read a little later, so perhaps after its end, which its place knows to the microsecond:
    nothing is later than that.
    """
    if seen.exit is None and seen.stop is None:
        return ()
    ready = [Phase(PhaseName.READY, seen.findings.ready)] if seen.findings.ready is not None else []
    found = [*seen.findings.phases, *ready, Phase(PhaseName.END, seen.seconds)]
    bounded = [Phase(each.name, round(min(each.at, seen.seconds), 4)) for each in found]
    return tuple(sorted(bounded, key=lambda each: (each.at, ORDER[each.name])))
