"""Cloud Hypervisor: the command line of a boot, and what its log says of how that ended.

Facts from the documents and the messages of Cloud Hypervisor 20 to 53, which was not run.
"""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

from bootmatrix.model import MIB, Boot, Ending, Launch, Outcome, OutcomeKind, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

ARCHES = ("x86_64", "aarch64")
SECTOR = 512  # bytes; its disks have no others
DISK = "image_type=raw"
FIRST_WITH_TYPES = 51
VERSION = re.compile(r"cloud-hypervisor v(\d+)\.")
WAY_OUT = {"x86_64": "does it power off by ACPI?", "aarch64": "does it power off by PSCI?"}

# It boots a guest again that resets its machine, and has no option against that: so its log is watched, and it ends.
WATCHED = """\
log=$(mktemp -u) && mkfifo -m 600 "$log" || exit 126
"$@" <&0 2>"$log" &
sed -u '/ -- VM reset event/q' "$log" >&2
kill -9 $! 2>/dev/null
wait $!
status=$?
rm -f "$log"
exit $status"""

LONGEST = 200  # characters of a message
LINE = r"^cloud-hypervisor: [^\n]* -- "
BOOTED = re.compile(LINE + r"Event: source = vm event = booted", re.MULTILINE)
# What a guest did, the first of which is its end; and that Cloud Hypervisor itself ends.
EVENT = re.compile(
    LINE + r"(?P<words>(?P<panic>Event: source = guest event = panic)"
    r"|(?P<off>ACPI Shutdown signalled|VmExit::Shutdown)$"
    r"|(?P<reset>ACPI Reboot signalled|i8042 reset signalled)$"
    r"|(?P<fault>Guest likely triple-faulted|VmExit::Reset)$"
    r"|(?P<broken>VCPU generated error: .*|vCPU thread panicked)"
    r"|(?P<outside>VM exit event)$)",
    re.MULTILINE,
)
CHAIN = re.compile(r"^Error: Cloud Hypervisor exited with the following .*:\n((?: +\S.*(?:\n|$))+)", re.MULTILINE)
ERROR = re.compile(r"^[Ee]rror: (?!Cloud Hypervisor exited)(.+)|^((?:Error|Failed) [a-z].+)", re.MULTILINE)
LEVEL = re.compile(r"^ *(?:\d+: )?", re.MULTILINE)
# Failures of this host: of its hypervisor, of a tap, of memory, of files; numbers as of errno(3).
BROKEN = re.compile(
    r"\bkvm\b|\b[tT]ap\b|create (?:the )?hypervisor|hypervisor interface|seccomp|spawn|thread|[Ee]vent[Ff]d"
    r"|allocate memory|holds a lock|os error (?:1|5|11|12|13|16|19|23|24|28)\)"
)
USAGE = 2  # clap's status of a wrong command line
BY_SHELL = 128
FAULTS = frozenset({"SIGABRT", "SIGSEGV", "SIGILL", "SIGFPE", "SIGBUS"})  # by which a program ends itself


def launch(boot: Boot, initrd: str, disk: str, options: tuple[str, ...]) -> Launch:
    """The command line; memory is rounded up to whole MiB. Raises Rejected for what Cloud Hypervisor does not have."""
    argv = (
        *("sh", "-c", WATCHED, "cloud-hypervisor"),
        boot.program,
        "-v",
        *("--cpus", f"boot={boot.cpus}"),
        *("--memory", f"size={-(-boot.memory // MIB)}M"),
        *("--serial", "tty"),
        *("--console", "off"),
        *_devices(boot, disk),
        *options,
        *(("--initramfs", initrd) if initrd else ()),
        *("--kernel", boot.unikernel),
        f"--cmdline={' '.join(boot.args)}",  # one word: it may begin with a dash
    )
    return Launch(argv)


def _devices(boot: Boot, disk: str) -> Iterator[str]:
    for block in boot.blocks:
        if block.sector != SECTOR:
            what = f"the disk '{block.name}' has sectors of {block.sector} bytes, and Cloud Hypervisor's have {SECTOR}"
            raise Rejected(what, "leave out `sector`")
        read_only = "readonly=on" if block.read_only else ""
        yield from ("--disk", ",".join(filter(None, (f"path={quoted(block.path)}", read_only, disk))))
    for each in boot.interfaces:
        yield from ("--net", f"tap={each.device},mac={each.mac}")


