"""Line protocol: each verdict, measure and sample once, under names that no guest can make into other lines."""

from __future__ import annotations

import functools
import itertools
import math
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings, strategies as st
from reports.examples import EVIL, ROOT, STARTED, attempt, every, report, result, run, written

from bootmatrix import plugins
from bootmatrix.errors import UserError
from bootmatrix.model import VERDICTS, Measure, PairFinding, PairVerdict
from reports import lines

if TYPE_CHECKING:
    from bootmatrix.model import Run

BEGAN = 10**9 * round(datetime.fromisoformat(STARTED).timestamp() * 1000) // 1000
TEXTS = st.text(max_size=300) | st.text(st.sampled_from(' \\,="\n\r\t\0\x1b\x85\u2028\ud800é😀a#'), max_size=20)


def told(made: Run, folder: Path, **options: Any) -> list[lines.Line]:
    target = folder / "made.lp"
    plugins.make_report("influx", options, ROOT / "docs").write(made, folder, target)
    return lines.read(target.read_bytes())


def of(measurement: str, made: list[lines.Line]) -> list[lines.Line]:
    return [line for line in made if line.measurement == f"bootmatrix_{measurement}"]


def sampled(folder: Path, *texts: str, guest: str = "", **more: Any) -> Run:
    """A run of one test whose only attempt has files of these texts."""
    names = []
    for number, text in enumerate(texts):
        kind = "usage" if text.startswith("seconds,cpu") else "series"
        names.append(f"consoles/{guest}{number}.{kind}.csv")
        (folder / "consoles").mkdir(exist_ok=True)
        (folder / names[-1]).write_text(text)
    own = attempt(1, "passed", files=tuple(names))
    if guest:
        own = attempt(1, "passed", guests={guest: own})
    return run(result(attempts=(own,), **more))


def test_a_test_has_its_verdict_and_its_measures_with_all_that_they_are_found_by(tmp_path: Path) -> None:
    made = told(run(result(test="hello@depth=1"), branch="main", commit="0123abcd"), tmp_path)
    tags = {
        "branch": "main",
        "commit": "0123abcd",
        "cell": "gcc-debian-12-x86_64-qemu",
        "test": "hello@depth=1",
        "host": "x86_64 2 cores",
        "accelerator": "tcg",
        "compiler": "gcc",
        "os": "debian-12",
        "arch": "x86_64",
        "backend": "qemu",
    }
    (verdict,) = of("result", made)
    assert (verdict.tags, verdict.time) == (tags, BEGAN)
    assert {name: verdict.fields[name] for name in ("number", "good", "verdict", "attempts", "seconds", "run")} == {
        "number": 0,
        "good": True,
        "verdict": "passed",
        "attempts": 1,
        "seconds": 1.5,
        "run": "20261123-230615-1230abcde",
    }
    measures = {(line.tags.pop("measure"), line.tags.pop("unit")): line for line in of("measure", made)}
    assert {name: line.fields["value"] for name, line in measures.items()} == {
        ("boot_time", "s"): 0.125,
        ("memory_peak", "B"): 64.0 * (1 << 20),
        ("unikernel_size", "B"): 123456.0,
        ("requests", "1/s"): 1200.5,
    }
    assert all((line.tags, line.time, line.fields["verdict"]) == (tags, BEGAN, "passed") for line in measures.values())


def test_the_run_has_its_counts(tmp_path: Path) -> None:
    made = told(run(*every(), result(test="b"), branch="main", interrupted=True), tmp_path)
    (line,) = of("run", made)
    assert (line.tags, line.time) == ({"branch": "main"}, BEGAN)
    wanted = {"total": 12, "passed": 2, "timed_out": 1, "interrupted": True, "partial": False, "seconds": 83.4}
    assert {name: line.fields[name] for name in wanted} == wanted


def test_a_worse_verdict_is_a_higher_number_and_good_ones_are_the_lowest(tmp_path: Path) -> None:
    found = of("result", told(run(*every()), tmp_path))
    numbers = {int(line.fields["number"]): line.fields["good"] for line in found}
    assert len(numbers) == len(found) == len(VERDICTS)
    assert max(number for number, good in numbers.items() if good) < min(n for n, good in numbers.items() if not good)
    table = dict(
        re.findall(r"^\| ([0-9]+) \| `([a-z ]+)` \|$", (ROOT / "docs/monitoring.md").read_text(), re.MULTILINE)
    )
    assert {str(line.fields["number"]): line.fields["verdict"] for line in found}.items() <= table.items()


