#!/usr/bin/env python3
"""Stands for Cloud Hypervisor: checks its command line strictly, and speaks its words.

From the documents and the messages of Cloud Hypervisor 20 to 53. No guest is run: what it would do stands in its file.
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
FLAGS = {"-v", "--pvpanic", "--watchdog", "--version"}
SEVERAL = {"--disk", "--net"}
ONE = {"--cpus", "--memory", "--serial", "--console", "--kernel", "--initramfs", "--cmdline", "--rng", "--seccomp"}
NUMBER, SWITCH, TEXT = r"\d+", r"on|off", r".+"
KEYS: dict[str, dict[str, str]] = {
    "--cpus": {"boot": NUMBER, "max": NUMBER},
    "--memory": {"size": r"\d+[KMG]?", "shared": SWITCH, "hugepages": SWITCH},
    "--disk": {"path": TEXT, "readonly": SWITCH, "image_type": "raw|qcow2|vhd|vhdx", "id": TEXT},
    "--net": {"tap": r"[^/\s]{1,15}", "mac": r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}", "id": TEXT},
}
NEEDED = {"--cpus": "boot", "--memory": "size", "--disk": "path", "--net": "tap"}
MODES = {"--serial": {"tty", "null", "off"}, "--console": {"tty", "null", "off"}}
Given = dict[str, list[str]]


def log(words: str, thread: str = "vmm", level: str = "INFO") -> None:
    sys.stderr.write(f"cloud-hypervisor:   0.010000s: <{thread}> {level}:vmm/src/lib.rs:1 -- {words}\n")
    sys.stderr.flush()


def usage(words: str) -> NoReturn:
    sys.stderr.write(f"error: {words}\n\nFor more information, try '--help'.\n")
    sys.exit(2)


def fail(*chain: str) -> NoReturn:
    log("Fatal error: ...", level="ERROR")
    told = "".join(f"  {level}: {each}\n" for level, each in enumerate(chain))
    sys.stderr.write(f"Error: Cloud Hypervisor exited with the following chain of errors:\n{told}")
    sys.exit(1)


def arguments(words: list[str]) -> Given:
    given: Given = {}
    rest = list(words)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name not in FLAGS | SEVERAL | ONE:
            usage(f"unexpected argument '{name}' found")
        if name in given and name not in SEVERAL:
            usage(f"the argument '{name}' cannot be used multiple times")
        if name not in FLAGS and not equals:
            if not rest or rest[0].startswith("-"):
                usage(f"a value is required for '{name}' but none was supplied")
            value = rest.pop(0)
        given.setdefault(name, []).append(value)
    return given


def split(text: str) -> list[str]:
    """At commas that are neither quoted nor in brackets."""
    parts, quoted, depth = [""], False, 0
    for each in text.strip():
        quoted ^= each == '"'
        depth += 0 if quoted else {"[": 1, "]": -1}.get(each, 0)
        if depth < 0:
            break
        if each == "," and not quoted and not depth:
            parts.append("")
        else:
            parts[-1] += each
    if quoted or depth:
        fail("Error parsing config", f"Invalid syntax: {text}")
    return parts


def options(name: str, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in split(text):
        key, equals, value = part.partition("=")
        if key not in KEYS[name]:
            fail("Error parsing config", f"Error parsing {name}", f"Unknown option: {key}")
        value = value.strip().replace('"', "")
        if not equals or not re.fullmatch(KEYS[name][key], value):
            fail("Error parsing config", f"Error parsing {name}", f"Unable to convert {value} for {key}")
        found[key] = value
    if NEEDED[name] not in found:
        fail("Error parsing config", f"Error parsing {name}: {NEEDED[name]} missing")
    return found


def machine(given: Given) -> None:
    for name in KEYS:
        for text in given.get(name, []):
            found = options(name, text)
            if name == "--disk":
                readable(found["path"], "Error from device manager", "Failed opening disk path")
            if name == "--cpus" and not 1 <= int(found["boot"]) <= 255:
                fail("Error creating VM", "Failed to validate config", "Number of CPUs outside of limits")
    for name, modes in MODES.items():
        if given.get(name, ["off"])[0] not in modes:
            fail("Error parsing config", f"Error parsing {name}")


def readable(path: str, *words: str) -> None:
    if not os.path.isfile(path) or not os.access(path, os.R_OK):  # noqa: PTH113  # as the path is, also if empty
        fail("Error booting VM", *words, "No such file or directory (os error 2)")


def kernel(given: Given) -> dict[str, Any]:
    readable(given["--kernel"][0], "Cannot open kernel file")
    for path in given.get("--initramfs", []):
        readable(path, "Cannot open initramfs file")
    for text in given.get("--cmdline", []):
        if not re.fullmatch(r"[ -~]*", text):
            fail("Error booting VM", "Cannot modify the kernel command line", "String contains non-ASCII characters")
    image = Path(given["--kernel"][0]).read_bytes()
    if image[:4] != b"\x7fELF":
        fail("Error booting VM", "Cannot load the kernel into memory", "Invalid bzImage binary")
    return dict(json.loads(image.rpartition(MARK)[2]))


RESET = "VM reset event"
LOGS = {
    "off": ("ACPI Shutdown signalled", "VM guest exit event"),
    "off-44": ("ACPI Shutdown signalled", "VM exit event"),
    "psci-off": ("VmExit::Shutdown", "VM guest exit event"),
    "reset": ("i8042 reset signalled", RESET),
    "acpi-reset": ("ACPI Reboot signalled", RESET),
    "triple": ("Guest likely triple-faulted", "VmExit::Reset", RESET),
    "triple-44": ("VmExit::Reset", RESET),
    "internal": ("VCPU generated error: VcpuRun(InternalError)", "VM exit event"),
    "panic": ("Event: source = guest event = panic event = panic", "i8042 reset signalled", RESET),
}


def play(guest: dict[str, Any], cmdline: str) -> None:
    log("Event: source = vm event = booted ")
    signal.signal(signal.SIGTERM, ended)
    sys.stdout.write(guest["console"] + (cmdline if guest["shows"] else ""))
    sys.stdout.flush()
    end = guest["end"]
    if end == "hang":
        time.sleep(60)
    if end in {"abort", "segv"}:
        number = signal.SIGABRT if end == "abort" else signal.SIGSEGV
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    for words in LOGS[end]:
        log(words, "vcpu0" if words not in {RESET, "VM exit event"} else "vmm")
    if RESET in LOGS[end]:  # the machine boots again, until it is ended
        time.sleep(60)


def ended(_number: int, _frame: object) -> NoReturn:
    log("VM exit event")
    sys.exit(0)


def main() -> None:
    given = arguments(sys.argv[1:])
    if "--version" in given:
        sys.stdout.write("cloud-hypervisor v53.0.0\n")
        return
    if "--kernel" not in given:
        usage("the following required arguments were not provided: <--firmware|--kernel>")
    log("cloud-hypervisor v53.0.0 starting", "main")
    machine(given)
    play(kernel(given), given.get("--cmdline", [""])[0])
    log("Cloud Hypervisor exited successfully", "main")


if __name__ == "__main__":
    main()
