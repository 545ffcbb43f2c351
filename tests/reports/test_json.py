"""report.json holds what its schema says, all of it and nothing else, however large and hostile a run is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from reports.examples import AXES, EVIL, ROOT, changed, every, hostile, of_guests, result, run, stored, written

from bootmatrix import model
from bootmatrix.history import findings
from bootmatrix.model import Measure

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json.loads((ROOT / "docs/report.schema.json").read_text())


def closed(schema: Any) -> Any:
    """The schema, where an object may have no key that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if "properties" in schema and "type" in schema else {}
    return {**more, **{key: closed(value) for key, value in schema.items()}}


def load(file: Path) -> Any:
    told_of = json.loads(file.read_bytes(), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    jsonschema.Draft202012Validator(closed(SCHEMA)).validate(told_of)
    return told_of


def test_the_schema_is_one_and_names_every_verdict_outcome_and_kind() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert tuple(SCHEMA["$defs"]["verdict"]["enum"]) == model.VERDICTS
    assert tuple(SCHEMA["$defs"]["attempt"]["properties"]["outcome"]["properties"]["kind"]["enum"]) == model.OUTCOMES
    assert tuple(SCHEMA["$defs"]["change"]["properties"]["kind"]["enum"]) == findings.KINDS


def test_what_it_says_of_a_test(tmp_path: Path) -> None:
    (one,) = load(written("json", run(result("flaky")), tmp_path))["results"]
    assert one["id"] == "gcc-debian-12-x86_64-qemu/hello"
    assert one["axes"] == {"compiler": "gcc", "os": "debian-12", "arch": "x86_64", "backend": "qemu"}
    assert (one["verdict"], one["good"], one["accelerator"]) == ("flaky", True, "tcg")
    assert [attempt["outcome"] for attempt in one["attempts"]] == [
        {"kind": "exited", "detail": "1"},
        {"kind": "exited", "detail": "0"},
    ]
    assert {measure["name"]: measure["value"] for measure in one["measures"]} == {
        "boot_time": 0.25,
        "memory_peak": 64 << 20,
        "unikernel_size": 123_456,
        "requests": 1200.5,
    }


def test_every_verdict_and_change_fits_the_schema(tmp_path: Path) -> None:
    changes = changed(tmp_path)
    whole = load(written("json", run(*every(), commit="abc", branch="main"), tmp_path))
    assert (whole["schema"], whole["total"], whole["run"]["axes"]) == (1, len(every()), list(AXES))
    assert whole["counts"] == dict.fromkeys(model.VERDICTS, 1)
    assert whole["changes"]["counts"] == changes.counts()
    assert [change["kind"] for change in whole["changes"]["changes"]] == list(findings.KINDS)
    (quarantined,) = (one for one in whole["results"] if one["quarantine"])
    assert quarantined["quarantine"]["owner"] == "mia"


def test_a_run_without_history_or_results(tmp_path: Path) -> None:
    whole = load(written("json", run(), tmp_path))
    assert (whole["results"], whole["counts"]) == ([], {})
    assert "changes" not in whole


def test_hostile_texts_arrive_as_they_were_in_plain_ascii(tmp_path: Path) -> None:
    file = written("json", run(hostile(tmp_path), command=EVIL), tmp_path)
    assert file.read_bytes().isascii()
    whole = load(file)
    assert whole["results"][0]["reason"] == whole["run"]["command"] == EVIL.replace("\ud800", "?")


def test_a_number_that_json_does_not_have_is_left_out(tmp_path: Path) -> None:
    made = result()
    metrics = tuple(Measure(name, float(name)) for name in ("nan", "inf", "1"))
    made = replace(made, attempts=(replace(made.attempts[0], metrics=metrics),))
    (one,) = load(written("json", run(made), tmp_path))["results"]
    assert [measure["name"] for measure in one["measures"]][3:] == ["1"]


def test_each_result_has_a_line_of_its_own(tmp_path: Path) -> None:
    lines = written("json", stored(run(*every()), tmp_path), tmp_path).read_text().splitlines()
    assert [json.loads(line.removesuffix(","))["verdict"] for line in lines[1:-1]] == [r.verdict for r in every()]


def test_the_labels_of_a_test_are_told(tmp_path: Path) -> None:
    labelled = replace(result("passed"), labels={"id": "TC-7"})
    (one, other) = load(written("json", run(labelled, result("failed")), tmp_path))["results"]
    assert one["labels"] == {"id": "TC-7"}
    assert "labels" not in other


def test_each_guest_of_several_is_told(tmp_path: Path) -> None:
    found = load(written("json", run(of_guests(tmp_path)), tmp_path))
    guests = found["results"][0]["attempts"][0]["guests"]
    assert {name: each["verdict"] for name, each in guests.items()} == {"server": "passed", "client": "failed"}