def test_the_commit_may_be_a_field(tmp_path: Path) -> None:
    made = told(run(replace(result(), pairs=(PAIR,)), commit="0123abcd"), tmp_path, commit="field")
    assert len(of("pair", made)) == 1
    assert {line.fields["commit"] for line in made} == {"0123abcd"}
    assert not any("commit" in line.tags for line in made)
    with pytest.raises(UserError, match="the commit cannot be 'label' in line protocol"):
        plugins.make_report("influx", {"commit": "label"}, ROOT / "docs")


def test_what_was_sampled_has_its_own_times(tmp_path: Path) -> None:
    usage = "seconds,cpu_seconds,memory_bytes,memory_kind,guest_bytes\n1.5,0.25,4096,pss,\n2.000001,0.5,8192,pss,1024\n"
    series = "seconds,name,value\n0.5,live words,100\n1.5,live words,2e3\n"
    found = of("series", told(sampled(tmp_path, usage, series), tmp_path))
    assert [(line.tags["measure"], line.fields["value"], line.time) for line in found] == [
        ("cpu_seconds", 0.25, BEGAN + 1_500_000_000),
        ("cpu_seconds", 0.5, BEGAN + 2_000_001_000),
        ("memory_bytes", 4096.0, BEGAN + 1_500_000_000),
        ("memory_bytes", 8192.0, BEGAN + 2_000_001_000),
        ("guest_bytes", 1024.0, BEGAN + 2_000_001_000),
        ("live words", 100.0, BEGAN + 500_000_000),
        ("live words", 2000.0, BEGAN + 1_500_000_000),
    ]
    assert {line.tags["test"] for line in found} == {"hello"}


def test_the_series_of_a_guest_among_others_have_its_name(tmp_path: Path) -> None:
    made = sampled(tmp_path, "seconds,cpu_seconds\n1,2\n", guest="client")
    assert [line.tags["measure"] for line in of("series", told(made, tmp_path))] == ["client.cpu_seconds"]


def test_a_reused_pass_was_measured_in_another_run(tmp_path: Path) -> None:
    made = told(sampled(tmp_path, "seconds,cpu_seconds\n1,2\n", reused="20261120-000000-0000"), tmp_path)
    assert [line.measurement for line in made] == ["bootmatrix_run", "bootmatrix_result"]


def test_a_starved_boot_is_not_measured(tmp_path: Path) -> None:
    made = run(result(attempts=(attempt(1, "error", starved=True), attempt(2, "passed"))))
    assert of("measure", told(made, tmp_path)) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "seconds,name,value",
        "seconds,name,value\nnan,a,1\n-1,a,1\n1e300,a,1\n1,,1\n1,a\n1,a,1,1\n1,a,inf\n1,a,b\n",
        "seconds,name,value\n" + '"' * 200_000,
    ],
)
def test_samples_that_are_none_are_left_out(text: str, tmp_path: Path) -> None:
    assert of("series", told(sampled(tmp_path, text), tmp_path)) == []


def test_samples_go_forward_in_time(tmp_path: Path) -> None:
    rows = "seconds,name,value\n2,a,1\n1,a,2\n2,a,3\n2.0000001,a,4\n3,a,5\n"
    assert [line.fields["value"] for line in of("series", told(sampled(tmp_path, rows), tmp_path))] == [1.0, 5.0]


def test_no_more_series_than_a_database_can_have(tmp_path: Path) -> None:
    rows = "seconds,name,value\n" + "".join(f"1,n{number},1\n" for number in range(3000))
    assert len(of("series", told(sampled(tmp_path, rows), tmp_path))) == 1024


