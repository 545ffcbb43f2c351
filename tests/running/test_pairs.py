"""`pair` in a matrix and `run --pair`, as users call them: boots in turn until their difference is known."""

from __future__ import annotations

import csv
import json
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from support import bootmatrix, runs, script, scripted, started, write_matrix

from bootmatrix import results
from bootmatrix.runs import journal

if TYPE_CHECKING:
    import subprocess

    from bootmatrix.model import PairFinding, Result

SCHEMA = Path(__file__).resolve().parents[2] / "docs/report.schema.json"
AXES = {"backend": ["command"], "version": ["one", "two"]}
MORE = 'echo fine; case "$1" in one) echo n=100;; two) echo n=105;; *) echo n=90;; esac'
COUNTED: dict[str, Any] = {"args": ["{version}"], "metrics": {"n": "n=([0-9]+)"}}


def counting(text: str = MORE, **fields: Any) -> dict[str, Any]:
    """A test whose versions print other numbers: 5% more, or 10% less."""
    return script(text, expect={"console": ["fine"]}, **{**COUNTED, **fields})


def ran(folder: Path, matrix: dict[str, Any], *args: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    write_matrix(folder, matrix)
    done = bootmatrix("run", "--engine", "host", *args, cwd=folder)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def found(folder: Path) -> dict[str, Result]:
    """The results by their ids."""
    return {result.id: result for result in results.load(folder / "out/latest/results.json").results}


def findings(folder: Path) -> list[PairFinding]:
    return [each for result in found(folder).values() for each in result.pairs]


def order(folder: Path) -> list[str]:
    """The cells that were booted, one after the other."""
    events = (entry.event for entry in journal.read(runs(folder / "out")[-1]))
    return [event["boot"].partition("/")[0] for event in events if event["event"] == "boot started"]


def test_partners_boot_there_and_back_until_their_difference_is_known(tmp_path: Path) -> None:
    pair = {"axis": "version", "of": "n", "most": 100}
    done = ran(tmp_path, scripted(AXES, t=counting(pair=pair)), "-j", "2")
    assert "command-two/t: against one, two has 5.0% more n\n" in done.stdout
    booted = order(tmp_path)
    blocks = [booted[at : at + 4] for at in range(0, len(booted), 4)]
    assert all(block == block[::-1] and len(set(block)) == 2 for block in blocks)
    assert len({block[0] for block in blocks}) == 2  # a coin says who is first
    assert len(booted) < 2 * 30  # it knew after a few
    (told,) = findings(tmp_path)
    assert (told.axis, told.base, told.value, told.verdict, told.name) == ("version", "one", "two", "more", "n")
    assert (told.before, told.after, told.change) == pytest.approx((100, 105, 0.05))
    assert told.boots == (len(booted) - 4) / 2  # the first block is for what is read for the first time


def test_every_boot_of_both_is_kept_with_what_it_measured(tmp_path: Path) -> None:
    ran(tmp_path, scripted(AXES, t=counting(pair={"axis": "version", "of": ["n", "boot_time"], "most": 20})))
    for result in found(tmp_path).values():
        (attempt,) = result.attempts
        (file,) = [name for name in attempt.files if name.endswith("pair.csv")]
        rows = list(csv.DictReader((tmp_path / "out/latest" / file).read_text().splitlines()))
        assert [row["value"] for row in rows] == [cell.removeprefix("command-") for cell in order(tmp_path)]
        assert {row["n"] for row in rows if row["value"] == "two"} == {"105.0"}
        assert [row["counts"] for row in rows] == ["no"] * 4 + ["yes"] * (len(rows) - 4)
        assert all(float(row["boot_time"]) > 0 for row in rows)
        assert result.seconds == pytest.approx(
            sum(float(row["seconds"]) for row in rows if f"command-{row['value']}" == result.cell), abs=0.001
        )


def test_the_same_thing_twice_is_told_to_be_as_much(tmp_path: Path) -> None:
    same = counting("echo fine; echo n=100", pair={"axis": "version", "of": "n", "most": 100})
    done = ran(tmp_path, scripted(AXES, t=same))
    assert "command-two/t: against one, two has as much n" in done.stdout
    assert [each.verdict for each in findings(tmp_path)] == ["same"]


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (2, r"of each were not enough for ±2%: `most: 8[0-9]0` probably is\)"),
        (
            0.05,
            r"enough for ±0.05%; 1,000 would give about ±1.[0-9]%: make the measured boot shorter, raise `until`",
        ),
    ],
)
def test_what_is_undecided_says_what_would_help(tmp_path: Path, until: float, said: str) -> None:
    """Of blocks in turn the one has 10% more, the next 10% less."""
    to_and_fro = (
        'echo >> "$0"; block=$((($(wc -l < "$0") - 1) / 4 % 2)); echo fine; '
        "case $1$block in two0) echo n=1100;; two1) echo n=909.09;; *) echo n=1000;; esac"
    )
    test = {**counting(pair={"axis": "version", "of": "n", "most": 20, "until": until}), "runner": {}}
    test["runner"]["command"] = ["sh", "-c", to_and_fro, str(tmp_path / "boots"), "{args}"]
    done = ran(tmp_path, scripted(AXES, t=test))
    assert re.search(said, done.stdout), done.stdout


