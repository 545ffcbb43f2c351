"""A test's disks and files, as they are written: where each comes from, and what a disk must hold afterwards."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bootmatrix.matrix.keys.marks import AsWritten, Short
from bootmatrix.matrix.keys.parts import Pattern, Patterns, Strict
from bootmatrix.matrix.keys.values import SizeSchema, Text, Whole, sized

LARGEST = 1 << 40  # bytes of a disk
MOST = 64  # disks of one name; Solo5's manifests have at most 63 devices
LARGEST_SECTOR = 1 << 21  # bytes: QEMU's largest
LONGEST = 4096  # characters of a text that a disk must hold
DISK_NAME = re.compile(r"[A-Za-z0-9]{1,64}")
DIGEST = re.compile(r"[0-9A-Fa-f]{64}")
FILE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def _disk_name(name: str) -> str:
    """Safe in a path, in the options of every tender, and as Solo5's manifests have it."""
    if not DISK_NAME.fullmatch(name):
        raise ValueError(f"'{name}' is not a valid name for a disk; use letters and digits")
    return name


def _file_name(name: str) -> str:
    if not FILE_NAME.fullmatch(name):
        raise ValueError(f"'{name}' is not a valid name for a file; use letters, digits, _ and -, a letter first")
    return name


def _digest(value: str) -> str:
    if not DIGEST.fullmatch(value):
        raise ValueError(f"'{value}' is not a SHA-256 digest; write its 64 hexadecimal digits")
    return value.lower()


def _bounded(patterns: list[Pattern]) -> list[Pattern]:
    if any(len(each.text) > LONGEST for each in patterns):
        raise ValueError(f"a text has more than {LONGEST:,} characters; write its sha256, or a part of it")
    return patterns


DiskName = Annotated[str, AfterValidator(_disk_name)]
FileName = Annotated[str, AfterValidator(_file_name)]
DiskSize = Annotated[int, BeforeValidator(sized(1, LARGEST)), SizeSchema]
Digest = Annotated[str, AfterValidator(_digest)]
BoundedPatterns = Annotated[Patterns, AfterValidator(_bounded)]


class DiskExpect(Strict):
    """What must be true of a disk when the boot has ended."""

    sha256: Annotated[Digest | None, AsWritten()] = Field(None, description="The digest of all that it holds.")
    contains: BoundedPatterns = Field([], description="Patterns that it must hold somewhere.")
    command: list[Text] = Field(
        [], description="A command, run in the cell's image, that must exit with 0; `{disk}` is the disk, read-only."
    )


class Disk(Strict):
    """A disk, made anew for each boot: of zeros, or as a copy of a file."""

    size: DiskSize | None = Field(None, description="Its size; a file that is shorter is followed by zeros.")
    file: Text = Field("", description="What it begins with: a file below matrix.yaml's folder, or `{output}/FILE`.")
    sector: Whole = Field(512, ge=1, le=LARGEST_SECTOR, description="The bytes of a sector.")
    read_only: bool = Field(False, description="Whether the guest may only read it.")
    count: Whole | None = Field(
        None,
        ge=1,
        le=MOST,
        description="So many of them, whose names end in 0, 1, 2, …; without it one, without a number.",
    )
    expect: DiskExpect = Field(
        DiskExpect.model_construct(), description="What must be true of it when the boot has ended."
    )

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if self.size is None and not self.file:
            raise ValueError("a disk needs a `size` or a `file`, as in {size: 1 MiB}")
        return self

    def names(self, name: str) -> list[str]:
        """Those of the disks that it stands for."""
        return [name] if self.count is None else [f"{name}{number}" for number in range(self.count)]


DiskOrSize = Annotated[Disk, Short("size")]
