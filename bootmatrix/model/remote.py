"""A host that is reached over SSH, as a matrix names it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Remote:
    """`address` is what `ssh` is told, `port` 0 where its own configuration says it; `options` are those of `ssh -o`.
    What is ours there lies below `folder`. `programs` are those whose versions say what is built with there.
    """

    name: str
    address: str
    port: int = 0
    options: tuple[str, ...] = ()
    folder: str = "/tmp"  # noqa: S108  # on the other side
    programs: tuple[str, ...] = field(default=(), compare=False)
