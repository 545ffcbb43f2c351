"""annotations.txt has nothing but workflow commands, no more than GitHub shows, and no text becomes one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reports.examples import EVIL, changed, every, hostile, result, run, with_console, written

from bootmatrix.history import findings
from bootmatrix.history.findings import Change, ChangeKind, Changes

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Run

COMMAND = re.compile(r"::(error|warning|notice) ([^:\n]*)::([^\n\r]*)")


def read(made: Run, folder: Path) -> list[tuple[str, dict[str, str], str]]:
    """The commands as GitHub's runner reads them: level, properties, message."""
    text = written("github", made, folder).read_bytes().decode()
    assert "\r" not in text
    found = []
    for line in text.splitlines():  # at U+0085 and U+2028, too
        command = COMMAND.fullmatch(line)
        assert command, line
        pairs = (pair.split("=", 1) for pair in command[2].split(","))
        properties = {key: _decoded(value).replace("%3A", ":").replace("%2C", ",") for key, value in pairs}
        assert set(properties) <= {"title", "file", "line", "col"}
        found.append((command[1], properties, _decoded(command[3])))
    return found


def _decoded(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def test_the_level_says_how_bad_it_is_and_the_worst_comes_first(tmp_path: Path) -> None:
    told_of = read(run(*every()), tmp_path)
    assert [(level, properties["title"].partition(":")[0]) for level, properties, _ in told_of] == [
        ("error", "contradicted"),
        ("error", "failed"),
        ("error", "timed out"),
        ("error", "unexpected pass"),
        ("error", "error"),
        ("warning", "undecided"),
        ("warning", "flaky"),
        ("notice", "quarantined"),
    ]
    (quarantined,) = (properties for level, properties, _ in told_of if level == "notice")
    assert (quarantined["file"], quarantined["line"], quarantined["col"]) == ("matrix.yaml", "12", "3")


def test_a_message_says_why_which_and_how_to_repeat_it(tmp_path: Path) -> None:
    ((_, properties, message),) = read(run(*(result("failed", test=f"t{n}") for n in range(7))), tmp_path)
    title = "failed: gcc-debian-12-x86_64-qemu/t0 and 6 more"
    assert properties == {"title": title, "file": "ci/matrix.yaml", "line": "7", "col": "3"}
    reason, others, repeat = message.split("\n")
    assert reason == "exited(1) instead of exited(0)"
    assert others == f"also {', '.join(f'gcc-debian-12-x86_64-qemu/t{n}' for n in range(1, 5))} …"
    assert repeat == "repeat it: bootmatrix repro gcc-debian-12-x86_64-qemu/t0"


def test_what_has_no_place_is_told_without_one(tmp_path: Path) -> None:
    for where in ("", "matrix.yaml", ":1:2", "x:1:y"):
        ((_, properties, _),) = read(run(result("failed", where=where)), tmp_path)
        assert set(properties) == {"title"}


def test_what_changed_is_told(tmp_path: Path) -> None:
    changed(tmp_path, "50% slower", "a,b:c")
    assert read(run(), tmp_path) == [
        ("warning", {"title": "worse: a,b:c"}, "50% slower"),
        ("notice", {"title": "fixed: a,b:c"}, "50% slower"),
    ]


def test_of_many_the_largest_groups_are_told_and_the_tenth_line_counts_the_others(tmp_path: Path) -> None:
    few = [result("contradicted", test=f"c{n}", reason=f"reason {n}") for n in range(20)]
    many = [result("failed", test=f"t{n}") for n in range(50)]
    told_of = read(run(*few, *many), tmp_path)
    assert [level for level, _, _ in told_of] == ["error"] * 10
    assert "t0 and 49 more" in told_of[8][1]["title"]
    assert told_of[9][2].startswith("12 of 70 tests with other reasons:")
    assert len(read(run(*few[:10]), tmp_path)) == 10
    assert len(read(run(*few[:11]), tmp_path)) == 10


def test_changes_share_the_room_with_the_groups(tmp_path: Path) -> None:
    changes = tuple(Change(ChangeKind.WORSE, f"t{n}", "slower") for n in range(12))
    findings.write(Changes("main", (), changes), tmp_path)
    told_of = read(run(*(result("flaky", test=f"t{n}", reason=f"{n}") for n in range(3))), tmp_path)
    assert [properties["title"].partition(":")[0] for _, properties, _ in told_of] == [
        *["flaky"] * 3,
        *["worse"] * 6,
        "and more",
    ]
    assert told_of[-1][2].startswith("6 more changes:")


def test_no_text_becomes_a_command_or_a_property(tmp_path: Path) -> None:
    changed(tmp_path, EVIL, EVIL)
    verdicts = ("failed", "flaky", "quarantined")
    told_of = read(run(*(hostile(tmp_path, verdict) for verdict in verdicts), commit=EVIL), tmp_path)
    assert [level for level, _, _ in told_of] == ["error", "warning", "warning", "notice", "notice"]
    for _, properties, message in told_of:
        assert len(message) <= 1000
        assert len(properties["title"]) <= 250
        assert all(char.isprintable() or char == "\n" for char in message + properties["title"])
    assert "%0A::error::owned" in told_of[0][2]  # the guest's own letters, decoded once


def test_a_good_run_says_nothing(tmp_path: Path) -> None:
    assert read(run(with_console(result(), tmp_path), result("skipped"), result("expected failure")), tmp_path) == []
