#!/usr/bin/env python3
"""Stands for Firecracker: checks its command line and its configuration more strictly, and speaks its words.

From the documents, the OpenAPI file and the exit codes of Firecracker 1.0 to 1.16; the messages as 1.12 prints them. No
guest is run: what it would do stands in its file. Unlike the real one, it refuses keys that this would pass over.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

MARK = b"\nFAKE "
PROBE = b'{"console": "64-bit", "end": "reset", "shows": false}'  # of a kernel that does not say what it does
FLAGS = {"--no-api", "--version", "--no-seccomp", "--enable-pci", "--boot-timer", "--show-level", "--show-log-origin"}
VALUES = {"--config-file", "--log-path", "--level", "--id", "--api-sock", "--metrics-path", "--module", "--metadata"}
MAC = r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}"
NAME = r"[A-Za-z0-9_]+"
LONGEST_LINE = 2048  # bytes of a kernel's command line
Checked = type | str | tuple[str, ...]
# Each key with its type, with the form of its text, or with its possible words; those with `?` may be left out.
KEYS: dict[str, dict[str, Checked]] = {
    "boot-source": {"kernel_image_path": str, "initrd_path?": str, "boot_args?": str},
    "machine-config": {
        "vcpu_count": int,
        "mem_size_mib": int,
        "smt?": bool,
        "track_dirty_pages?": bool,
        "huge_pages?": ("None", "2M"),
    },
    "drives": {
        "drive_id": NAME,
        "path_on_host": str,
        "is_root_device": bool,
        "is_read_only?": bool,
        "cache_type?": ("Unsafe", "Writeback"),
        "io_engine?": ("Sync", "Async"),
    },
    "network-interfaces": {"iface_id": NAME, "guest_mac?": MAC, "host_dev_name": r"[^/\s]{1,15}"},
}
TOP: dict[str, Checked] = {"boot-source": dict, "drives": list, "machine-config": dict, "network-interfaces": list}
LISTS = ("drives", "network-interfaces")


class Log:
    """Its log: on standard output, until it has a file of its own."""

    def __init__(self) -> None:
        self.file = ""

    def __call__(self, words: str, thread: str = "main") -> None:
        line = f"2026-01-01T00:00:00.000000000 [anonymous-instance:{thread}] {words}\n"
        if not self.file:
            sys.stdout.write(line)
            sys.stdout.flush()
            return
        with Path(self.file).open("a") as stream:
            stream.write(line)


log = Log()


def fail(words: str, debug: str, status: int) -> NoReturn:
    log(words)
    sys.stderr.write(f"Error: {debug}\n\n")
    log(f"Firecracker exiting with error. exit_code={status}")
    sys.exit(status)


def refuse(words: str, failed: str = "Configuration for VMM from one single json failed") -> NoReturn:
    fail(
        f"RunWithoutApiError error: Failed to build MicroVM from Json: {failed}: {words}",
        "RunWithoutApiError(BuildMicroVMFromJson(...))",
        1,
    )


def arguments(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name = word.removeprefix("--")
        if word not in FLAGS | VALUES:
            what = f"Found argument '{name}' which wasn't expected, or isn't valid in this context."
        elif name in found:
            what = f"The argument '{name}' was provided more than once."
        elif word in VALUES and (value := next(rest, "--")).startswith("--"):
            what = f"The argument '{name}' requires a value, but none was supplied."
        else:
            found[name] = value if word in VALUES else ""
            continue
        fail(f"Arguments parsing error: {what} \\n\\nFor more information try --help.", "ParseArguments(...)", 153)
    if "no-api" in found and "config-file" not in found:
        what = "Argument 'no-api' cannot be used without argument 'config-file'"
        fail(f"Arguments parsing error: {what}", "ParseArguments(...)", 153)
    return found


def start_log(found: dict[str, str]) -> None:
    if found.get("level", "Info").lower() not in {"error", "warning", "info", "debug"}:
        fail("Invalid value for logger level", "InvalidLogLevel(...)", 152)
    path = found.get("log-path")
    if path and not os.access(path, os.R_OK | os.W_OK):  # until 1.13 it makes none
        fail("Could not initialize logger: Failed to open target file", "LoggerInitialization(...)", 1)
    log.file = path or ""


def checked(name: str, given: object, keys: dict[str, Checked]) -> dict[str, Any]:
    if not isinstance(given, dict):
        refuse(f"Invalid JSON: invalid type: {name}, expected a map")
    known = {key.rstrip("?"): kind for key, kind in keys.items()}
    if unknown := given.keys() - known.keys():
        refuse(f"Invalid JSON: unknown field `{unknown.pop()}` in {name}")
    for key in keys.keys() - {f"{key}?" for key in given} - given.keys():
        if not key.endswith("?"):
            refuse(f"Invalid JSON: missing field `{key}` in {name}")
    for key, value in given.items():
        kind = known[key]
        fits = type(value) is kind if isinstance(kind, type) else isinstance(value, str)
        fits = fits and (not isinstance(kind, str) or re.fullmatch(kind, value) is not None)
        if not fits or (isinstance(kind, tuple) and value not in kind):
            refuse(f"Invalid JSON: invalid value: {key} {value!r} in {name}")
    return given


def readable(path: str, words: str, mode: int = os.R_OK) -> None:
    if not os.path.isfile(path) or not os.access(path, mode):  # noqa: PTH113  # as the path is, also if empty
        refuse(f"{words}: No such file or directory (os error 2)")


def configuration(path: str) -> dict[str, Any]:
    try:
        whole = json.loads(Path(path).read_text())
    except json.JSONDecodeError as error:
        refuse(f"Invalid JSON: {error}")
    whole = checked("the configuration", whole, TOP)
    machine = checked("machine-config", whole["machine-config"], KEYS["machine-config"])
    if not 1 <= machine["vcpu_count"] <= 32:
        refuse("VM config error: The number of vCPUs must be greater than 0, less than 32")
    if machine["mem_size_mib"] < 1:
        refuse("VM config error: The memory size (MiB) is either 0, or not a multiple of the configured page size.")
    source = checked("boot-source", whole["boot-source"], KEYS["boot-source"])
    readable(source["kernel_image_path"], "Boot source error: The kernel file cannot be opened")
    if "initrd_path" in source:
        readable(source["initrd_path"], "Boot source error: The initrd file cannot be opened")
    if len(source.get("boot_args", "").encode()) > LONGEST_LINE:
        refuse("Boot source error: The kernel command line is invalid: Invalid cmdline capacity provided.")
    for name in LISTS:
        each_once(name, [checked(name, each, KEYS[name]) for each in whole[name]])
    for drive in whole["drives"]:
        mode = os.R_OK if drive.get("is_read_only") else os.R_OK | os.W_OK
        readable(drive["path_on_host"], "Block device error: Error manipulating the backing file", mode)
    return dict(whole)


def each_once(name: str, found: list[dict[str, Any]]) -> None:
    for key in ("drive_id", "iface_id", "guest_mac", "host_dev_name"):
        values = [each[key] for each in found if key in each]
        if len(values) != len(set(values)):
            refuse(f"{name}: the {key} is already in use")


def kernel(path: str) -> dict[str, Any]:
    image = Path(path).read_bytes()
    if image[:4] != b"\x7fELF":
        what = "Kernel Loader: failed to load ELF kernel image: Kernel Loader: Invalid Elf magic number"
        log("Vmm is stopping.")
        refuse(f"System configuration error: {what}", "Could not Start MicroVM from one single json")
    played = image.rpartition(MARK)[2] if MARK in image else PROBE
    return dict(json.loads(played))


def play(guest: dict[str, Any], cmdline: str) -> None:
    log("Successfully started microvm that was configured from one single json")
    sys.stdout.write(guest["console"] + (cmdline.strip() if guest["shows"] else ""))
    sys.stdout.flush()
    end = guest["end"]
    if end in LAST_WORDS:
        log(LAST_WORDS[end], "fc_vcpu 0")
    if end == "hang":
        time.sleep(60)
    if end in STATUSES:
        sys.stdout.flush()
        os._exit(STATUSES[end])
    if end == "abort":
        signal.signal(signal.SIGABRT, signal.SIG_DFL)
        os.abort()
    log("Vmm is stopping.")
    log("Firecracker exiting successfully. exit_code=0")  # whatever the guest did


LAST_WORDS = {
    "triple": "Received KVM_EXIT_SHUTDOWN signal",
    "triple-1.16": "Unexpected exit reason on vcpu run: Shutdown",
    "internal": "Received KVM_EXIT_INTERNAL_ERROR signal",
    "off": "Received KVM_SYSTEM_EVENT: type: 1, event: []",
    "psci-reset": "Received KVM_SYSTEM_EVENT: type: 2, event: []",
    "bad-call": "Shutting down VM after intercepting a bad syscall (425).",
    "segv": "Shutting down VM after intercepting signal 11, code 1.",
    "bus": "Shutting down VM after intercepting signal 7, code 2.",
    "abort": "Firecracker panicked at src/vmm/src/lib.rs:1:1:\nqueue is empty",
}
STATUSES = {"bad-call": 148, "bus": 149, "segv": 150}


def main() -> None:
    found = arguments(sys.argv[1:])
    if "version" in found:
        sys.stdout.write("Firecracker v1.12.1\n\n")
        return
    start_log(found)
    log("Running Firecracker v1.12.1")
    if "no-api" not in found:
        fail("the fake has no API", "RunWithApi(...)", 1)
    whole = configuration(found["config-file"])
    play(kernel(whole["boot-source"]["kernel_image_path"]), whole["boot-source"].get("boot_args", "reboot=k panic=1"))


if __name__ == "__main__":
    main()
