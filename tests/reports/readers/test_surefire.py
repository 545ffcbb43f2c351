"""Maven Surefire's own schema by its rules: surefire-test-report.xsd, version 3.0.2, of maven-surefire-plugin.

One suite is a file there, so that each of ours is held to it. It knows no `hostname`, which Jenkins' schema does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from pathlib import Path

REQUIRED = {"testsuite": {"name", "tests", "errors", "skipped", "failures"}, "testcase": {"name", "time"}}
ALLOWED = {
    "testsuite": {"version", "time", "timestamp", "flakes", "group"} | REQUIRED["testsuite"] | {"hostname"},
    "testcase": {"classname", "group", "timestamp"} | REQUIRED["testcase"],
    "property": {"name", "value"},
    "skipped": {"message"},
    **{key: {"message", "type"} for key in ("failure", "error", "rerunFailure", "flakyFailure")},
}
ORDER = {
    "testsuite": ["properties", "testcase"],
    "testcase": ["failure", "rerunFailure", "flakyFailure", "skipped", "error", "system-out", "system-err"],
    **{key: ["stackTrace", "system-out", "system-err"] for key in ("rerunFailure", "flakyFailure")},
    "properties": ["property"],
}
ONCE = {"properties", "skipped", "error", "stackTrace", "system-out", "system-err"}


def faults(element: ET.Element) -> list[str]:
    """What of this element and those in it the schema has not."""
    allowed, order = ALLOWED.get(element.tag, set()), ORDER.get(element.tag, [])
    found = [f"{element.tag}@{name}" for name in set(element.keys()) - allowed]
    found += [f"{element.tag} without {name}" for name in REQUIRED.get(element.tag, set()) - set(element.keys())]
    tags = [child.tag for child in element]
    found += [f"{element.tag}/{tag}" for tag in tags if tag not in order]
    found += [f"{tag} twice" for tag in ONCE if tags.count(tag) > 1]
    if not found and tags != sorted(tags, key=order.index):
        found.append(f"{element.tag}: {tags}")
    if element.tag in {"rerunFailure", "flakyFailure"} and "stackTrace" not in tags:
        found.append("no stackTrace")
    return found + [fault for child in element for fault in faults(child)]


def test_each_suite_is_as_surefires_schema_wants(junit: Path) -> None:
    root = ET.parse(junit).getroot()  # noqa: S314  # our own file
    assert [fault for suite in root for fault in faults(suite)] == []
    assert {child.tag for child in root.iter()} >= {"failure", "rerunFailure", "flakyFailure", "skipped", "error"}


@pytest.mark.parametrize(
    ("dialect", "more"),
    [
        ("with_properties", {"testcase/properties", "testcase@file", "testcase@line"}),
        ("for_gitlab", {"testcase@file", "testcase@line"}),
    ],
)
def test_other_dialects_depart_from_it_in_what_they_say_they_do(
    dialect: str, more: set[str], request: pytest.FixtureRequest
) -> None:
    root = ET.parse(request.getfixturevalue(dialect)).getroot()  # noqa: S314  # our own file
    assert {fault for suite in root for fault in faults(suite)} == more
