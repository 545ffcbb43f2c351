"""A command's time and peak memory: `python -I -S stopwatch.py COMMAND...` prints them as JSON, then its last output;
only this, and with its status, if the command fails.

A process of its own, and a small one: the peak memory of a child begins with what the process has that starts it.
"""

import json
import os
import signal
import sys
import time

KEPT = 4096  # bytes of the output


def main(argv: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: None)  # the command has it, too, and may take some time to clean up
    reading, writing = os.pipe()
    began = time.monotonic()
    child = os.posix_spawnp(argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1)])
    os.close(writing)
    first, tail = 0.0, b""
    while chunk := os.read(reading, 1 << 16):
        first = first or time.monotonic() - began
        tail = (tail + chunk)[-KEPT:]
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - began
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10
    if not status:
        print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "first": first}), flush=True)  # noqa: T201
    os.write(1, tail)
    return os.waitstatus_to_exitcode(status) % 256


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
