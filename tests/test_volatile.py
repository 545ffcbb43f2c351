from __future__ import annotations

import pytest

from bootmatrix import volatile


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("[    0.412345] Kernel panic - not syncing: x", "Kernel panic - not syncing: x"),
        ("<0>[    0.412345][    T1] Kernel panic - not syncing: x", "Kernel panic - not syncing: x"),
        ("type=#PF ec=0x2 rip=0x104b22", "type=#PF ec=0x2"),
        ("KVM: host/guest translation fault: rip=0x1", "KVM: host/guest translation fault"),
        ("KVM: unhandled exit: exit_reason=0x6, rip=0x1", "KVM: unhandled exit: exit_reason=0x6"),
        ("Attempted to kill init! exitcode=0x0000000b", "Attempted to kill init! exitcode=0x0000000b"),
        ("EL1 sync trap caught at 0x40081234", "EL1 sync trap caught"),
        ("RIP: 0010:do_fault+0x1a/0x30", "RIP: 0010:do_fault"),
        ("rsp: 0018:ffffc90000013e28 trap", "trap"),
        ("CPU: 0 PID: 1 Comm: init Not tainted", "Comm: init Not tainted"),
        ("fault (pc=0xffff0000, lr=0x1234) here", "fault here"),
        ("SIGSEGV", "SIGSEGV"),
        ("panicked at src/main.rs:10:5", "panicked at src/main.rs:10:5"),
        ("[    0.412345] ", ""),
    ],
)
def test_what_differs_from_boot_to_boot_is_left_out(text: str, kept: str) -> None:
    assert volatile.stable(text) == kept
    assert volatile.stable(kept) == kept


@pytest.mark.parametrize("unit", ["[", "a", "0x", "rip=", "+0x1", "( ", "code=", "f" * 20, ", "])
def test_a_hostile_text_takes_no_time(unit: str) -> None:
    assert len(volatile.stable(unit * 100_000)) <= volatile.LONGEST
