"""A fake process has its output ready, a fake clock jumps: no test waits."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.place import CONSOLE, END, TENDER, Exit, Process
from bootmatrix.places.strain import Strain
from bootmatrix.texts import LAST, Record, clean
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.stop import StopKind
from bootmatrix.watching.watch import TENDER_LIMIT, Watched, watch
from bootmatrix.watching.witnesses.relay import Relay

if TYPE_CHECKING:
    from bootmatrix.places.usage import Sample

BEGUN = 1000.0
STATUS = r"EXIT: STATUS=(\d+)"


class FakeProcess(Process):
    """All its output is there at once, and what is not does not come: only the fake clock goes on."""

    def __init__(self, *chunks: tuple[str, bytes], ends: bool = True) -> None:
        self.killed = threading.Event()
        self.begun = BEGUN
        self.chunks = deque([*chunks, *([(END, b"")] if ends else [])])

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        assert seconds >= 0
        return self.chunks.popleft() if self.chunks else None

    def kill(self) -> None:
        self.killed.set()

    def wait(self) -> Exit:
        assert not self.chunks
        return Exit(0)

    def samples(self) -> list[Sample]:
        return []

    def strain(self) -> Strain | None:
        assert not self.killed.is_set()
        return Strain(0.5, 9.5)


class Lost(FakeProcess):
    """Its place lost it."""

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        if item := super().read(seconds):
            return item
        raise InfrastructureError("the engine went away")


@dataclass
class Clock:
    """Each look at it takes `step` seconds."""

    step: float = 0.0
    now: float = BEGUN

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def watched(process: Process, limits: Limits, step: float = 0.0, stop: threading.Event | None = None) -> Watched:
    return watch(process, limits, stop or threading.Event(), clock=Clock(step))


def out(data: bytes) -> tuple[str, bytes]:
    return CONSOLE, data


def test_a_process_that_ends_tells_its_exit_and_all_its_output() -> None:
    seen = watched(FakeProcess(out(b"a"), (TENDER, b"b"), out(b"c")), Limits(10, 10))
    assert (seen.exit, seen.stopped, seen.console.raw(), seen.tender.raw()) == (Exit(0), "", b"ac", b"b")


def test_a_boot_counts_from_its_beginning_however_late_it_is_watched() -> None:
    late = FakeProcess()
    late.begun -= 5
    assert watched(late, Limits(10, 10)).seconds == 5.0


def test_a_place_that_measures_itself_is_believed() -> None:
    class Measured(FakeProcess):
        def wait(self) -> Exit:
            return Exit(0, seconds=0.25)

    assert watched(Measured(), Limits(10, 10), step=1).seconds == 0.25


def test_the_console_is_handed_on_as_it_comes() -> None:
    chunks: list[bytes] = []
    watch(
        FakeProcess(out(b"a"), (TENDER, b"b"), out(b"c")),
        Limits(10, 10),
        threading.Event(),
        also=[Relay(chunks.append)],
        clock=Clock(),
    )
    assert chunks == [b"a", b"c"]


def test_a_silent_process_is_ended_at_the_time_out() -> None:
    process = FakeProcess(ends=False)
    seen = watched(process, Limits(30, 10), step=1)
    assert (seen.exit, seen.stopped, seen.stood) == (None, "no end within 30 s", 0.0)
    assert process.killed.is_set()


def test_an_end_that_came_before_the_time_out_counts_however_late_it_is_read() -> None:
    seen = watched(FakeProcess(out(b"a")), Limits(1, 10), step=60)
    assert (seen.exit, seen.stopped) == (Exit(0), "")


def test_output_without_end_does_not_put_the_time_out_off() -> None:
    class Endless(FakeProcess):
        def read(self, seconds: float) -> tuple[str, bytes]:
            del seconds
            return TENDER, b"."

    seen = watched(Endless(), Limits(1, 10), step=0.01)
    assert seen.stopped == "no end within 1.00 s"


def test_only_console_bytes_put_the_idle_time_out_off() -> None:
    talking = FakeProcess(*[(TENDER, b"x")] * 20, ends=False)
    assert watched(talking, Limits(1000, 100, idle=5), step=1).stopped == "no console byte for 5.00 s"


def test_a_talking_guest_is_not_idle() -> None:
    talking = FakeProcess(*[out(b"x")] * 20)
    assert watched(talking, Limits(1000, 100, idle=5), step=1).exit == Exit(0)


@pytest.mark.parametrize("ends", [True, False])
def test_a_console_beyond_its_limit_ends_the_boot_even_in_the_chunk_of_success(ends: bool) -> None:
    seen = watched(FakeProcess(out(b"SUCCESS" + b"x" * 100), ends=ends), Limits(10, 50))
    assert (seen.exit, seen.stopped) == (None, "the console is longer than 50 B")


def test_a_console_at_its_limit_is_whole() -> None:
    assert watched(FakeProcess(out(b"x" * 50)), Limits(10, 50)).exit == Exit(0)


def test_a_tender_may_say_more_than_is_kept() -> None:
    seen = watched(FakeProcess((TENDER, b"first" + b"x" * (2 * TENDER_LIMIT)), (TENDER, b"last")), Limits(10, 50))
    said = seen.tender.raw()
    assert said.startswith(b"first")
    assert said.endswith(b"last")
    assert b"bytes are left out here" in said
    assert len(said) < TENDER_LIMIT + LAST + 100


def test_an_interruption_ends_the_process_before_anything_else() -> None:
    stop = threading.Event()
    stop.set()
    process = FakeProcess(out(b"x" * 100))
    seen = watched(process, Limits(10, 50), stop=stop)
    assert (seen.exit, seen.stopped) == (None, "interrupted")
    assert process.killed.is_set()


def test_a_process_that_closes_its_output_and_runs_on_meets_the_time_out() -> None:
    assert watched(FakeProcess(ends=False), Limits(30, 10), step=1).stopped == "no end within 30 s"


def test_a_process_that_closes_its_output_can_be_interrupted() -> None:
    stop = threading.Event()
    process = FakeProcess(out(b"x"), ends=False)
    seen = watch(process, Limits(30, 10), stop, also=[Relay(lambda _chunk: stop.set())], clock=Clock())
    assert seen.stopped == "interrupted"


def test_the_strain_is_looked_at_before_the_end_that_we_make_and_only_then() -> None:
    assert watched(FakeProcess(ends=False), Limits(30, 10), step=1).findings.strain == Strain(0.5, 9.5)
    assert watched(FakeProcess(), Limits(30, 10)).findings.strain is None


class Frozen(FakeProcess):
    """We stand still for 100 s while it is read for the third time; it ends after `looks` more."""

    def __init__(self, clock: Clock, looks: int) -> None:
        super().__init__(out(b"EXIT: STATUS=1\n"), ends=False)
        self.clock, self.looks, self.reads = clock, looks, 0

    def read(self, seconds: float) -> tuple[str, bytes] | None:
        self.clock.now += seconds
        self.reads += 1
        if self.reads == 3:
            self.clock.now += 100
        return (END, b"") if self.reads > 3 + self.looks else super().read(seconds)


WAYS_TO_BE_LATE = [Limits(5, 100), Limits(1000, 100, idle=5), Limits(1000, 100, exit_pattern=STATUS)]


@pytest.mark.parametrize("limits", WAYS_TO_BE_LATE)
def test_time_in_which_we_stood_still_counts_against_no_limit(limits: Limits) -> None:
    clock = Clock()
    seen = watch(Frozen(clock, 10), limits, threading.Event(), clock=clock)
    assert (seen.exit, seen.stopped, seen.is_for(StopKind.STATUS_TOLD)) == (Exit(0), "", False)
    assert seen.stood == pytest.approx(100)
    assert seen.seconds == pytest.approx(101.4)


@pytest.mark.parametrize("limits", WAYS_TO_BE_LATE)
def test_after_it_the_limits_hold(limits: Limits) -> None:
    clock = Clock()
    seen = watch(Frozen(clock, 1000), limits, threading.Event(), clock=clock)
    assert seen.exit is None
    assert 102 < seen.seconds < 106


def test_a_silent_guest_is_looked_at_ten_times_a_second() -> None:
    clock = Clock()
    silent = Frozen(clock, 1000)
    assert watch(silent, Limits(20, 100), threading.Event(), clock=clock).stopped == "no end within 20 s"
    assert silent.reads <= 203


def test_a_terminal_that_takes_no_output_counts_against_no_limit() -> None:
    clock = Clock()

    def stuck(_chunk: bytes) -> None:
        clock.now += 3600

    seen = watch(FakeProcess(out(b"a"), out(b"b")), Limits(5, 10), threading.Event(), also=[Relay(stuck)], clock=clock)
    assert (seen.exit, seen.stood) == (Exit(0), 7200)


def test_a_place_that_loses_a_process_is_an_infrastructure_error() -> None:
    with pytest.raises(InfrastructureError, match="engine went away"):
        watched(Lost(ends=False), Limits(30, 10))


@pytest.mark.parametrize(
    ("chunks", "told"),
    [
        ([b"EXIT: STATUS=1\n"], True),
        ([b"EXIT: STA", b"TUS=1\r", b"\n"], True),
        ([bytes([byte]) for byte in b"EXIT: \x1b[1mSTATUS=1"], True),
        ([b"EXIT: STATUS=1 bye\n\n"], True),
        ([b"EXIT: STATUS=1\n", b"more work\n"], False),
        ([b"EXIT: STATUS=1\nmore work\n"], False),
        ([b"no status\n"], False),
        ([b"EXIT: STATUS=1\n" + b" " * 5000], False),
    ],
)
def test_a_status_line_tells_the_end_if_it_is_the_last(chunks: list[bytes], told: bool) -> None:
    process = FakeProcess(*map(out, chunks), ends=False)
    seen = watched(process, Limits(1000, 10_000, exit_pattern=STATUS), step=0.5)
    assert (seen.is_for(StopKind.STATUS_TOLD), seen.stopped) == (told, "" if told else "no end within 16 min 40 s")


def test_an_idle_time_out_that_is_shorter_than_the_grace_does_not_hide_the_status() -> None:
    seen = watched(FakeProcess(out(b"EXIT: STATUS=1"), ends=False), Limits(60, 100, 2, exit_pattern=STATUS), step=0.5)
    assert seen.is_for(StopKind.STATUS_TOLD)


def test_a_guest_that_told_its_status_and_ends_is_told_by_its_end() -> None:
    seen = watched(FakeProcess(out(b"EXIT: STATUS=1\n")), Limits(10, 100, exit_pattern=STATUS), step=5)
    assert (seen.is_for(StopKind.STATUS_TOLD), seen.exit) == (False, Exit(0))


PANIC = b"[    0.412345] Kernel panic - not syncing: no init\n"
TRACE = b"[    0.412346] CPU: 0 PID: 1 Comm: init\n[    0.412347]  dump_stack+0x1a/0x30\n"


@pytest.mark.parametrize(
    ("chunks", "seconds"),
    [
        ([PANIC], 1),
        ([PANIC[:20], PANIC[20:], TRACE], 1),
        ([b"boot\n", PANIC, TRACE, b"---[ end Kernel panic ]---\n"], 1),
        ([b"testing the Kernel panic handler\n"], 3),
    ],
)
def test_a_guest_that_ends_in_a_panic_is_ended_a_moment_later(chunks: list[bytes], seconds: float) -> None:
    process = FakeProcess(*map(out, chunks), ends=False)
    seen = watched(process, Limits(1000, 10_000, panic=("Kernel panic",)), step=0.01)
    assert (seen.is_for(StopKind.PANIC), seen.stopped, seen.exit, seen.late) == (True, "", None, False)
    assert seconds <= seen.seconds < seconds + 1
    assert process.killed.is_set()


@pytest.mark.parametrize(
    "chunks",
    [
        [PANIC, b"caught it\n"],
        [PANIC, TRACE, b"ok 1 - Kernel panic\n"],
        [b"ok 1 - Kernel panic\n"],
        [b"# Kernel panic\n"],
        [b"no such line\n"],
    ],
)
def test_a_guest_that_goes_on_after_a_panic_is_not_cut_short(chunks: list[bytes]) -> None:
    process = FakeProcess(*map(out, chunks), ends=False)
    seen = watched(process, Limits(100, 10_000, panic=("Kernel panic",)), step=0.05)
    assert (seen.is_for(StopKind.PANIC), seen.stopped) == (False, "no end within 1 min 40 s")


def test_a_panic_is_told_by_its_end_where_the_guest_ends() -> None:
    seen = watched(FakeProcess(out(PANIC)), Limits(10, 100, panic=("Kernel panic",)), step=5)
    assert (seen.is_for(StopKind.PANIC), seen.exit) == (False, Exit(0))


@pytest.mark.parametrize(("timeout", "idle"), [(0.5, None), (9, 0.5)])
def test_a_panic_is_one_however_short_the_limits_are(timeout: float, idle: float | None) -> None:
    limits = Limits(timeout, 1000, idle, panic=("Kernel panic",))
    seen = watched(FakeProcess(out(PANIC), ends=False), limits, step=0.01)
    assert (seen.is_for(StopKind.PANIC), seen.stopped) == (True, "")
    assert seen.seconds < 1


def test_a_trace_without_end_is_an_end() -> None:
    class Endless(FakeProcess):
        def read(self, seconds: float) -> tuple[str, bytes]:
            del seconds
            return CONSOLE, PANIC

    seen = watched(Endless(), Limits(1000, 10_000_000, panic=("Kernel panic",)), step=0.01)
    assert (seen.is_for(StopKind.PANIC), seen.exit) == (True, None)
    assert 3 <= seen.seconds < 6


def test_time_in_which_we_stood_still_is_no_silence_after_a_panic() -> None:
    clock = Clock()

    def stuck(_chunk: bytes) -> None:
        clock.now += 3600

    process = FakeProcess(out(PANIC), out(b"caught it\n"))
    limits = Limits(5, 1000, panic=("Kernel panic",))
    seen = watch(process, limits, threading.Event(), also=[Relay(stuck)], clock=clock)
    assert (seen.exit, seen.is_for(StopKind.PANIC)) == (Exit(0), False)


def test_a_record_keeps_the_first_and_the_last_bytes() -> None:
    record = Record(4)
    for chunk in (b"ab", b"cdef", b"x" * (2 * LAST), b"yz"):
        record.add(chunk)
    raw = record.raw()
    assert raw.startswith(b"abcd\n[bootmatrix: ")
    assert raw.endswith(b"xyz")
    assert record.total == 8 + 2 * LAST


@pytest.mark.parametrize("byte", range(256))
def test_every_byte_is_cleaned_to_text(byte: int) -> None:
    text = clean(bytes([65, byte, 66]))
    assert text[0] == "A" or byte == 0x7F
    assert text.isprintable() or byte in {9, 10, 13}
    assert len(text) <= 3


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\r\nb\rc\nd", "a\nb\nc\nd"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b[38;5;196mred\x1b[K", "red"),
        (b"\x1b]0;title\x07x", "x"),
        (b"\x1b]8;;http://a\x1b\\x", "x"),
        (b"\x1b(Bx\x1bcx\x1b7x\x1b=x", "xxxx"),
        (b"\x1b]never closed\nnot ok 1\n\x07", "never closed\nnot ok 1\n"),
        (b"\x1b[\nnot ok 1", "\nnot ok 1"),
        (b"\x1b", ""),
        (b"x\x1b[", "x"),
        ("naïve".encode(), "naïve"),
        (b"\xc3(", "�("),
        (b"\xed\xa0\x80", "���"),
    ],
)
def test_what_a_terminal_does_not_show_is_removed_and_no_line_with_it(raw: bytes, text: str) -> None:
    assert clean(raw) == text


@pytest.mark.parametrize("cut", range(1, 12))
def test_an_escape_code_may_be_split_between_chunks(cut: int) -> None:
    whole = b"\x1b[1;31mFAIL\x1b[0m"
    seen = watched(FakeProcess(out(whole[:cut]), out(whole[cut:])), Limits(10, 100))
    assert clean(seen.console.raw()) == "FAIL"


@pytest.mark.parametrize("unit", [b"\x1b[", b"\x1b]", b"\x1b[0;", b"\x1b ", b"\x1b]a\x1b", b"\r", b"\xff", b" "])
def test_a_hostile_console_is_cleaned_in_linear_time(unit: bytes) -> None:
    assert len(clean(unit * 300_000)) <= 1_200_000


def test_the_chunk_borders_change_nothing() -> None:
    data = bytes(range(256)) * 2
    whole = watched(FakeProcess(out(data)), Limits(10, 1000)).console.raw()
    for size in (1 << 4, 1 << 5):
        chunks = [
            "".join(map(chr, part)).encode("latin-1")
            for part in [data[at : at + size] for at in range(0, len(data), size)]
        ]
        assert watched(FakeProcess(*map(out, chunks)), Limits(10, 1000)).console.raw() == whole
