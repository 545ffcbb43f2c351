"""GitLab by its rules: its page "Unit test reports", and lib/gitlab/ci/parsers/test/junit.rb of its source.

An element becomes its text, or its attributes where it has no text; several of one name become a list, and a list of
`system-out` breaks the whole file. A `type` that Rails knows as one of its own would convert the text, or be refused.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 30_000_000
ATTACHMENT = re.compile(r"\[\[ATTACHMENT\|(?P<path>.+?)\]\]")
RAILS = {"symbol", "yaml", "array", "file", "integer", "float", "decimal", "boolean", "string", "date", "datetime"}


@dataclass
class Seen:
    status: str
    output: str | dict[str, str] | None
    attachment: str | None


def case(element: ET.Element) -> Seen:
    """The first of failure, error and skipped; only a failure has an attachment, the first one."""
    assert len(element.findall("system-out")) <= 1
    for tag in ("failure", "error", "skipped"):
        if (bad := element.find(tag)) is not None:
            assert bad.get("type") not in RAILS
            found = ATTACHMENT.search(element.findtext("system-out") or "") if tag == "failure" else None
            return Seen(tag, bad.text or bad.attrib, found["path"] if found else None)
    return Seen("success", None, None)


def read(file: Path) -> dict[tuple[str, str], Seen]:
    """By class and name: of several with the same only the first is taken."""
    assert file.suffix == ".xml"
    assert file.stat().st_size < LIMIT
    found: dict[tuple[str, str], Seen] = {}
    for element in ET.parse(file).getroot().iterfind("testsuite/testcase"):  # noqa: S314  # our own file
        found.setdefault((element.attrib["classname"], element.attrib["name"]), case(element))
    return found


@pytest.fixture(params=["junit", "for_gitlab"])
def seen(request: pytest.FixtureRequest) -> dict[str, Seen]:
    return {name: told for (_, name), told in read(request.getfixturevalue(request.param)).items()}


def test_each_test_has_its_status(seen: dict[str, Seen]) -> None:
    assert Counter(told.status for told in seen.values()) == {"success": 3, "failure": 4, "error": 1, "skipped": 4}
    assert seen["flaky"].status == "success"
    assert seen["errs"].status == "error"


def test_what_it_shows_is_text(seen: dict[str, Seen]) -> None:
    assert all(isinstance(told.output, str) for told in seen.values() if told.status != "success")
    assert "attempt 3: exited(1)" in str(seen["fails"].output)
    assert seen["skips"].output == "/dev/kvm is not there"
    assert "ada@example.org, until 2026-12-31" in str(seen["kept"].output)


def test_a_failure_has_the_last_console_attached(seen: dict[str, Seen], workspace: Path) -> None:
    path = seen["fails"].attachment or ""
    assert (workspace / path).read_text().startswith("console of attempt 3")


def test_each_of_several_suites_is_seen_with_all_its_cases(several: Path, cells: dict[str, int]) -> None:
    assert Counter(cell for cell, _ in read(several)) == cells
