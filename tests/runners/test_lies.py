"""Guests that lie about their end, booted for real: none passes, and each is told as what it did."""

from __future__ import annotations

import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import liars
import pytest
import solo5

from bootmatrix import plugins, texts
from bootmatrix.judging import verdict
from bootmatrix.matrix.keys.schema import TestFields
from bootmatrix.model import Boot, Ending
from bootmatrix.watching.sieve import Sieve

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
STATUS = {"console_exit": r"EXIT: STATUS=(\d+)", "exit_codes": {"1": "passed", "3": "failed", "77": "skipped"}}


@dataclass(frozen=True)
class Lie:
    """A guest, what it did, and the verdict of a test that expects success and has no console pattern."""

    guest: bytes | str
    outcome: str
    verdict: str = "failed"
    options: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    quiet: bool = False


OK = b"SUCCESS\n"
TRACE = b"memory_region_ops_write cpu 0 mr 0x5 addr 0x501 value 0x0 size 1 name 'isa-debug-exit'\n"
POWER_OFF = liars.out(0x2000, 2, 0x604)  # ACPI's PM1a control register, as SeaBIOS puts it
TRIPLE = liars.TRIPLE
PVPANIC = ("-device", "pvpanic")
x86, out, arm, riscv, sifive = liars.x86, liars.out, liars.arm, liars.riscv, liars.sifive

X86 = {
    "the truth": Lie(x86(out(0), OK), "exited(0)", "passed"),
    "the truth, in two bytes": Lie(x86(out(0, 2), OK), "exited(0)", "passed"),
    "the truth, by a power-off": Lie(x86(POWER_OFF, OK), "exited(0)", "passed"),
    "success, then a failure that no older QEMU would see": Lie(x86(out(0) + out(1), OK), "exited(0)", "passed"),
    "128 of a byte": Lie(x86(out(128), OK), "exited(128)"),
    "128 in two bytes": Lie(x86(out(128, 2), OK), "exited(128)"),
    "256": Lie(x86(out(256, 2), OK), "exited(256)"),
    "512 in four bytes": Lie(x86(out(512, 4), OK), "exited(512)"),
    "2^16": Lie(x86(out(1 << 16, 4), OK), "exited(65536)"),
    "2^31": Lie(x86(out(1 << 31, 4), OK), "exited(2147483648)"),
    "a success of exit_codes": Lie(x86(out(256, 2), OK), "exited(256)", fields=STATUS),
    "a failure, which looks like another": Lie(x86(out(129), OK), "exited(129)", fields=STATUS),
    "skipped": Lie(x86(out(166), OK), "exited(166)", fields=STATUS),
    "a failure, then success": Lie(x86(out(1) + out(0), OK), "exited(1)"),
    "a failure, then much success": Lie(x86(out(1) + out(0) * 200, OK), "exited(1)"),
    "a failure, then a power-off": Lie(x86(out(1) + POWER_OFF, OK), "exited(1)"),
    "a failure, then a reset": Lie(x86(out(1) + TRIPLE, OK), "exited(1)"),
    "a failure at the next port": Lie(x86(out(1, port=0x502) + out(0), OK), "exited(1)"),
    "success at a port that is none": Lie(x86(out(0, 2, 0x502) + out(0, 4, 0x500) + TRIPLE, OK), "crashed(reset)"),
    "a triple fault": Lie(x86(TRIPLE, OK), "crashed(reset)"),
    "a reset by the keyboard": Lie(x86(liars.reset_by_keyboard(), OK), "crashed(reset)"),
    "a reset by the chip set": Lie(x86(out(6, port=0xCF9), OK), "crashed(reset)"),
    "QEMU's own trace": Lie(x86(TRIPLE, OK + TRACE), "crashed(reset)"),
    "QEMU's own end": Lie(x86(out(1), b"qemu-system-x86_64: terminating on signal 15\n"), "exited(1)"),
    "a status line": Lie(x86(TRIPLE, OK + b"EXIT: STATUS=1\n"), "crashed(reset)", "contradicted", fields=STATUS),
    "another status line": Lie(x86(out(1), b"EXIT: STATUS=1\n"), "exited(1)", "contradicted", fields=STATUS),
    "two status lines": Lie(
        x86(out(0), b"EXIT: STATUS=3\nEXIT: STATUS=1\n"), "exited(0)", "contradicted", fields=STATUS
    ),
    "a panic amid escape codes": Lie(
        x86(POWER_OFF, b"\x1b[31mKernel\x1b[0m \0panic\r\n\x1b]0;x\x07" + OK), "panicked(Kernel panic)"
    ),
    "a panic, then success": Lie(
        x86(out(1, port=0x505) + out(0), OK), "panicked(the guest's panic device)", options=PVPANIC
    ),
    "much of it": Lie(x86(out(1), b"SUCCESS\nEXIT: STATUS=1\n" * 2000), "exited(1)"),
}
ARM = {
    "the truth": Lie(arm(liars.PSCI_OFF, OK), "exited(0)", "passed"),
    "the truth, on a line": Lie(arm(liars.PSCI_OFF, b"EXIT: STATUS=1\n"), "exited(0)", "passed", fields=STATUS),
    "a failure on a line": Lie(arm(liars.PSCI_OFF, b"EXIT: STATUS=3\n"), "exited(3)", fields=STATUS),
    "no line": Lie(arm(liars.PSCI_OFF, OK), "exited(0)", "contradicted", fields=STATUS),
    "a line, torn": Lie(arm(liars.PSCI_OFF, b"EXIT: STA\nTUS=1\n"), "exited(0)", "contradicted", fields=STATUS),
    "a reset": Lie(arm(liars.PSCI_RESET, b"EXIT: STATUS=1\n"), "crashed(reset)", "contradicted", fields=STATUS),
    "256 by semihosting": Lie(
        arm(liars.SEMIHOSTING_EXIT, OK, 256), "exited(unknown)", "contradicted", ("-semihosting",)
    ),
    "3 by semihosting": Lie(arm(liars.SEMIHOSTING_EXIT, OK, 3), "exited(3)", "failed", ("-semihosting",)),
}
RISCV = {
    "the truth": Lie(riscv(sifive(0x5555), OK), "exited(0)", "passed"),
    "the truth, by the firmware": Lie(riscv(liars.sbi_reset(0), OK), "exited(0)", "passed"),
    "a failure of 0": Lie(riscv(sifive(0x3333, 0), OK), "exited(1)"),
    "a failure of 256": Lie(riscv(sifive(0x3333, 256), OK), "exited(256)"),
    "a failure of 333": Lie(riscv(sifive(0x3333, 333), OK), "exited(333)", fields=STATUS),
    "a failure, then success": Lie(riscv(sifive(0x3333, 3) + sifive(0x5555), OK), "exited(3)"),
    "a reset, then success": Lie(riscv(sifive(0x7777) + sifive(0x5555), OK), "crashed(reset)"),
    "a reset by the firmware": Lie(riscv(liars.sbi_reset(1), OK), "crashed(reset)"),
    "a failure on a line": Lie(riscv(liars.sbi_reset(0), b"EXIT: STATUS=3\n"), "exited(3)", fields=STATUS),
}
QEMU = {"x86_64": X86, "aarch64": ARM, "riscv64": RISCV}

