from __future__ import annotations

import pytest

from bootmatrix.watching import lastwords
from bootmatrix.watching.lastwords import GRACE, SURE

PANIC = ("Kernel panic", "panicked at", "PANIC")
LINUX = """\
[    0.412345] Kernel panic - not syncing: no working init found
[    0.412346] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1
[    0.412346] Hardware name: QEMU Standard PC
[    0.412347] Call Trace:
[    0.412347]  <TASK>
[    0.412348]  dump_stack_lvl+0x44/0x5c
[    0.412348]  ? kernel_init+0x11a/0x120
[    0.412349] RIP: 0010:0x0
[    0.412349] RSP: 0018:ffffc90000013e28 EFLAGS: 00010246
[    0.412350] Kernel Offset: disabled
"""
END = "[    0.412351] ---[ end Kernel panic - not syncing: no working init found ]---\n"
RUST = """\
thread 'main' panicked at src/main.rs:3:5: x
stack backtrace:
   0: rust_begin_unwind
             at /rustc/lib.rs:5
"""


@pytest.mark.parametrize(
    ("end", "seconds"),
    [
        (LINUX, SURE),
        (LINUX + END, SURE),
        ("PANIC: out of memory\n", SURE),
        ("Unikraft ABORT: x\nCrashing\n0x10\n", 0),
        (f"booting\n{LINUX}\n\n", SURE),
        ("[    0.4] Kernel panic - not syncing: x", SURE),
        (RUST, SURE),
        ("testing the Kernel panic handler\n", GRACE),
        ("[    0.412345] Kernel panic - x\n[    0.5] testing more\n", 0),
        (f"{LINUX}SUCCESS\n", 0),
        (f"{LINUX}ok 1 - Kernel panic is caught\n", 0),
        ("ok 1 - Kernel panic\n", 0),
        ("not ok 1 - Kernel panic\n", 0),
        ("    # Kernel panic\n", 0),
        ("PASS: Kernel panic\n", 0),
        ("[    1.234567] ok 1 Kernel panic\n", 0),
        ("test: panics->Kernel panic\n", 0),
        ("no such line\n", 0),
        ("", 0),
    ],
)
def test_only_a_panic_with_nothing_but_its_trace_is_the_last(end: str, seconds: float) -> None:
    assert lastwords.silence(PANIC, end) == seconds


def test_a_panic_is_told_by_its_line_without_its_time() -> None:
    assert (
        lastwords.panic(PANIC, f"ok 1 - Kernel panic\n{LINUX}") == "Kernel panic - not syncing: no working init found"
    )
    assert lastwords.panic(PANIC, "ok 1 - Kernel panic\n") == ""
    assert lastwords.panic((), LINUX) == ""
    assert len(lastwords.panic(("y",), "y" * 100_000)) == lastwords.LONGEST
