"""Names of files: taken by every store of artifacts, readable, each of one thing, and the same for all who look."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from bootmatrix.merging import logs
from bootmatrix.model import Attempt, Outcome, Result, Verdict
from bootmatrix.runs import keeping, names
from bootmatrix.runs.store import Store
from bootmatrix.texts import Record
from bootmatrix.watching.watch import Watched
from bootmatrix.watching.witness import Findings

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = re.compile(r'["<>:|*?\\\r\n\x00-\x1f]|[ .]$')  # actions/upload-artifact and NTFS
TEXTS = st.text(st.sampled_from('ab.~-_ <>:|*?"/\\\r\n@=,é\ud800') | st.characters(), min_size=1, max_size=300)


@given(TEXTS, TEXTS)
def test_a_name_is_taken_everywhere_and_is_no_other_things(one: str, other: str) -> None:
    name = names.plain(one)
    assert not REFUSED.search(name)
    assert name.isascii()
    assert "/" not in name
    assert not name.startswith((".", "-"))
    assert len(name) <= names.LONGEST
    assert (name == names.plain(other)) == (one == other)


@pytest.mark.parametrize(
    "name", ["gcc-debian-12-x86_64-qemu", "stack@depth=10,smp=2", "a", "4.14.1+flambda", "x" * 200]
)
def test_what_is_plain_is_its_own_name(name: str) -> None:
    assert names.plain(name) == name


@pytest.mark.parametrize(
    ("name", "begins"),
    [("hello.", "hello.~"), (">=4.14", "_=4.14~"), ("ocaml 5 : x", "ocaml_5___x~"), ("../up", "_up~")],
)
def test_what_is_not_can_still_be_read(name: str, begins: str) -> None:
    assert names.plain(name).startswith(begins)


@pytest.mark.parametrize("test", ["hello", "hello.", "stack@depth=1.", "con:sole", "x" * 255])
@pytest.mark.parametrize("cell", ["gcc-1.0", "gcc-1.", "*", "y" * 255])
def test_a_merge_finds_the_consoles_where_a_run_has_kept_them(cell: str, test: str, tmp_path: Path) -> None:
    kept = Store(tmp_path.resolve(), "run", 1)
    printed = Record(100)
    printed.add(b"Hello")
    found_out = Findings(files={"usage.csv": b"Hello", "checks.log": b"Hello"})
    seen = Watched(printed, printed, 0.1, None, findings=found_out)
    told = kept.keep_consoles(f"{cell}/{test}", "1", seen, passed=True)
    kept.close()
    (tmp_path / "merged").mkdir()
    attempt = Attempt(1, Verdict.PASSED, "", Outcome("exited", "0"), "", 0.1, console=told.console, tender=told.tender)
    attempt = replace(attempt, files=told.others)
    found = keeping.with_consoles(
        Result(cell, test, Verdict.PASSED, attempts=(attempt,)), kept.folder, tmp_path / "merged"
    )
    assert len(found.attempts[0].files) == 2
    for name in (found.attempts[0].console, found.attempts[0].tender, *found.attempts[0].files):
        assert (tmp_path / "merged" / name).read_bytes() == b"Hello"
        assert not any(REFUSED.search(part) for part in name.split("/"))


@pytest.mark.parametrize("image", ["debian-12", "debian-12->=4.14", "debian-12-a/../b", "debian-12-9.4.", "d" * 400])
def test_a_merge_finds_the_logs_where_a_run_has_kept_them(image: str, tmp_path: Path) -> None:
    kept = Store(tmp_path.resolve(), "run", 0)
    kept.close()
    log = kept.log("image", image)
    log.parent.mkdir()
    (tmp_path / "merged").mkdir()
    log.write_text("made")
    assert log.parent == kept.folder / "logs"
    logs.bring(kept.folder, tmp_path / "merged")
    assert [file.read_text() for file in (tmp_path / "merged" / "logs").iterdir()] == ["made"]
