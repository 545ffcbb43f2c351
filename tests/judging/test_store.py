from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bootmatrix import store
from bootmatrix.console import Record, Watched
from bootmatrix.errors import InfrastructureError, UserError
from bootmatrix.model import Attempt, Case, Outcome, Result, Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ATTEMPT = Attempt(
    number=1,
    verdict="failed",
    reason="exited(1) instead of exited(0)",
    outcome=Outcome("exited", "1", "QEMU's exit status 3"),
    started="2026-11-23T23:06:15.123Z",
    seconds=0.25,
    accelerator="tcg",
    console="consoles/cell/test/1.console.log",
    console_bytes=12,
    command=("qemu-system-x86_64", "-append", "a \x1b naïve 😀"),
    cases=(Case("one", "passed"), Case("two", "failed", "why")),
)
RUN = Run(
    id="run",
    started="2026-11-23T23:06:15.000Z",
    seconds=1.5,
    version="0.1",
    command="bootmatrix run",
    host={"name": "host"},
    results=(
        Result("cell", "test", "failed", "why", attempts=(ATTEMPT,), axes={"arch": "x86_64"}),
        Result("cell", "other", "skipped", infrastructure=False),
    ),
)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[store.Store]:
    opened = store.Store(tmp_path / "out")
    yield opened
    opened.close()


def record(data: bytes, limit: int = 1 << 30) -> Record:
    filled = Record(limit)
    filled.add(data)
    return filled


def test_a_run_is_read_back_as_it_was_written(kept: store.Store) -> None:
    kept.finish(RUN)
    assert store.load(kept.folder) == RUN
    assert store.load(kept.folder.parent / "latest") == RUN


def test_a_command_line_that_is_not_utf_8_does_not_spoil_the_results(kept: store.Store) -> None:
    kept.finish(replace(RUN, command="bootmatrix run caf\udce9.yaml"))
    assert store.load(kept.folder).command == "bootmatrix run caf?.yaml"


def test_the_newest_run_is_the_latest(tmp_path: Path) -> None:
    for name in ("first", "second"):
        opened = store.Store(tmp_path)
        opened.finish(replace(RUN, id=name))
        opened.close()
    assert store.load(tmp_path / "latest").id == "second"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"id": 1}', "\udcff"])
def test_what_is_no_run_is_the_users_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "results.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match="results"):
        store.load(tmp_path)


def test_a_folder_without_a_run_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="name a folder that a run made"):
        store.load(tmp_path)


def test_a_folder_that_cannot_be_made_is_an_infrastructure_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InfrastructureError, match="--out"):
        store.Store(tmp_path / "file")


def test_each_event_is_a_line_of_its_own(kept: store.Store) -> None:
    kept.event("one", boot="a\nb")
    kept.event("two")
    lines = (kept.folder / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["one", "two"]
    assert json.loads(lines[0])["boot"] == "a\nb"


def test_consoles_are_kept_beside_the_results_and_empty_ones_are_not(kept: store.Store) -> None:
    seen = Watched(record(b"a\xff\x00"), record(b""), 1.0, None)
    files = kept.keep_consoles("cell/test", 2, seen)
    assert files == store.Consoles("consoles/cell/test/2.console.log", "")
    assert (kept.folder / files.console).read_bytes() == b"a\xff\x00"


def test_a_long_console_keeps_its_head_and_its_tail() -> None:
    middle = b"m" * 1000
    data = b"h" * store.HEAD + middle + b"t" * store.TAIL
    kept = store.bounded(record(data))
    assert kept == b"h" * store.HEAD + b"\n[bootmatrix: 1,000 bytes are left out here]\n" + b"t" * store.TAIL


@pytest.mark.parametrize("size", [0, 1, store.HEAD, store.HEAD + store.TAIL])
def test_a_console_that_fits_is_kept_whole(size: int) -> None:
    assert store.bounded(record(b"x" * size)) == b"x" * size


@pytest.mark.parametrize("limit", [0, 10, 1 << 20])
def test_a_console_beyond_its_limit_says_what_is_missing_and_how_it_ended(limit: int) -> None:
    kept = store.bounded(record(b"x" * (limit + (1 << 20)) + b"the end", limit))
    assert kept.endswith(b"xthe end")
    assert kept.count(b"bytes are left out here") == 1 + (limit > store.HEAD)
    assert len(kept) < store.HEAD + store.TAIL + 200
