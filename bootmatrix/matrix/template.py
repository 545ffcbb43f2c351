"""Placeholders: `{arch}` or `{net.service.guest}` in a text of the matrix; `{{arch}}` stands for itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bootmatrix import model

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACEHOLDER = re.compile(r"(\{)?\{([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)\}(?(1)\})")
OUTPUT = "output"  # of a build
FILES, BLOCKS = "files.", "blocks."  # what the names of a test's own files and disks begin with
NET = "net."  # what the names of its interfaces' words begin with
GUEST, GUESTS = "guest", "guests."  # a guest's own name, and what the names of the other guests' words begin with
LATE = frozenset({"attempt", OUTPUT})  # known at each attempt only
OF_OPTIONS = frozenset({"unikernel", "memory", "cpus"})  # known to a runner's options, too
BUILTIN = model.BUILTIN | LATE
OF_NET = ("guest", "cidr", "prefix", "netmask", "host", "network", "mac", "mtu", "device")  # `{net.NAME.…}`


def names(text: str) -> set[str]:
    return {found[2] for found in PLACEHOLDER.finditer(text) if not found[1]}


def fill(text: str, values: Mapping[str, str]) -> str:
    """Unknown names stay as they are."""
    return PLACEHOLDER.sub(lambda m: m[0][1:-1] if m[1] else values.get(m[2], m[0]), text) if "{" in text else text
