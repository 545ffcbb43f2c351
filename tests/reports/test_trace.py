"""The timeline of a run: valid JSON that nests, on the tracks of the threads that did it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from reports.examples import EVIL, attempt, report, result, run

from bootmatrix.model import Phase, PhaseName
from bootmatrix.runs.journal import FILE

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Result, Run

BEGUN = {"time": "2026-11-23T23:06:15.123+00:00", "monotonic": 50.0, "event": "run started", "thread": "MainThread"}
BROKEN_DOWN = (
    Phase(PhaseName.FIRMWARE, 0.02),
    Phase(PhaseName.ENTRY, 0.1),
    Phase(PhaseName.FIRST_BYTE, 0.1),
    Phase(PhaseName.END, 0.125),
)


def told(at: float, event: str, thread: str = "worker 0", **more: Any) -> dict[str, Any]:
    return {"time": BEGUN["time"], "monotonic": 50.0 + at, "event": event, "thread": thread, **more}


def tried(at: float, of: Result, number: int = 1, thread: str = "worker 0") -> dict[str, Any]:
    return told(at, "attempt finished", thread, boot=of.id, number=number)


def traced(made: Run, folder: Path, *journal: dict[str, Any]) -> list[dict[str, Any]]:
    (folder / FILE).write_text("".join(f"{json.dumps(each)}\n" for each in journal))
    report("trace").write(made, folder, folder / "trace.json")
    found: list[dict[str, Any]] = json.loads((folder / "trace.json").read_text())["traceEvents"]
    return found


def slices(events: list[dict[str, Any]]) -> list[tuple[str, str, int, int]]:
    """Track, name, begin and length of each."""
    tracks = {each["tid"]: each["args"]["name"] for each in events if each["name"] == "thread_name"}
    return [(tracks[each["tid"]], each["name"], each["ts"], each["dur"]) for each in events if each["ph"] == "X"]


def test_each_boot_lies_on_the_track_of_its_worker_with_its_phases_in_it(tmp_path: Path) -> None:
    one = result(attempts=(attempt(1, "passed", phases=BROKEN_DOWN),), test="one")
    two = result("flaky", test="two")
    found = traced(
        run(one, two),
        tmp_path,
        BEGUN,
        told(3.0, "image finished", image="debian-12", seconds=2.5),
        tried(3.5, one),
        tried(4.0, two, 1, "worker 1"),
        tried(5.0, two, 2),
    )
    assert slices(found) == [
        ("worker 0", "image debian-12", 500_000, 2_500_000),
        ("worker 0", one.id, 3_375_000, 125_000),
        ("worker 0", "starting", 3_375_000, 20_000),
        ("worker 0", "firmware", 3_395_000, 80_000),
        ("worker 0", "printing", 3_475_000, 25_000),
        ("worker 1", two.id, 3_875_000, 125_000),
        ("worker 0", f"{two.id} (attempt 2)", 4_750_000, 250_000),
    ]
    (failed,) = (each["args"] for each in found if each["name"] == two.id)
    assert (failed["verdict"], failed["reason"]) == ("failed", "exited(1) instead of exited(0)")


def test_all_boots_of_a_pair_lie_on_their_track_though_only_the_last_is_told_in_full(tmp_path: Path) -> None:
    """The results have the last boot of each; between others the worker did not stand still."""
    one = result(attempts=(attempt(1, "passed"),), test="one")
    journal = [tried(at, one) | {"seconds": 0.5, "verdict": "passed"} for at in (1.0, 2.0)]
    spoilt = tried(2.5, one) | {"seconds": "nan"}
    found = traced(run(one), tmp_path, BEGUN, *journal, spoilt, tried(3.0, one))
    assert sorted(at for _, name, at, _ in slices(found) if name == one.id) == [500_000, 1_500_000, 2_875_000]
    boots = [each for each in found if each["ph"] == "X"]
    assert {each["args"]["verdict"] for each in boots} == {"passed"}
    assert {each["dur"] for each in boots} == {500_000, 125_000}


def test_a_run_that_was_resumed_after_the_host_was_started_anew_goes_on(tmp_path: Path) -> None:
    one, two = result(test="one"), result(test="two")
    resumed = {**BEGUN, "event": "run resumed", "time": "2026-11-23T23:07:15.123+00:00", "monotonic": 3.0}
    found = traced(run(one, two), tmp_path, BEGUN, tried(1.0, one), resumed, {**tried(0, two), "monotonic": 4.0})
    assert [(name, at) for _, name, at, _ in slices(found)] == [(one.id, 875_000), (two.id, 60_875_000)]
    assert [(each["name"], each["ts"]) for each in found if each["ph"] == "i"] == [
        ("run started", 0),
        ("run resumed", 60_000_000),
    ]


def test_without_a_journal_and_of_guests_beside_each_other_boots_begin_and_end_in_pairs(tmp_path: Path) -> None:
    begun = "2026-11-23T23:06:16.123Z"
    guests = {name: attempt(1, "passed", started=begun, phases=BROKEN_DOWN) for name in ("server", "client")}
    made = result(attempts=(attempt(1, "passed", started=begun, guests=guests),))
    report("trace").write(run(made), tmp_path, tmp_path / "trace.json")
    pairs: dict[int, list[tuple[str, str, int]]] = {}
    for each in json.loads((tmp_path / "trace.json").read_text())["traceEvents"]:
        if each["ph"] in {"b", "e"}:
            pairs.setdefault(each["id"], []).append((each["ph"], each["name"], each["ts"]))
    assert [events[0][1] for events in pairs.values()] == [made.id, f"server of {made.id}", f"client of {made.id}"]
    assert pairs[1] == [("b", made.id, 1_000_000), ("e", made.id, 1_125_000)]
    assert [(kind, at) for kind, _, at in pairs[2]] == [
        ("b", 1_000_000),
        *(("b", 1_000_000), ("e", 1_020_000)),
        *(("b", 1_020_000), ("e", 1_100_000)),
        *(("b", 1_100_000), ("e", 1_125_000)),
        ("e", 1_125_000),
    ]


def test_what_was_reused_was_not_booted_in_this_run(tmp_path: Path) -> None:
    assert slices(traced(run(result(reused="20261122-020000-00022")), tmp_path, BEGUN)) == []


@pytest.mark.parametrize(
    "event",
    [
        told(1, "image finished"),
        told(1, "image finished", image=[EVIL], seconds="nan"),
        told(1, "attempt finished", boot={}, number=1),
        told(1, "attempt finished", boot="x", number="many"),
        told(1, "boot left", boot=None),
        {**BEGUN, "time": "yesterday"},
        {**BEGUN, "monotonic": 1e11},
    ],
)
def test_a_journal_that_holds_anything_spoils_no_trace(event: dict[str, Any], tmp_path: Path) -> None:
    made = result()
    names = {each["name"] for each in traced(run(made), tmp_path, BEGUN, event, tried(2, made))}
    assert made.id in names


def test_names_are_one_visible_line(tmp_path: Path) -> None:
    evil = result(test='evil\u202e\n"}],\x1b[31m' + "x" * 1000)
    found = traced(run(evil), tmp_path, BEGUN, tried(1, evil, thread=EVIL.replace("\ud800", "")))
    for each in found:
        for text in (each["name"], str(each.get("args", {}).get("name", ""))):
            assert text.isprintable()
            assert len(text) <= 300
