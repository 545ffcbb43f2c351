"""What the script that runs a job says among the job's own words, and what the status is that it tells."""

from __future__ import annotations

from hypothesis import given, strategies as st

from bootmatrix.places.place import Exit
from bootmatrix.places.remote.process import Told, exit_of

WORD = "0123456789abcdef"
PARTS = st.lists(
    st.sampled_from([b"x", b"line\n", b"0x", WORD[:7].encode() + b"x", WORD[1:].encode() + b"x"]), max_size=8
)


@given(PARTS, PARTS, st.integers(1, 40))
def test_its_words_are_found_wherever_they_are_cut(before: list[bytes], after: list[bytes], size: int) -> None:
    first, second = b"".join(before), b"".join(after)
    whole = first + f"{WORD} begun\n".encode() + second + f"{WORD} ended 3\n".encode()
    told = Told(WORD)
    own = b"".join(told.sift(whole[at : at + size]) for at in range(0, len(whole), size)) + told.rest()
    assert told.words == ["begun", "ended 3"]
    assert own == first + second


def test_the_own_words_of_a_job_are_not_held_back_for_long() -> None:
    told = Told(WORD)
    assert told.sift(b"a line\n0123") == b"a line\n"
    assert told.sift(b"x") == b"0123x"
    assert told.sift(b"more 01234") == b"more "
    assert told.rest() == b"01234"


def test_a_status_of_awk_tells_a_signal_and_one_of_a_shell_is_the_nearest_guess() -> None:
    assert exit_of(137, 1.0, telling=True) == Exit(137)
    assert exit_of(265, 1.0, telling=True) == Exit(None, "SIGKILL")
    assert exit_of(523, 1.0, telling=True) == Exit(None, "SIGSEGV")
    assert exit_of(137, 1.0, telling=False) == Exit(None, "SIGKILL")
    assert exit_of(255, 1.0, telling=False) == Exit(255)
    assert exit_of(3, 1.0, telling=False) == Exit(3)
