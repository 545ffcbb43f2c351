"""What `doctor` says of one ability of this host."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`state` is ok, missing (a run in containers needs it) or note (some boots need it)."""

    name: str
    state: str
    detail: str
    remedy: str = ""