def test_all_others_are_held_against_the_base(tmp_path: Path) -> None:
    axes = {**AXES, "version": ["one", "two", "three"]}
    ran(tmp_path, scripted(axes, t=counting(pair={"axis": "version", "base": "two", "of": "n", "most": 100})))
    told = {each.value: (each.base, each.verdict, round(each.change, 4)) for each in findings(tmp_path)}
    assert told == {"one": ("two", "less", round(100 / 105 - 1, 4)), "three": ("two", "less", round(90 / 105 - 1, 4))}


def test_the_command_line_pairs_what_the_matrix_does_not(tmp_path: Path) -> None:
    """Of every test that has the axis; other axes and parameters stay apart."""
    tests = {"t": counting(params={"p": [1, 2]})}
    ran(tmp_path, scripted(AXES, **tests), "--pair", "version")
    assert {test: [each.name for each in result.pairs] for test, result in found(tmp_path).items()} == {
        "command-one/t@p=1": [],
        "command-one/t@p=2": [],
        "command-two/t@p=1": ["boot_time"],
        "command-two/t@p=2": ["boot_time"],
    }


def test_what_does_not_pass_is_not_compared_and_the_others_are_booted_once(tmp_path: Path) -> None:
    broken = counting('[ "$1" = one ] && exit 3; echo fine', metrics={}, pair="version")
    done = ran(tmp_path, scripted(AXES, t=broken), status=1)
    assert "command-two/t: two is not compared with one: one came to 'failed' at its boot 1" in done.stdout
    assert {test: result.verdict for test, result in found(tmp_path).items()} == {
        "command-one/t": "failed",
        "command-two/t": "passed",
    }
    assert sorted(order(tmp_path))[:2] == ["command-one", "command-two"]
    assert len(order(tmp_path)) <= 3


def test_a_failure_that_only_comes_later_is_the_tests_verdict(tmp_path: Path) -> None:
    later = 'echo "$1" >> "$0".log; [ "$(grep -c two "$0".log)" -ge 5 ] && exit 3; echo fine'
    fields = {"args": ["{version}"], "pair": "version", "expect": {"console": ["fine"]}}
    log = str(tmp_path / "boots")
    test = {**fields, "runner": {"command": ["sh", "-c", later, log, "{args}"]}}
    done = ran(tmp_path, scripted(AXES, t=test), status=1)
    assert "two is not compared with one: two came to 'failed' at its boot 5" in done.stdout
    assert found(tmp_path)["command-two/t"].verdict == "failed"


