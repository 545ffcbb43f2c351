from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import UserError
from bootmatrix.model import Result, Verdict
from bootmatrix.runs import past
from bootmatrix.runs.lease import Lease
from bootmatrix.runs.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))


def write(out: Path, run: str, told: Mapping[str, str], stopped: str | None = "") -> None:
    """A run in which tests of a cell `c` came to verdicts; `stopped` of None: it was killed."""
    store = Store(out, run, len(told))
    store.event("run started", plan="key", request={"select": ["a=b"], "engine": "host"})
    for index, (test, verdict) in enumerate(told.items()):
        store.event("boot started", boot=f"c/{test}")
        if verdict:
            store.keep(index, Result("c", test, Verdict(verdict)))
    if stopped is not None:
        for index in store.missing():
            store.keep(index, Result("c", list(told)[index], Verdict.SKIPPED), "boot left")
        store.event("run finished", stopped=stopped)
    store.close()


def test_a_killed_run_is_unfinished_and_has_told_what_it_had(tmp_path: Path) -> None:
    write(tmp_path, "1", {"good": "passed", "bad": "failed", "cut": ""}, stopped=None)
    found = past.unfinished(tmp_path, print)
    assert (found.run, found.finished, set(found.told)) == ("1", False, {"c/good", "c/bad"})
    assert found.begun == {"c/cut"}
    assert found.request["request"] == {"select": ["a=b"], "engine": "host"}
    assert [found.is_good(f"c/{test}") for test in ("good", "bad", "cut", "new")] == [True, False, False, False]


@pytest.mark.parametrize("stopped", ["interrupted", "the disk is full"])
def test_a_run_that_was_stopped_is_unfinished_and_what_it_left_is_not_told(tmp_path: Path, stopped: str) -> None:
    write(tmp_path, "1", {"good": "passed", "left": ""}, stopped)
    assert set(past.unfinished(tmp_path, print).told) == {"c/good"}


def test_a_run_that_was_resumed_and_came_to_its_end_is_complete(tmp_path: Path) -> None:
    write(tmp_path, "1", {"good": "passed", "left": ""}, stopped=None)
    store = Store(tmp_path, "1", 2)
    store.event("run resumed")
    store.keep(1, Result("c", "left", Verdict.PASSED))
    store.event("run finished", stopped="")
    store.close()
    assert past.last(tmp_path, print).finished
    assert set(past.last(tmp_path, print).told) == {"c/good", "c/left"}
    with pytest.raises(UserError, match="its last run, 1, is complete"):
        past.unfinished(tmp_path, print)


def test_a_run_that_goes_on_is_neither_the_last_nor_unfinished(tmp_path: Path) -> None:
    write(tmp_path, "1", {"good": "passed"})
    write(tmp_path, "2", {"good": ""}, stopped=None)
    with Lease("2"):
        assert past.last(tmp_path, print).run == "1"
        with pytest.raises(UserError):
            past.unfinished(tmp_path, print)
    assert past.last(tmp_path, print).run == past.unfinished(tmp_path, print).run == "2"


def test_where_no_run_was_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no earlier run"):
        past.last(tmp_path / "nowhere", print)
    with pytest.raises(UserError, match="nothing to resume"):
        past.unfinished(tmp_path, print)


def test_a_journal_without_a_beginning_is_the_users_error(tmp_path: Path) -> None:
    Path(tmp_path / "1").mkdir()
    (tmp_path / "1" / "events.jsonl").write_text('{"event": "boot')
    with pytest.raises(UserError, match="has no start"):
        past.read(tmp_path / "1")


def test_the_last_run_is_the_one_that_began_last_though_the_clock_was_set_back(tmp_path: Path) -> None:
    write(tmp_path, "20260102", {"good": "passed"})
    write(tmp_path, "20251231", {"bad": "failed", "cut": ""}, stopped=None)
    found = past.last(tmp_path, print).run, past.unfinished(tmp_path, print).run, past.newest_in(tmp_path)
    assert found == ("20251231", "20251231", "20251231")


def test_an_error_of_the_infrastructure_is_not_told_and_a_run_with_one_is_unfinished(tmp_path: Path) -> None:
    write(tmp_path, "1", {"good": "passed"})
    store = Store(tmp_path, "1", 3)
    store.keep(1, Result("c", "lost", Verdict.ERROR, infrastructure=True))
    store.keep(2, Result("c", "wrong", Verdict.ERROR))
    store.event("run finished", stopped="")
    found = past.unfinished(tmp_path, print)
    assert set(found.told) == {"c/good", "c/wrong"}
    assert past.newest_in(tmp_path) == "1"
    store.keep(1, Result("c", "lost", Verdict.PASSED))
    store.event("run finished", stopped="")
    store.close()
    assert past.last(tmp_path, print).finished
    assert set(past.last(tmp_path, print).told) == {"c/good", "c/wrong", "c/lost"}
