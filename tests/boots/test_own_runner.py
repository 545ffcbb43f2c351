"""Boots of shell scripts by a runner that knows panics and refusals: what the watch ends, and what the matrix skips."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from support import bootmatrix, late, write_matrix

if TYPE_CHECKING:
    from pathlib import Path

RUNNER = """
import re
from dataclasses import dataclass
from typing import ClassVar

from bootmatrix import model
from bootmatrix.model import Outcome, Rejected, Tender


@dataclass(frozen=True)
class Runner(model.Runner):
    panic: ClassVar = ("PANIC", "CRASHED: ")
    filled: ClassVar = ("word",)
    way_out: ClassVar = {"": "does it call exit?"}
    script: str = ""
    refuses: str = ""
    word: str = ""

    def tender(self, arch):
        return Tender("sh")

    def check(self, unikernel, boot, version):
        if self.refuses:
            raise Rejected(self.refuses)

    def launch(self, boot):
        return model.Launch((boot.program, "-c", self.script, boot.unikernel, self.word))

    def outcome(self, ending):
        if found := re.search("REFUSED.*", ending.tender):
            return Outcome("rejected", found[0], "its words")
        if found := re.search(r"^.*PANIC: .*", ending.console, re.M):
            return Outcome("panicked", found[0], "console")
        if "CRASHED: " in ending.console:
            return Outcome("crashed", "page fault", "console")
        return Outcome("exited", str(ending.status), "status")
"""
STAMPED = "echo '[    0.4123'$$'] PANIC: no init (rip=0x'$$$$'0000)'"
TESTS: dict[str, dict[str, Any]] = {
    "halts": {"runner": {"script": f"{STAMPED}; sleep 300"}, "retry": {"attempts": 2, "on": "panicked"}},
    "expected": {"runner": {"script": f"{STAMPED}; sleep 300"}, "expect": {"outcome": "panicked(PANIC: no init)"}},
    "traces": {"runner": {"script": "while :; do echo 'CRASHED: frame 0x15df70'; sleep 0.1; done"}},
    "filled": {"runner": {"word": "{test} of {cell}", "script": 'echo "$1"'}, "expect": {"console": "filled of own"}},
    "goes-on": {"runner": {"script": "echo 'about to PANIC'; echo 'caught it'; sleep 4; echo SUCCESS"}},
    "mentions": {"runner": {"script": "echo PANIC; sleep 300"}},
    "all-shown": {"runner": {"script": "echo SUCCESS; sleep 300"}, "timeout": "1 s", "expect": {"console": "SUCCESS"}},
    "late": {"runner": {"script": "echo 'PANIC: x'; echo bye; sleep 300"}, "timeout": "1 s"},
    "lacks": {"runner": {"script": "echo REFUSED: no vsock >&2; exit 1"}, "skip_rejected": "no vsock"},
    "refused": {"runner": {"script": "echo REFUSED: no kernel >&2; exit 1"}, "skip_rejected": ["no vsock"]},
    "lacks-early": {"runner": {"refuses": "no vsock here"}, "skip_rejected": {"regex": "vsock.*"}},
    "refused-early": {"runner": {"refuses": "no kernel"}, "skip_rejected": "no vsock"},
    "wanted": {"runner": {"script": "echo REFUSED >&2"}, "skip_rejected": "R", "expect": {"outcome": "rejected"}},
}
WANTED = {
    "halts": ("failed", "panicked(PANIC: no init) instead of exited(0)"),
    "expected": ("passed", "panicked(PANIC: no init)"),
    "traces": ("failed", "crashed(page fault) instead of exited(0)"),
    "filled": ("passed", "exited(0)"),
    "goes-on": ("passed", "exited(0)"),
    "mentions": (
        "timed out",
        "no output followed a line that matches `panic`; the console shows 'PANIC', which matches",
    ),
    "all-shown": ("timed out", "no end in time, although the console shows all that is expected; does it call"),
    "late": ("timed out", "no end in time; the console shows 'PANIC: x', which matches `panic`"),
    "lacks": ("skipped", "REFUSED: no vsock"),
    "refused": ("error", "REFUSED: no kernel"),
    "lacks-early": ("skipped", "no vsock here"),
    "refused-early": ("error", "no kernel"),
    "wanted": ("passed", "rejected(REFUSED)"),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("own")
    (folder / "runners").mkdir()
    (folder / "runners" / "own.py").write_text(RUNNER)
    fields = {name: {"unikernel": "matrix.yaml", "timeout": "100 s", **keys} for name, keys in TESTS.items()}
    write_matrix(folder, {"axes": {"backend": ["own"]}, "tests": fields})
    before = time.monotonic()
    done = bootmatrix(
        "run", "--engine", "host", "-j", str(len(TESTS)), cwd=folder, BOOTMATRIX_CACHE=str(folder / "cache")
    )
    assert time.monotonic() - before < 90, "a boot waited for its time-out"
    report = folder / "out/latest/results.json"
    assert report.exists(), done.stderr
    return {result["test"]: result for result in json.loads(report.read_text())["results"]}


@pytest.mark.parametrize("test", TESTS)
def test_the_verdict_says_what_the_guest_or_its_tender_said(test: str, results: dict[str, Any]) -> None:
    verdict, reason = WANTED[test]
    assert results[test]["verdict"] == verdict, results[test]["reason"]
    told = results[test]["reason"].removeprefix("no attempt passed; the last: ")
    assert late(told).startswith(reason)


def test_a_panic_is_worth_another_try_and_its_registers_are_evidence(results: dict[str, Any]) -> None:
    attempts = results["halts"]["attempts"]
    assert len(attempts) == 2
    assert all(attempt["seconds"] < 30 for attempt in attempts)
    assert all("rip=0x" in str(attempt["outcome"]) for attempt in attempts)


def test_a_placeholder_of_a_text_that_means_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "runners").mkdir()
    (tmp_path / "runners" / "own.py").write_text(RUNNER)
    test = {"unikernel": "matrix.yaml", "runner": {"word": "{tset}"}}
    write_matrix(tmp_path, {"axes": {"backend": ["own"]}, "tests": {"typo": test}})
    done = bootmatrix("run", "--engine", "host", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 2
    assert "the placeholder {tset}" in done.stderr
    assert "did you mean 'test'" in done.stderr
