"""What a backend can be relied on for: to each capability a guest that does one thing, and what is true of it.

The guest is `unikernels/src/conformance.c`; its first boot argument says what it does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

GUEST = "conformance.{format}"
PANIC = "Kernel panic - not syncing: conformance"
EVERY_BYTE = bytes(range(256))
STATUSES = (0, 1, 63, 64, 127, 137, 255)
WORDS = ("two  words", '"quoted"', "it's", "back\\slash", "comma,", "$HOME", "--", "naïve", "*", "semi;colon")
"""Boot arguments that a shell, QEMU or a tender may take apart."""
FATAL = ("crashed", "panicked")
ANY_END_BUT_SUCCESS = ("failed", "aborted", "crashed", "panicked", "rejected", "hung")


@dataclass(frozen=True)
class Capability:
    """`truth` is what the guest does, for people; `test` are the keys of its test in a matrix.

    `console` are bytes that its console must have as they are, but that a line's end may become CR LF. `disputable`:
    a runner that tells the true outcome, and that something speaks against it, has told the truth.
    """

    name: str
    truth: str
    test: Mapping[str, Any] = field(hash=False)
    console: bytes = b""
    disputable: bool = False


def _acts(*words: str, says: str = "", outcome: str | tuple[str, ...] = "exited(0)", **keys: Any) -> dict[str, Any]:
    """The test of a guest that does what the first word names; `says` is on its console, if anything."""
    expect: dict[str, Any] = {"outcome": [outcome] if isinstance(outcome, str) else list(outcome)}
    if says:
        expect["console"] = [f"conformance: {says}"]
    return {"unikernel": GUEST, "args": list(words), "expect": expect, **keys}


def _status(number: int) -> Capability:
    test = _acts("exit", str(number), says="ends", outcome=f"exited({number})")
    return Capability(f"exit-{number}", f"the guest ends with status {number}", test)


EXITS = tuple(map(_status, STATUSES))
ENDS = (
    Capability("silent-exit", "it ends with status 0 and has printed nothing", _acts("silent", "0")),
    Capability(
        "silent-failure", "it ends with status 1 and has printed nothing", _acts("silent", "1", outcome="exited(1)")
    ),
    Capability("abort", "it aborts", _acts("abort", says="aborts", outcome=("aborted", *FATAL))),
    Capability(
        "trap", "it executes an illegal instruction", _acts("trap", says="an illegal instruction", outcome=FATAL)
    ),
    Capability("null-write", "it writes to address 0", _acts("null", says="a write to NULL", outcome=FATAL)),
    Capability("stack-overflow", "it uses up its stack", _acts("stack", says="a stack without end", outcome=FATAL)),
    Capability("panic", "it prints its kernel's panic and halts", _acts("panic", PANIC, outcome="panicked")),
    Capability(
        "hang",
        "it prints a line and nothing more, and never ends",
        _acts("hang", says="hangs", outcome="hung", idle_timeout="4 s"),
    ),
    Capability(
        "flood",
        "it prints without end",
        _acts("flood", says="0123456789", outcome="hung", console_limit="32 KiB"),
    ),
    Capability(
        "lies",
        "it prints what others print at a success, and ends with status 63",
        _acts("lies", "63", outcome="exited(63)"),
        disputable=True,
    ),
)
GIVEN = (
    Capability("bytes", "it prints every value of a byte", _acts("bytes", says="end"), console=EVERY_BYTE),
    Capability(
        "arguments",
        "it prints its boot arguments as they were given",
        _acts("args", *WORDS, says=f"[{' '.join(WORDS)}]"),
    ),
    Capability(
        "memory",
        "it has 1 MiB of memory, in which it cannot work",
        _acts("exit", "0", outcome=ANY_END_BUT_SUCCESS, memory="1 MiB", idle_timeout="4 s"),
    ),
    Capability("cpus", "it has two processors, and counts them", _acts("cpus", says="processors 2", cpus="2")),
    Capability(
        "network",
        "it answers a datagram",
        {
            "unikernel": "net.{format}",
            "nets": {"service": "conformance"},
            "args": ["ip={net.service.cidr}", "gw={net.service.host}"],
            "ready": "ready",
            "checks": [{"udp": {"port": "7", "send": "Hello", "expect": "Hello"}}],
        },
    ),
    Capability(
        "disk",
        "it writes to all of a disk, reads that back, and cannot go beyond its end",
        {
            "unikernel": "disk.{format}",
            "blocks": {"storage": {"size": "64 KiB", "expect": {"contains": "disk 0 sector 127"}}},
            "expect": {"console": ["SUCCESS"]},
        },
    ),
)
CAPABILITIES = (*EXITS, *ENDS, *GIVEN)
NAMES = tuple(each.name for each in CAPABILITIES)
