"""How a Unikraft guest ended: read off its kernel's messages, and what the VMM tells of the machine's end.

Facts from Unikraft 0.17: lib/ukboot/boot.c, lib/nolibc/stdlib.c, lib/ukdebug/print.c, include/uk/plat/bootstrap.h,
plat/*/shutdown.c, plat/common/. A unikernel is its own kernel: what decides is the VMM's word where it has one, and
where it has none, that the messages fit together.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from bootmatrix.model import Outcome, OutcomeKind

from . import _unikraft_console
from ._unikraft_console import A_CRASH, Console, Crash

INFO = "build it with CONFIG_LIBUKDEBUG_PRINTK_INFO=y, so that its console tells what main returned"
# Of ukplat_terminate, which an `exit(N)` of nolibc hands its status to.
HALT, RESTART, CRASHES = 0, 1, frozenset({2, 3})
PANIC = (r"CRIT: [^\n]{0,120}(?:\bbase is 0x[0-9a-f]+ caller is|Couldn't (?:shutdown|reset) system, HALT!)",)
"""Of a stack that overflowed, x86_64 prints the frames without end; arm64 says that it cannot power itself off."""
WAY_OUT = {"": "does main return, and does no other thread of the guest keep it from halting?"}


class Told(StrEnum):
    """What the VMM knows of the machine's end: that the guest crashed, that it asked for a restart (or fell into one,
    by a triple fault), that it did neither (`off`), or no more than that it is over (`ended`).
    """

    CRASHED = "crashed"
    RESTARTED = "restarted"
    OFF = "off"
    ENDED = "ended"


def outcome(console: str, told: Told, how: str, *, others_crash: bool = False) -> Outcome:
    """What the guest did. `console` is the guest's alone, as an Ending has it; `how` is the VMM's evidence;
    `others_crash`: to this VMM an `exit(N)` of all but 0 and 1 is a crash.

    A crash before main is `panicked`, so that no test takes it for the crash that it expects.
    """
    seen = _unikraft_console.read(console)
    if told == Told.CRASHED and not _asks_for_a_crash(seen.left, others_crash=others_crash):
        return _crashed(seen, seen.crash or Crash(OutcomeKind.CRASHED, "", seen.evidence), how)
    if told == Told.RESTARTED and seen.left != RESTART:
        return _crashed(seen, seen.crash or Crash(OutcomeKind.CRASHED, "reset", seen.evidence), how)
    if told == Told.OFF and seen.crash:
        what = f"the console ends in a crash, {seen.crash.evidence}, of which the VMM was not told"
        return Outcome(OutcomeKind.EXITED, "unknown", how, disputed=what)
    if seen.crash:
        return _doubted(_crashed(seen, seen.crash, how), seen)
    if seen.code is not None:
        said = Outcome(OutcomeKind.EXITED, str(seen.code), f"{seen.evidence}, {how}", f"the guest's status {seen.code}")
        return _doubted(said, seen)
    return _untold(seen, how)


def _asks_for_a_crash(left: int | None, *, others_crash: bool) -> bool:
    """Whether a kernel that was left by this status tells the VMM of a crash, though there was none."""
    return left in CRASHES or (others_crash and left not in {None, HALT, RESTART})


def _crashed(seen: Console, crash: Crash, how: str) -> Outcome:
    evidence = ", ".join(filter(None, (crash.evidence, how)))
    if seen.entered:
        return Outcome(crash.kind, crash.detail, evidence)
    return Outcome(OutcomeKind.PANICKED, f"before main: {seen.failed_init or crash.detail or crash.kind}", evidence)


def _doubted(said: Outcome, seen: Console) -> Outcome:
    """The outcome that the console alone tells, disputed where it tells another one, too. A kernel may crash while it
    halts, after main has returned.
    """
    fits = (str(said),) if said.kind == OutcomeKind.EXITED else (A_CRASH, *(each for each in seen.told if "(" in each))
    others = [each for each in seen.told if each not in fits]
    return replace(said, disputed=f"the console reports both {said} and {others[0]}") if others else said


def _untold(seen: Console, how: str) -> Outcome:
    """Of a machine that is over without a crash that anybody saw, and without a word of main's end."""
    unknown = Outcome(OutcomeKind.EXITED, "unknown", how)
    if seen.failed_init or (seen.informs and not seen.entered):
        why = seen.failed_init or "it ended without a word"
        return Outcome(OutcomeKind.PANICKED, f"before main: {why}", f"{seen.evidence}, {how}" if seen.evidence else how)
    if seen.told:
        return replace(unknown, disputed=f"the console reports {seen.told[-1]}, and then goes on")
    if not seen.informs:
        return replace(unknown, evidence=f"{how}, and the kernel does not tell more: {INFO}")
    if seen.halts:
        return replace(unknown, evidence=f"{how}, after its kernel was asked to halt")
    what = "its kernel halted, but main neither returned nor called exit; ukplat_crash() and ukplat_restart() look so"
    return replace(unknown, disputed=what)