def test_a_build_that_fails_takes_only_its_own_partner_with_it(tmp_path: Path) -> None:
    builds = {"b": {"run": '[ "$VERSION" = one ] && echo > "$OUT/k"'}}
    matrix = {**scripted(AXES, t=counting(unikernel="k", build="b", pair="version")), "builds": builds}
    done = ran(tmp_path, matrix, status=1)
    assert "command-one/t: one is not compared: no test with another version ran with it" in done.stdout
    assert order(tmp_path) == ["command-one"]
    assert found(tmp_path)["command-two/t"].verdict == "error"


def test_what_was_cut_short_is_begun_anew_by_resume(tmp_path: Path) -> None:
    hold = 'echo "$1" >> "$0"; [ "$(wc -l < "$0")" = 7 ] && { echo held; sleep 300; }; echo fine; echo n=100'
    test = {**counting(pair={"axis": "version", "of": "n", "most": 20}), "runner": {}}
    test["runner"]["command"] = ["sh", "-c", hold, str(tmp_path / "boots"), "{args}"]
    write_matrix(tmp_path, scripted(AXES, t=test))
    with started("run", "--engine", "host", "-v", cwd=tmp_path) as process:
        assert process.stdout
        assert any("held" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert [result.verdict for result in found(tmp_path).values()] == ["skipped", "skipped"]
    done = bootmatrix("run", "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (told,) = findings(tmp_path)
    assert (told.verdict, len(order(tmp_path))) == ("same", 7 + 2 * (told.boots + 2))


def test_reports_have_what_came_of_it(tmp_path: Path) -> None:
    ran(tmp_path, scripted(AXES, t=counting(pair={"axis": "version", "of": "n", "most": 20})))
    latest = tmp_path / "out/latest"
    told = json.loads((latest / "report.json").read_text())["results"]
    jsonschema.validate(json.loads((latest / "report.json").read_text()), json.loads(SCHEMA.read_text()))
    (pair,) = [each for result in told for each in result.get("pairs", [])]
    assert (pair["base"], pair["value"], pair["name"], pair["verdict"]) == ("one", "two", "n", "more")
    assert "against one, two has 5.0% more n" in (latest / "summary.md").read_text()
    bootmatrix("report", "latest", "--format", "junit=j.xml", "--set", "junit.dialect=pytest", cwd=tmp_path)
    assert 'name="pair.version.n" value="against one, two has 5.0% more n"' in (tmp_path / "j.xml").read_text()


def test_compare_takes_what_pairs_say(tmp_path: Path) -> None:
    ran(tmp_path, scripted(AXES, t=counting(pair={"axis": "version", "of": "n", "most": 20})))
    for values, said in ((("one", "two"), "+5.0%"), (("two", "one"), "-4.8%")):
        done = bootmatrix("compare", "--axis", "version", *values, "--format", "json", cwd=tmp_path)
        (measure,) = [each for each in json.loads(done.stdout)["measures"] if each["name"] == "n"]
        (row,) = measure["rows"]
        assert (row["shift"]["real"], f"{row['shift']['change']:+.1%}") == (True, said)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--pair", "vresion"), "--pair: there is no axis or parameter 'vresion'\n    did you mean 'version'?"),
        (("--pair", "backend"), "--pair: backend has only one value, command"),
        (("--pair", "version", "--shard", "1/2"), "--pair measures everything on one host, so it cannot be combined"),
        (("--pair", "version", "--reuse"), "--pair measures everything on one host, so it cannot be combined"),
        (("--pair", "version", "--compare", "version"), "--compare boots each test once, --pair as often as needed"),
        (("--pair", "version", "--resume"), "no selection, --shard, --compare, --pair, --box or --failed"),
    ],
)
def test_what_cannot_be_paired_is_said(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    done = ran(tmp_path, scripted(AXES, t=counting()), *args, status=2)
    assert said in done.stderr, done.stderr
