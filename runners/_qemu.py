"""What every runner over QEMU shares: machines, the common command line, and what QEMU itself says of the end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bootmatrix.model import MIB, Boot, Ending, Outcome, Probe, Rejected

from . import _probe


@dataclass(frozen=True)
class Machine:
    """One architecture. `debug_exit` ends QEMU with `(value << 1) | 1`, where the machine has that device."""

    program: str
    flags: tuple[str, ...]
    cpu: dict[str, str]
    debug_exit: tuple[str, ...] = ()


MACHINES = {
    "x86_64": Machine(
        "qemu-system-x86_64",
        ("-machine", "q35"),
        {"tcg": "max", "kvm": "host"},
        ("-device", "isa-debug-exit"),
    ),
    "aarch64": Machine("qemu-system-aarch64", ("-machine", "virt"), {"tcg": "max", "kvm": "host"}),
    "riscv64": Machine("qemu-system-riscv64", ("-machine", "virt"), {"tcg": "rv64", "kvm": "host"}),
}

WAY_OUT = {
    "x86_64": "does it write to isa-debug-exit at 0x501?",
    "aarch64": "does it power off by PSCI?",
    "riscv64": "does it power off by SBI, or write to the test device?",
}

# With these two events QEMU tells on its standard error what its exit status hides: whether the machine ever ran,
# and whether it was powered off (`shutdown_request`) or reset itself, which `-no-reboot` ends with status 0 too.
TRACE = ("-trace", "runstate_set", "-trace", "qemu_system_shutdown_request")
RAN = re.compile(r"^runstate_set .*new_state \d+ \(running\)", re.MULTILINE)
STOPPED = re.compile(r"^runstate_set .*new_state \d+ \(shutdown\)", re.MULTILINE)
REQUESTED = re.compile(r"^qemu_system_shutdown_request reason=(\d+)", re.MULTILINE)
PANIC = "8"  # SHUTDOWN_CAUSE_GUEST_PANIC, QEMU's qapi/run-state.json
KILLED = re.compile(r"^\S+: (terminating on signal \d+.*)", re.MULTILINE)
HANDLED = {"SIGHUP": 129, "SIGINT": 130, "SIGTERM": 143}  # QEMU catches these, says so and ends with 0
MESSAGE = re.compile(r"^qemu[\w-]*: (?!(?:[^\n]*: )?(?:warning|info): )(.*)", re.MULTILINE)
QUOTED = re.compile(r"'[^'\n]*'")  # names, which may hold any word
BROKEN = re.compile(
    r"KVM kernel module|initialize kvm|kvm_|KVM_|shared librar|Cannot allocate memory|Too many open files"
    r"|Resource temporarily unavailable|Device or resource busy|Network is down|No space left"
)
REFUSED = re.compile(
    r"\b(?:kernel|ELF|bios|firmware|ROM|image|invalid|unsupported|expects|requires)\b"
    r"|property|not a valid|not supported|unable to find|could not open|No such|not found",
    re.IGNORECASE,
)


def machine(arch: str) -> Machine:
    if arch not in MACHINES:
        raise Rejected(f"QEMU boots no {arch} guests here", f"possible: {', '.join(MACHINES)}")
    return MACHINES[arch]


def command(boot: Boot, flags: tuple[str, ...], extra: tuple[str, ...]) -> tuple[str, ...]:
    """The command line without the guest; memory is rounded up to whole MiB."""
    accel = boot.accel or "tcg"
    return (
        boot.program,
        *flags,
        *("-accel", accel),
        *("-cpu", machine(boot.arch).cpu[accel]),
        *("-m", f"{-(-boot.memory // MIB)}M"),
        *("-smp", str(boot.cpus)),
        "-nodefaults",
        "-no-reboot",
        *("-display", "none"),
        *("-serial", "stdio"),
        *machine(boot.arch).debug_exit,
        *TRACE,
        *extra,
        *("-kernel", boot.unikernel),
    )


def append(args: tuple[str, ...]) -> tuple[str, ...]:
    return ("-append", " ".join(args)) if args else ()


def accelerators(accel: str) -> tuple[str, ...]:
    return ("kvm", "tcg") if accel == "auto" else (accel,)


def probe(arch: str, accel: str) -> Probe | None:
    """A guest of 64-bit code, since KVM may open and even create a machine where QEMU cannot run on it."""
    kernel = _probe.KERNELS.get(arch) if accel == "kvm" else None
    if kernel is None:
        return None
    boot = Boot(arch, machine(arch).program, "{kernel}", memory=32 * MIB, accel=accel)
    return Probe({"kernel": kernel()}, command(boot, machine(arch).flags, ()), _probe.STATUS)


def failure(ending: Ending) -> Outcome | None:
    """What QEMU's own messages say went wrong outside the guest; None if nothing did."""
    message = MESSAGE.search(ending.tender)
    if ending.out_of_memory:
        return Outcome("broken", "QEMU was killed for lack of memory", "the kernel's out-of-memory killer")
    if killed := KILLED.search(ending.tender):
        return Outcome("broken", "QEMU was ended from outside", killed[1])
    ran = RAN.search(ending.tender)
    if ending.signal and not (ran and ending.signal in HANDLED):
        evidence = message[0] if message else f"QEMU was ended by {ending.signal}"
        return Outcome("broken", f"QEMU was ended by {ending.signal}", evidence)
    if not ran:
        words = message[1] if message else f"exit status {ending.status} before the machine ran"
        kind = "rejected" if message and _refused(message[1]) else "broken"
        return Outcome(kind, words, f"exit status {ending.status}, machine never started")
    if ending.status == 1 and message:
        return Outcome("broken", message[1], "QEMU's own message, exit status 1")
    return None


def _refused(message: str) -> bool:
    """Whether the command line is at fault, not this host; what is in doubt is tried again."""
    words = QUOTED.sub("", message)
    return not BROKEN.search(words) and REFUSED.search(words) is not None


def status(ending: Ending) -> int:
    """QEMU's exit status: inside a container the guest's 129 reads as the signal that QEMU itself would have caught."""
    return HANDLED.get(ending.signal, ending.status or 0)


def value(ending: Ending) -> int:
    """The guest's own value: isa-debug-exit, where the machine has it, shifts it and sets the lowest bit."""
    has_device = ending.arch in MACHINES and MACHINES[ending.arch].debug_exit
    return status(ending) >> 1 if has_device and status(ending) % 2 else status(ending)


def stopped_itself(ending: Ending) -> Outcome | None:
    """How a machine ended that QEMU left with status 0."""
    request = REQUESTED.search(ending.tender)
    if request and request[1] == PANIC:
        return Outcome("panicked", "the guest's panic device", request[0])
    if STOPPED.search(ending.tender) and not request:
        return Outcome("crashed", "reset", "the machine reset itself, as a triple fault does; exit status 0")
    return None