EXIT0 = "say=SUCCESS|Solo5:+solo5_exit(0)+called|"
SOLO5_BOTH = {
    "the truth": Lie("say=SUCCESS| exit=0", "exited(0)", "passed"),
    "an exit that was none": Lie(f"{EXIT0} exit=1", "exited(1)"),
    "256": Lie("say=SUCCESS| exit=256", "exited(256)"),
    "512 after text": Lie("say=SUCCESS exit=512", "exited(512)"),
    "skipped": Lie("say=SUCCESS| exit=333", "exited(333)", fields={"exit_codes": {"77": "skipped"}}),
    "less than nothing": Lie("say=SUCCESS| exit=-1", "exited(255)"),
    "139": Lie("say=SUCCESS| exit=139", "exited(139)"),
}
SPT = {
    **SOLO5_BOTH,
    "an exit, then an abort": Lie(f"{EXIT0} abort", "aborted"),
    "an exit, then a trap": Lie(f"{EXIT0} trap", "crashed(SIGILL)"),
    "an exit, then a fault": Lie(f"{EXIT0} page", "crashed(SIGSEGV)"),
    "an abort that was none": Lie("say=Solo5:+ABORT:+x| exit=3", "exited(3)"),
    "a port of QEMU's": Lie("say=SUCCESS| out=0", "crashed(SIGSEGV)"),
    "much of it": Lie("many=20000 exit=1", "exited(1)"),
    "quiet, 1": Lie(f"--solo5:quiet {EXIT0} exit=1", "exited(1)"),
}
CONTRADICTED = {
    "an exit that was none": Lie(f"{EXIT0} exit=1", "exited(1)", "contradicted"),
    "an exit, then an abort": Lie(f"{EXIT0} abort", "aborted", "contradicted"),
    "an exit, then a trap": Lie(f"{EXIT0} trap", "crashed(#UD)", "contradicted"),
    "an exit, then a fault": Lie(f"{EXIT0} page", "crashed(#PF)", "contradicted"),
    "a failure, then an exit": Lie("say=xSolo5:+ABORT:+x| exit=0", "exited(0)", "contradicted"),
    "success by the device": Lie(f"{EXIT0} out=0", "exited(unknown)", "contradicted"),
}
VIRTIO = {
    **SOLO5_BOTH,
    **CONTRADICTED,
    "a failure by the device": Lie(f"{EXIT0} out=1 exit=0", "exited(1)"),
    "the bindings' value and 2^7": Lie(f"{EXIT0} out=169", "exited(169)"),
    "a triple fault": Lie(f"{EXIT0} triple", "crashed(reset)"),
    "the bindings' end without their words": Lie("say=SUCCESS| out=41", "exited(unknown)", "contradicted"),
    "words, escape codes and NULs": Lie(
        "say=^[32mSolo5:+solo5_^[0mexit(1)+~called|SUCCESS| exit=0", "exited(0)", "contradicted"
    ),
    "an abort, then silence": Lie("say=SUCCESS| abort", "aborted"),
    "quiet, 0": Lie("--solo5:quiet say=SUCCESS| exit=0", "exited(unknown)", "contradicted", quiet=True),
    "quiet, 1": Lie(f"--solo5:quiet {EXIT0} exit=1", "exited(unknown)", "contradicted", quiet=True),
    "quiet, 256": Lie(f"--solo5:error {EXIT0} exit=256", "exited(unknown)", "contradicted", quiet=True),
    "quiet, a trap": Lie(f"--solo5:quiet {EXIT0} trap", "crashed(trap)", quiet=True),
}


