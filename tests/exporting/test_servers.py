"""Runs sent to a real InfluxDB, and by a real Pushgateway to a real Prometheus: what they say of them afterwards."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from reports.examples import EVIL, attempt, demo, hostile, result, run, stored
from reports.test_influx import sampled
from servers import fetch, influxql, made_database, promql, until
from support import bootmatrix

from bootmatrix import results
from bootmatrix.model import VERDICTS, Measure

if TYPE_CHECKING:
    from pathlib import Path

    from bootmatrix.model import Run

NUMBER = itertools.count()


def kept(folder: Path, made: Run) -> Path:
    """A folder with a run in out/."""
    out = folder / "out/1"
    out.mkdir(parents=True, exist_ok=True)
    stored(made, out)
    return folder


def database(url: str) -> str:
    name = f"d{next(NUMBER)}"
    made_database(url, name)
    return name


def sent(project: Path, *args: str) -> str:
    done = bootmatrix("export", "1", *args, cwd=project)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.influxdb
def test_influxdb_has_what_the_results_have(influxdb: str, tmp_path: Path) -> None:
    (tmp_path / "out/1").mkdir(parents=True)
    made = sampled(tmp_path / "out/1", "seconds,cpu_seconds,memory_bytes\n1,0.5,4096\n2,1.5,8192\n")
    more = [result("failed", test="b"), result("skipped", test="c")]
    kept(tmp_path, replace(made, results=(*made.results, *more), branch="main", commit="0123abcd"))
    name = database(influxdb)
    to = f"{influxdb}/write?db={name}"
    assert sent(tmp_path, "influx", "--to", to) == f"sent to {to}: 16 lines of run 20261123-230615-1230abcde\n"
    first = influxql(influxdb, name, "SELECT COUNT(*) FROM /.*/ GROUP BY *")
    sent(tmp_path, "influx", "--to", to)
    assert influxql(influxdb, name, "SELECT COUNT(*) FROM /.*/ GROUP BY *") == first, "sent again, all takes its place"
    verdicts = influxql(influxdb, name, "SELECT number, verdict FROM bootmatrix_result GROUP BY test, commit")
    assert [(row["test"], row["number"], row["verdict"], row["commit"]) for row in verdicts] == [
        ("b", 13, "failed", "0123abcd"),
        ("c", 5, "skipped", "0123abcd"),
        ("hello", 0, "passed", "0123abcd"),
    ]
    slow = (
        "SELECT value FROM bootmatrix_measure WHERE measure = 'boot_time' AND backend = 'qemu' AND verdict = 'passed'"
    )
    times = influxql(influxdb, name, slow)
    assert [(row["time"], row["value"]) for row in times] == [("2026-11-23T23:06:15.123Z", 0.125)]
    memory = influxql(influxdb, name, "SELECT value FROM bootmatrix_series WHERE measure = 'memory_bytes'")
    assert [(row["time"], row["value"]) for row in memory] == [
        ("2026-11-23T23:06:16.123Z", 4096),
        ("2026-11-23T23:06:17.123Z", 8192),
    ]


@pytest.mark.influxdb
def test_influxdb_takes_every_line_whatever_names_there_are(influxdb: str, tmp_path: Path) -> None:
    out = tmp_path / "out/1"
    out.mkdir(parents=True)
    metrics = (Measure("a\\", 1e300, "b c"), Measure('"', -5e-324, ","), Measure("\ud800", 0.0, "\n"))
    odd = [result(test=name, attempts=(attempt(1, "passed", metrics=metrics),)) for name in ("a\\b", "a, b=c", "é 😀")]
    evil = [replace(hostile(out, verdict), test=f"{number}{EVIL}") for number, verdict in enumerate(VERDICTS)]
    kept(tmp_path, run(*odd, *evil, branch=EVIL, commit="0123", axes=("compiler", EVIL)))
    name = database(influxdb)
    sent(tmp_path, "influx", "--to", f"{influxdb}/write?db={name}")
    (total,) = influxql(influxdb, name, "SELECT COUNT(number) FROM bootmatrix_result")
    assert total["count"] == len(odd) + len(VERDICTS)
    (total,) = influxql(influxdb, name, "SELECT COUNT(value) FROM bootmatrix_measure WHERE cell =~ /^gcc/")
    assert total["count"] == len(odd) * (3 + len(metrics))
    tests = influxql(influxdb, name, "SHOW TAG VALUES FROM bootmatrix_result WITH KEY = test WHERE cell =~ /^gcc/")
    assert {"a, b=c", "é 😀"} < {row["value"] for row in tests}


@pytest.mark.influxdb
def test_many_lines_go_in_several_requests(influxdb: str, tmp_path: Path) -> None:
    kept(tmp_path, run(*(result(test=f"t{number}") for number in range(3000))))
    name = database(influxdb)
    assert ": 15001 lines of" in sent(tmp_path, "influx", "--to", f"{influxdb}/write?db={name}").replace(",", "")
    assert influxql(influxdb, name, "SELECT COUNT(number) FROM bootmatrix_result")[0]["count"] == 3000


@pytest.mark.influxdb
def test_a_database_that_is_not_there_is_told(influxdb: str, tmp_path: Path) -> None:
    kept(tmp_path, run(result()))
    done = bootmatrix("export", "1", "influx", "--to", f"{influxdb}/write?db=none", cwd=tmp_path)
    assert done.returncode == 3
    assert 'it answers 404: {"error":"database not found: \\"none\\""}' in done.stderr
    assert "check the path, the database or the bucket that --to names" in done.stderr


@pytest.mark.prometheus
def test_prometheus_has_what_the_results_have(pushgateway: str, prometheus: str, tmp_path: Path) -> None:
    (tmp_path / "out/1").mkdir(parents=True)
    made = demo(tmp_path / "out/1")
    assert made.results
    told = results.load(tmp_path / "out/1/results.json")
    said = sent(tmp_path, "openmetrics", "--to", pushgateway)
    assert said.startswith(f"sent to {pushgateway}: ")
    until(lambda: promql(prometheus, 'bootmatrix_test_verdict{branch="main"}'))
    verdicts = promql(prometheus, 'bootmatrix_test_verdict{branch="main"}')
    assert {(m["cell"], m["test"], m["verdict"]) for m, _ in verdicts} == {
        (each.cell, each.test, each.verdict) for each in told.results
    }
    failed = sum(not each.good for each in told.results)
    assert promql(prometheus, 'count(bootmatrix_test_verdict{branch="main"} >= 10)') == [({}, float(failed))]
    times = promql(prometheus, 'max by (backend) (bootmatrix_measure{measure="boot_time",branch="main"})')
    assert {labels["backend"] for labels, _ in times} == {each.values["backend"] for each in told.results}


@pytest.mark.prometheus
def test_a_push_takes_the_place_of_the_last_one_of_its_branch(pushgateway: str, tmp_path: Path) -> None:
    for branch, test in (("feature/a b", "old"), ("feature/a b", "new"), ("other", "another"), ("", "none")):
        kept(tmp_path, run(result(test=test), branch=branch))
        sent(tmp_path, "openmetrics", "--to", pushgateway)
    lines = [line for line in fetch(f"{pushgateway}/metrics").decode().splitlines() if "_test_verdict{" in line]
    assert {name for name in ("old", "new", "another", "none") if any(f'test="{name}"' in line for line in lines)} == {
        "new",
        "another",
        "none",
    }
    assert any('branch="feature/a b"' in line for line in lines)


@pytest.mark.prometheus
def test_a_pushgateway_takes_all_names(pushgateway: str, tmp_path: Path) -> None:
    out = tmp_path / "out/1"
    out.mkdir(parents=True)
    evil = [replace(hostile(out, verdict), test=f"{number}{EVIL}") for number, verdict in enumerate(VERDICTS)]
    kept(
        tmp_path, run(*evil, result(test="a\\"), result(test="a/"), branch=EVIL, commit="0123", axes=("compiler", EVIL))
    )
    assert ": 79 numbers of" in sent(tmp_path, "openmetrics", "--to", pushgateway)


@pytest.mark.prometheus
def test_old_runs_can_be_filled_in(tmp_path: Path) -> None:
    import subprocess  # noqa: PLC0415

    (tmp_path / "out/1").mkdir(parents=True)
    kept(tmp_path, sampled(tmp_path / "out/1", "seconds,cpu_seconds\n1,0.5\n2,1.5\n"))
    asked = ("report", "1", "--format", "openmetrics=all.txt", "--set", "openmetrics.times=true")
    assert bootmatrix(*asked, cwd=tmp_path).returncode == 0
    promtool = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "all.txt", "data"]
    done = subprocess.run(promtool, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "data").glob("*/index"))
