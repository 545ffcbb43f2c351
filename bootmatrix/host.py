"""What this host can do: found out, never assumed."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import platform
import re
from pathlib import Path

import platformdirs

from bootmatrix import files
from bootmatrix.errors import InfrastructureError, Problem

KVM = Path("/dev/kvm")
OS = Path("/etc/os-release")
CACHE_TAG = "CACHEDIR.TAG"
TAGS = {CACHE_TAG: "Signature: 8a477f597d28d172789f06886806bc55\n# Made by bootmatrix.\n", ".gitignore": "*\n"}
WORK = "work"  # below the cache: a folder for each run that lives
SHARE = 0.9  # of the memory that is free
RUN_MARK = "BOOTMATRIX_RUN"  # in the environment of all that a run starts on this host: so that it is found again
CGROUP_MEMORY = [
    (Path("/sys/fs/cgroup", limit), Path("/sys/fs/cgroup", usage))
    for limit, usage in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    )
]
KVM_CREATE_VM = 0xAE01  # linux/kvm.h: _IO(KVMIO, 0x01)


def cache() -> Path:
    """Where builds, probes and device nodes are kept between runs; `BOOTMATRIX_CACHE` puts it elsewhere.

    Raises InfrastructureError where nothing says where that is.
    """
    if given := os.environ.get("BOOTMATRIX_CACHE"):
        return Path(given).absolute()
    try:
        found = platformdirs.user_cache_path("bootmatrix")
    except RuntimeError:  # an older one gives a folder called `~`
        found = Path("~")
    if found.parts[:1] == ("~",):
        what = f"there is no place for the cache: HOME is not set, and user {os.getuid()} is not in /etc/passwd"
        raise InfrastructureError(Problem(what, remedy="set BOOTMATRIX_CACHE to a folder that this user may write"))
    return found.absolute()


def mark_as_cache(folder: Path) -> None:
    """Make a folder that backups, git and our own builds leave out (https://bford.info/cachedir/).

    Files of these names that are there stay as they are: the folder may have a `.gitignore` of its own. What is no file
    is none of them. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in TAGS.items():
        if not files.is_plain(folder / name):
            files.write(folder / name, text)


def run_mark() -> dict[str, str]:
    """The mark of the run that this process belongs to, for an environment; empty outside a run."""
    return {RUN_MARK: os.environ[RUN_MARK]} if RUN_MARK in os.environ else {}


def scratch() -> Path | None:
    """Where this process's run has its temporary files; None outside a run: where this host has them."""
    folder = cache() / WORK / os.environ.get(RUN_MARK, "")
    return folder if RUN_MARK in os.environ and folder.is_dir() else None  # a run may be a test of another run


def cores() -> int:
    return len(os.sched_getaffinity(0))


def most_memory() -> int:
    """Bytes that a build may have: what it ate beyond, the kernel would take from this host's own programs."""
    return int(memory() * SHARE)


def memory() -> int:
    """Bytes that programs can still have, by this host and by the control group that we are in."""
    import psutil  # noqa: PLC0415  # 15 ms, only where something is run

    free: int = psutil.virtual_memory().available
    for limit, usage in CGROUP_MEMORY:
        with contextlib.suppress(OSError, ValueError):
            free = min(free, int(limit.read_text()) - int(usage.read_text()))
    return max(free, 0)


def boot_id() -> str:
    """Changes whenever this host boots."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@functools.cache
def os_name() -> str:
    """`debian-12`, as an image would be called."""
    text = OS.read_text(encoding="utf-8", errors="replace") if OS.is_file() else ""  # an image may have none
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return f"{lines.get('ID', 'linux')}-{lines.get('VERSION_ID', '')}".replace('"', "").rstrip("-")


@functools.cache
def kind() -> str:
    """The class of this host: what takes as long here as on another of the same class."""
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    model = f", {found[1].strip()}" if found else ""  # only x86 has that line
    return f"{platform.machine()}{model}, {cores()} cores"


@functools.cache
def kvm_trouble() -> str:
    """Why /dev/kvm cannot be used at all; empty if it opens and makes a machine, which does not yet prove a boot."""
    try:
        device = os.open(KVM, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return "this host has no /dev/kvm"
    except OSError as error:
        return f"/dev/kvm cannot be opened: {error.strerror}; join its group ({_group()}) and log in again"
    try:
        os.close(fcntl.ioctl(device, KVM_CREATE_VM, 0))
    except OSError as error:
        return f"/dev/kvm cannot create a virtual machine: {error.strerror}"
    finally:
        os.close(device)
    return ""


def _group() -> str:
    import grp  # noqa: PLC0415

    try:
        return grp.getgrgid(KVM.stat().st_gid).gr_name
    except (KeyError, OSError):
        return "kvm"