def test_a_file_outside_of_the_run_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "1.series.csv").write_text("seconds,name,value\n1,secret,42\n")
    (folder / "2.series.csv").symlink_to(tmp_path / "1.series.csv")
    tried = attempt(1, "passed", files=("../1.series.csv", "2.series.csv", "3.series.csv", "a\0.series.csv"))
    assert of("series", told(run(result(attempts=(tried,))), folder)) == []


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
@example("a\\", "a,b=c d\\", "\ud800")
@example("a\nbootmatrix_run seconds=0 0", '"', "time")
@example(EVIL, EVIL, EVIL)
def test_no_name_makes_other_lines(first: str, second: str, axis: str) -> None:
    made = result(test=first, cell="a-b-c-d-e")
    made = replace(made, cell=second, host=first, axes={axis: first, second: second, f"{axis} ": "x", "test": "y"})
    metrics = (Measure(first, 1.0, second), Measure(second, 2.0, first))
    made = replace(made, attempts=(attempt(1, "passed", accelerator=second, metrics=metrics),))
    with TemporaryDirectory() as folder:
        found = told(run(made, commit=first, branch=second, id=first), Path(folder))
    assert len(of("run", found)) == len(of("result", found)) == 1
    assert not of("series", found)
    wanted = len({(m.name, m.unit) for m in metrics if m.name})
    assert len(of("measure", found)) == 3 + wanted, "each has a name of its own"


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXTS.filter(bool), min_size=2, max_size=4, unique=True))
@example(["a\\", "a/"])
@example(["a\x01", "a\x02"])
@example(["x" * 300, "x" * 301])
def test_two_tests_are_never_told_as_one(names: list[str]) -> None:
    with TemporaryDirectory() as folder:
        found = of("result", told(run(*(result(test=name) for name in names)), Path(folder)))
    assert len({line.tags["test"] for line in found}) == len(names)


@pytest.mark.parametrize("axis", ["time", "value", "branch", "_field", "1st", "job", "ocaml-version", "é"])
def test_an_axis_has_a_name_of_its_own(axis: str, tmp_path: Path) -> None:
    made = replace(result(), axes={axis: "mine", "backend": "qemu"})
    (line,) = of("result", told(run(made, branch="main"), tmp_path))
    (name,) = (name for name, value in line.tags.items() if value == "mine")
    assert name == {"ocaml-version": "ocaml_version", "é": "axis__"}.get(axis, f"axis_{axis}")


def test_a_time_that_is_none_leaves_the_line_without(tmp_path: Path) -> None:
    made = replace(run(result(started="")), started="9999-12-31T23:59:59Z")
    assert [line.time for line in told(made, tmp_path)] == [None] * 6


def test_many_results_cost_little(tmp_path: Path) -> None:
    import time  # noqa: PLC0415

    made = run(*itertools.repeat(result(), 5000))
    measure = functools.partial(written, made=made, folder=tmp_path)
    times = {}
    for name in ("influx", "json"):
        report(name)
        began = time.process_time()
        measure(name)
        times[name] = time.process_time() - began
    assert times["influx"] < 2 * times["json"]


PAIR = PairFinding(
    "ocaml", "4.14", "5.3", PairVerdict.MORE, "", "memory_peak", "B", "lower", 1e7, 1.26e7, 0.26, 0.24, 0.27, 0.02, 12
)


def test_a_pair_is_told_with_its_interval_and_one_without_is_not(tmp_path: Path) -> None:
    unknown = replace(PAIR, name="boot_time", verdict=PairVerdict.UNKNOWN, low=0.0, high=0.0)
    blank = PairFinding("ocaml", "4.14", "5.3", PairVerdict.UNKNOWN, "no partner")
    endless = replace(PAIR, name="endless", high=math.inf)
    made = replace(result(test="t"), pairs=(PAIR, unknown, blank, endless, replace(PAIR, name=EVIL)))
    first, second = of("pair", told(run(made), tmp_path))
    assert first.time == second.time == BEGAN
    assert isinstance(first.fields["boots"], int)
    assert {key: first.tags[key] for key in ("axis", "base", "measure", "unit", "test")} == {
        "axis": "ocaml",
        "base": "4.14",
        "measure": "memory_peak",
        "unit": "B",
        "test": "t",
    }
    assert first.fields == {
        "before": 1e7,
        "after": 1.26e7,
        "change": 0.26,
        "low": 0.24,
        "high": 0.27,
        "boots": 12,
        "verdict": "more",
    }
    assert "\n" not in second.tags["measure"]
    assert of("pair", told(run(replace(made, reused="earlier")), tmp_path)) == []
