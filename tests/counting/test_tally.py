"""What the counter tells is added up by function, and what else a tender prints is not."""

from __future__ import annotations

import csv
import io

from bootmatrix.counting.program import Function, Program, Segment
from bootmatrix.counting.tables import TABLE
from bootmatrix.counting.tally import Tally
from bootmatrix.places.place import CONSOLE, TENDER

GUEST = Program(
    (Segment(0x1000, 0x9000, 0x100),), (Function(0x1000, 0x1010, "a", "a.c", 3), Function(0x1010, 0x1020, "b"))
)


def rows(table: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode())))[1:]


def test_each_instruction_counts_for_its_function() -> None:
    tally = Tally(GUEST)
    tally.saw(TENDER, b"noise\ncount 100c 2222 10\ncount 9000 44 5\ncou")
    tally.saw(TENDER, b"nt 1040 1 7\ncount more 3\ncount end\n")
    assert (tally.total, tally.end) == (4 * 10 + 2 * 5 + 7 + 3, "end")
    told = [
        ["a", "a.c", "30"],
        ["b", "", "20"],
        ["(in no function)", "", "7"],
        ["(more code than is told apart)", "", "3"],
    ]
    assert rows(tally.functions()) == told
    assert rows(tally.coverage()) == [["a", "a.c", "3", "1"], ["b", "", "0", "1"]]


def test_what_the_guest_prints_counts_for_nothing() -> None:
    tally = Tally(GUEST)
    tally.saw(CONSOLE, b"count 1000 4 99\ncount end\n")
    assert (tally.total, tally.end, tally.functions()) == (0, "", b"function,file,instructions\n")


def test_other_lines_are_none_of_ours() -> None:
    tally = Tally(GUEST)
    for line in (b"count 1000 4", b"count 10000000000000000 4 1", b"count 1000 g 1", b" count end", b"count ends", b""):
        tally.saw(TENDER, line + b"\n")
    tally.saw(TENDER, b"x" * 5000)
    tally.saw(TENDER, b"count end\ncount ready\n")
    assert (tally.total, tally.end) == (0, "ready")


def test_a_table_is_bounded_and_says_how_much_more_there_is() -> None:
    many = 40_000
    functions = tuple(Function(at * 16, at * 16 + 16, f"{at:0150}") for at in range(many))
    table = Tally(Program((), functions)).coverage()
    last = rows(table)[-1][0]
    assert TABLE - 5000 < len(table) < TABLE
    assert last == f"({many - len(rows(table)) + 1} more)"