def booted(backend: str, lie: Lie, boot: Boot) -> tuple[str, str]:
    """Outcome and verdict of one boot, its outputs read as in a run."""
    options: dict[str, object] = {"options": lie.options} | ({"quiet": True} if lie.quiet else {})
    runner = plugins.make_runner(backend, options, ROOT / "docs")
    done = subprocess.run(
        runner.launch(boot).argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
    sieve = Sieve(runner.noise)
    by_signal = signal.Signals(-done.returncode).name if done.returncode < 0 else ""
    ending = Ending(
        status=None if by_signal else done.returncode,
        signal=by_signal,
        console=texts.clean(done.stdout),
        tender=texts.clean(sieve.sift(done.stderr) + sieve.rest()),
        arch=boot.arch,
    )
    judged = verdict.judge(TestFields.model_validate(lie.fields), runner, ending)
    return str(judged.outcome), judged.verdict


def wanted(lies: dict[str, Lie]) -> dict[str, tuple[str, str]]:
    return {name: (lie.outcome, lie.verdict) for name, lie in lies.items()}


@pytest.mark.qemu
@pytest.mark.parametrize("arch", QEMU)
def test_no_lie_of_a_bare_guest_passes(arch: str, tmp_path: Path) -> None:
    def told(name: str, lie: Lie) -> tuple[str, str]:
        assert isinstance(lie.guest, bytes)
        file = tmp_path / f"{list(QEMU[arch]).index(name)}.elf"
        file.write_bytes(lie.guest)
        return booted("qemu", lie, Boot(arch, f"qemu-system-{arch}", str(file), accel="tcg"))

    lies = QEMU[arch]
    with ThreadPoolExecutor(2) as threads:
        assert dict(zip(lies, threads.map(told, lies, lies.values()), strict=True)) == wanted(lies)


@pytest.fixture(scope="module")
def liar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of liar.spt and liar.virtio."""
    return solo5.make(tmp_path_factory.mktemp("liar"), Path(__file__).with_name("liar.c"))


@pytest.mark.solo5
@pytest.mark.parametrize(("backend", "lies"), [("spt", SPT), ("virtio", VIRTIO)], ids=["spt", "virtio"])
def test_no_lie_of_a_solo5_guest_passes(backend: str, lies: dict[str, Lie], liar: Path) -> None:
    def told(lie: Lie) -> tuple[str, str]:
        assert isinstance(lie.guest, str)
        program = "solo5-spt" if backend == "spt" else "qemu-system-x86_64"
        boot = Boot("x86_64", program, str(liar / f"liar.{backend}"), tuple(lie.guest.split()), accel="tcg")
        return booted(f"solo5-{backend}", lie, boot)

    with ThreadPoolExecutor(2) as threads:
        assert dict(zip(lies, threads.map(told, lies.values()), strict=True)) == wanted(lies)