def quoted(value: str) -> str:
    """A value of an option as Cloud Hypervisor reads it; raises Rejected for one that it cannot."""
    if '"' in value:
        raise Rejected(f"Cloud Hypervisor takes no path with a quote: {value}", "rename the folder, or TMPDIR")
    return value if re.fullmatch(r"[\w./:@%+~-]+", value) else f'"{value}"'


def check(boot: Boot, version: str, disk: str) -> None:
    """Raises Rejected for one that does not know `image_type`, where the boot has disks that tell it."""
    found = VERSION.search(version)
    if found and boot.blocks and "image_type" in disk and int(found[1]) < FIRST_WITH_TYPES:
        what = f"Cloud Hypervisor {found[1]} knows no image_type, and takes what a guest writes for a disk's format"
        raise Rejected(what, f"use version {FIRST_WITH_TYPES} or newer; or accept that: runner: {{disk: ''}}")


def failure(ending: Ending) -> Outcome | None:
    """What ended Cloud Hypervisor other than the guest; None if nothing did."""
    if ending.out_of_memory:
        what = "Cloud Hypervisor was killed for lack of memory"
        return Outcome(OutcomeKind.BROKEN, what, "the kernel's out-of-memory killer")
    if not ending.status and not ending.signal:
        return None
    found = EVENT.search(ending.tender)
    name = ending.signal or _signal((ending.status or 0) - BY_SHELL)
    if found and not found["outside"] and (name == "SIGKILL" or not name):
        return None  # that was we, after a reset; or it failed to clear up after its guest
    if name:
        kind = OutcomeKind.CRASHED if name in FAULTS and BOOTED.search(ending.tender) else OutcomeKind.BROKEN
        what = f"Cloud Hypervisor's {name}" if kind == OutcomeKind.CRASHED else f"Cloud Hypervisor was ended by {name}"
        return Outcome(kind, what, f"exit status {ending.status}" if ending.status else f"ended by {name}")
    return _refused(ending)


def _refused(ending: Ending) -> Outcome:
    words = _words(ending.tender)
    evidence = f"Cloud Hypervisor's exit status {ending.status}"
    if not words:
        return Outcome(OutcomeKind.BROKEN, f"Cloud Hypervisor ended with status {ending.status}", evidence)
    ours = ending.status in {1, USAGE} and not BROKEN.search(words) and not BOOTED.search(ending.tender)
    return Outcome(OutcomeKind.REJECTED if ours else OutcomeKind.BROKEN, words, f"its own message, {evidence}")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


def _words(tender: str) -> str:
    """Its errors from the outermost to the cause, or the only one."""
    if chain := CHAIN.search(tender):
        return ": ".join(LEVEL.sub("", chain[1]).strip().splitlines())[:LONGEST]
    found = ERROR.search(tender)
    return (found[1] or found[2])[:LONGEST] if found else ""


def said(ending: Ending, on_reset: str) -> Outcome:
    """What the guest did, of one that Cloud Hypervisor's own failures did not end: what the log has first counts."""
    found = EVENT.search(ending.tender)
    if not found:
        what = f"Cloud Hypervisor ended with status {ending.status}, and its log does not say why"
        return Outcome(OutcomeKind.BROKEN, what, "no line of its log tells an end")
    evidence = f"'{found['words'][:LONGEST]}' in Cloud Hypervisor's log"
    if found["panic"]:
        return Outcome(OutcomeKind.PANICKED, "the guest's panic device", evidence)
    if found["off"]:
        return Outcome(OutcomeKind.EXITED, "0", f"the guest powered off: {evidence}")
    if found["broken"]:
        return Outcome(OutcomeKind.BROKEN, "KVM could not run the guest", evidence)
    if found["outside"]:
        return Outcome(OutcomeKind.BROKEN, "Cloud Hypervisor was ended from outside", evidence)
    if found["fault"] and ending.arch == "x86_64":  # elsewhere it is a reset, which has no other words
        return Outcome(OutcomeKind.CRASHED, "triple fault", evidence)
    if on_reset == "exited":
        return Outcome(OutcomeKind.EXITED, "0", f"{evidence}, which the matrix takes as an exit")
    return Outcome(OutcomeKind.CRASHED, "reset", f"the machine reset itself: {evidence}")
