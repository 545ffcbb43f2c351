"""The contract of a backend: from a boot to what is launched, from its end to an outcome."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from bootmatrix.model.phase import Signs
from bootmatrix.model.units import MIB

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bootmatrix.model.outcome import Ending, Outcome
    from bootmatrix.model.world import Block, Interface


@dataclass(frozen=True)
class Counter:
    """What counts the instructions of a boot: `library`, its path where the tender runs, and the `options` that it is
    loaded with, as its kind of tender takes them.
    """

    library: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Boot:
    """What a runner turns into a launch: paths are those inside the place where it boots.

    `memory` in bytes; `accel` is one of the names that the runner's tender declared, or empty; `folder` is where the
    launch's own files will be. `interfaces` and `blocks` are what the guest has of networks and disks. `counter` is
    there only in a boot whose instructions are counted, as runners that `counts` are given.
    """

    arch: str
    program: str
    unikernel: str
    args: tuple[str, ...] = ()
    memory: int = 64 * MIB
    cpus: int = 1
    accel: str = ""
    folder: str = ""
    interfaces: tuple[Interface, ...] = ()
    blocks: tuple[Block, ...] = ()
    counter: Counter | None = None


@dataclass(frozen=True)
class Launch:
    """What a boot is started with: `argv` is the command line.

    `files` are the boot's own, by name, such as a configuration: they lie in the boot's `folder`, are read-only, seen
    by this boot alone, and gone with it. `devices` are what it opens besides its accelerator's, by names such as `kvm`.

    `undo` is a command line for what ending the tender would leave, such as a virtual machine that a server of the
    host runs. It is run in the same place after each boot, however that ended, before the files go; it must be content
    if there is nothing to do, and end with 0 only if nothing is left.
    """

    argv: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tender:
    """The host process that runs the guest.

    `program` is its name on PATH, or its path if it contains a slash. `accelerators` are what it can run on, the
    preferred first; empty if it needs none. `automatic` says that the next one may be tried where one is unusable.
    `in_build` is a path below the build's output, `prefix` a folder of this host, where the program is looked for
    before the image's own PATH.
    """

    program: str
    accelerators: tuple[str, ...] = ()
    automatic: bool = False
    in_build: str = ""
    prefix: str = ""


@dataclass(frozen=True)
class Probe:
    """A guest that only proves that an accelerator works: `files` by name, `argv` with `{name}` for their paths. A file
    that is a text may have them, too.

    The accelerator is usable if the program exits with `status` within `seconds`, and prints `console`.
    """

    files: Mapping[str, bytes | str]
    argv: tuple[str, ...]
    status: int
    seconds: float = 10.0
    console: str = ""


class Rejected(Exception):
    """A runner's check: this tender cannot take this unikernel; `remedy` says what to change."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.remedy = remedy


@dataclass(frozen=True)
class Runner(ABC):
    """One backend: turns a Boot into a Launch and an Ending into an Outcome.

    A subclass is a frozen dataclass named `Runner` in `runners/<backend>.py` (with `_` for `-`); its fields are the
    backend's options, set in the matrix by a test's `runner:` key.
    """

    format: ClassVar[str] = "elf"
    """The ending of the unikernels that this backend boots, the matrix's `{format}`."""
    version_flag: ClassVar[str] = ""
    """The option with which the tender tells its version; empty: it is not asked."""
    hides_status: ClassVar[bool] = False
    """Whether the tender's exit status says nothing of the guest: `exit_codes` then mean the outcome's own code."""
    has_input: ClassVar[bool] = False
    """Whether the tender's standard input is the guest's console."""
    counts: ClassVar[bool] = False
    """Whether `launch` has the tender load a boot's `counter`, a plugin of QEMU: then it boots under `accel` tcg, and
    traces `qemu_system_shutdown_request`.
    """
    takes_sockets: ClassVar[bool] = False
    """Whether a guest's interface can be attached to a Unix socket (`Interface.by_socket`), where there are no taps."""
    noise: ClassVar[str] = ""
    """A regular expression of whole lines on the tender's standard error that are not kept."""
    panic: ClassVar[tuple[str, ...]] = ()
    """Regular expressions of console lines that a guest's kernel prints in panic: a boot that ends in one, and in its
    trace, is ended a moment later, and is what `outcome` says if that is `panicked`, else hung.
    """
    filled: ClassVar[tuple[str, ...]] = ("options",)
    """The options, texts or lists of texts, in which placeholders are filled in for each boot; a word `{args}` of a
    list becomes the boot arguments.
    """
    impossible: ClassVar[Mapping[str, str]] = {}
    """Capabilities that `bootmatrix conformance` proves and this backend cannot have, each with the reason."""
    way_out: ClassVar[Mapping[str, str]] = {}
    """By architecture (`""`: any), what to ask of a guest that shows all that is expected and does not end."""

    @abstractmethod
    def tender(self, arch: str) -> Tender:
        """The program for guests of `arch`; raises Rejected if this backend cannot boot that architecture."""

    @abstractmethod
    def launch(self, boot: Boot) -> Launch:
        """The command line, and what the boot needs besides; pure."""

    @abstractmethod
    def outcome(self, ending: Ending) -> Outcome:
        """What the guest did; where we ended the boot ourselves, called only after a line of `panic`, with neither
        status nor signal. Pure.
        """

    def check(self, unikernel: Path, boot: Boot, version: str) -> None:  # noqa: B027  # most backends check nothing
        """Raise Rejected if the tender (its `--version` output is `version`) cannot boot this file of the host."""

    def probe(self, arch: str, accel: str) -> Probe | None:
        """A guest that proves `accel`; None if opening its device is proof enough."""
        del arch, accel
        return None

    def signs(self, arch: str) -> Signs:
        """By what one sees how far a boot has come, without disturbing it; pure."""
        del arch
        return Signs()
