"""What a witness finds out from outside counts against a boot, and its files lie beside the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support import script, scripted, write_matrix

from bootmatrix import screen
from bootmatrix.boots import onlookers
from bootmatrix.matrix import load
from bootmatrix.planning import plan
from bootmatrix.running import run
from bootmatrix.watching.witness import Ending, Findings, Witness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


HOST = {"backend": ["command"]}


class Unanswered(Witness):
    """As a check that had no answer."""

    def ended(self, ending: Ending) -> Findings:
        assert ending.exit
        return Findings(files={"answers.csv": b"none\n"}, complaints=("port 80 never answered",))


@pytest.fixture(autouse=True)
def _asked(monkeypatch: pytest.MonkeyPatch) -> None:
    before = onlookers.of

    def of(*given: Any) -> Iterator[Witness]:
        yield from before(*given)
        yield Unanswered()

    monkeypatch.setattr(onlookers, "of", of)


def test_a_complaint_of_a_witness_is_no_pass(tmp_path: Path) -> None:
    tests = {"good": script("echo SUCCESS"), "bad": script("exit 3"), "skips": script("exit 77")}
    planned = plan.make(load.load(write_matrix(tmp_path, scripted(HOST, **tests))), (), "host")
    options = run.Options(tmp_path / "out", 1, 1 << 30)
    done = run.run(planned, screen.make(live=False, verbosity=-1), options)
    told = {result.test: (result.verdict, result.reason) for result in done.run.results}
    assert told["good"] == ("failed", "port 80 never answered")
    assert told["bad"] == ("failed", "exited(3) instead of exited(0); port 80 never answered")
    assert told["skips"][0] != "skipped"
    (good,) = (result for result in done.run.results if result.test == "good")
    (file,) = good.attempts[-1].files
    assert (done.folder / file).read_bytes() == b"none\n"
    assert file.endswith("/good/1.answers.csv")
