"""A journal is whole after whatever happened to its writer or its disk."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from bootmatrix.errors import Fatal
from bootmatrix.runs import journal
from bootmatrix.runs.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESULT = '{"cell":"c","test":"t","verdict":"passed"}'


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Journal]:
    found = Journal(tmp_path)
    yield found
    found.close()


def events(folder: Path) -> list[dict[str, Any]]:
    return [entry.event for entry in journal.read(folder)]


def test_each_event_is_a_line_of_its_own(opened: Journal, tmp_path: Path) -> None:
    opened.event("one", boot="a\nb")
    opened.event("two")
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["one", "two"]
    assert json.loads(lines[0])["boot"] == "a\nb"


@given(boot=st.text(), before=st.lists(st.text(), max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_result_is_found_where_it_was_said_to_be(tmp_path: Path, boot: str, before: list[str]) -> None:
    written = Journal(tmp_path)
    for text in before:
        written.event("other", text=text, result=text)
    at, length = written.result("boot finished", RESULT, boot=boot + '", "result": {')
    written.event("after")
    written.close()
    assert (tmp_path / "events.jsonl").read_bytes()[at : at + length] == RESULT.encode()
    entry = list(journal.read(tmp_path))[-2]
    assert (entry.at, entry.length) == (at, length)
    assert (
        json.loads(json.dumps(entry.event["boot"]))
        == boot.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass") + '", "result": {'
    )
    (tmp_path / "events.jsonl").unlink()


@pytest.mark.parametrize(
    "torn",
    [
        b'{"event": "x", "result": {"cell":"c\n',
        b'{"event": "x", "result": {"cell":"\0\0\0\0"}}\n',
        b'{"event": "thr',
        b"\0\0\0\0",
        b'{"event": "x"}\0\0\n',
        b"\xff\n",
        b"{}",
    ],
)
def test_what_a_power_cut_tears_is_no_event_and_the_next_follows_the_last_whole(tmp_path: Path, torn: bytes) -> None:
    first = Journal(tmp_path)
    first.event("one")
    first.close()
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(torn)
    assert [event["event"] for event in events(tmp_path)] == ["one"]
    second = Journal(tmp_path)
    second.event("two")
    second.close()
    assert [event["event"] for event in events(tmp_path)] == ["one", "two"]


def test_a_full_disk_is_said_with_its_remedy_and_leaves_no_half_line(
    opened: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.event("one")
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:10]))
    with pytest.raises(Fatal, match=r"events.jsonl cannot be written: No space left[\s\S]*--resume"):
        opened.event("two")
    monkeypatch.undo()
    opened.event("three")
    assert [event["event"] for event in events(tmp_path)] == ["one", "three"]


def test_an_error_of_the_disk_is_told(opened: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "write", broken)
    with pytest.raises(Fatal, match="Input/output error"):
        opened.event("one")


WRITER = """
import sys
from pathlib import Path
from bootmatrix.runs.journal import Journal
journal = Journal(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    journal.event("tick", text="x" * 1000)
"""


def test_a_writer_that_is_killed_leaves_whole_lines(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        while not (tmp_path / "events.jsonl").stat().st_size:
            pass
        process.kill()
    found = events(tmp_path)
    assert found
    assert all(event["text"] == "x" * 1000 for event in found)
    assert len((tmp_path / "events.jsonl").read_bytes().splitlines()) - len(found) <= 1
