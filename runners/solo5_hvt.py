"""Solo5's hardware-virtualized tender: needs a KVM that works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from . import _solo5


@dataclass(frozen=True)
class Runner(_solo5.Native):
    format: ClassVar[str] = "hvt"
    program: ClassVar[str] = "solo5-hvt"
    accelerators: ClassVar[tuple[str, ...]] = ("kvm",)
