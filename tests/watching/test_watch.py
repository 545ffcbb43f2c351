"""A process is followed to its end, or ended at a limit, and never is the second told as the first."""

from __future__ import annotations

import threading

import pytest
from watching.fakes import Clock, FakeProcess, Lost, out, watched

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.place import TENDER, Exit
from bootmatrix.places.strain import Strain
from bootmatrix.texts import LAST, clean
from bootmatrix.watching.limits import Limits
from bootmatrix.watching.watch import TENDER_LIMIT, watch
from bootmatrix.watching.witness import Moment, Witness
from bootmatrix.watching.witnesses.relay import Relay


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
    assert watched(talking, Limits(1000, 100, idle=5), step=1).stopped == "no console output for 5.00 s"


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


def test_a_place_that_loses_a_process_is_an_infrastructure_error() -> None:
    with pytest.raises(InfrastructureError, match="engine went away"):
        watched(Lost(ends=False), Limits(30, 10))


def test_what_a_witness_has_begun_is_ended_where_watching_fails() -> None:
    class Begun(Witness):
        ended_by: str = ""

        def abandoned(self) -> None:
            self.ended_by = "abandoned"

    class Failing(Witness):
        def tick(self, moment: Moment) -> None:
            raise InfrastructureError(f"the engine went away at {moment.now}")

    for process, other in ((Lost(ends=False), Witness()), (FakeProcess(ends=False), Failing())):
        begun = Begun()
        with pytest.raises(InfrastructureError, match="engine went away"):
            watch(process, Limits(30, 10), threading.Event(), also=[begun, other], clock=Clock())
        assert begun.ended_by == "abandoned"


@pytest.mark.parametrize("cut", range(1, 12))
def test_an_escape_code_may_be_split_between_chunks(cut: int) -> None:
    whole = b"\x1b[1;31mFAIL\x1b[0m"
    seen = watched(FakeProcess(out(whole[:cut]), out(whole[cut:])), Limits(10, 100))
    assert clean(seen.console.raw()) == "FAIL"


def test_the_chunk_borders_change_nothing() -> None:
    data = bytes(range(256)) * 2
    whole = watched(FakeProcess(out(data)), Limits(10, 1000)).console.raw()
    for size in (1 << 4, 1 << 5):
        chunks = [
            "".join(map(chr, part)).encode("latin-1")
            for part in [data[at : at + size] for at in range(0, len(data), size)]
        ]
        assert watched(FakeProcess(*map(out, chunks)), Limits(10, 1000)).console.raw() == whole
