"""OpenMetrics, as the strictest reader there is takes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from reports.examples import EVIL, ROOT, attempt, every, result, run
from reports.test_influx import PAIR, TEXTS, sampled

from bootmatrix import plugins
from bootmatrix.model import Measure

if TYPE_CHECKING:
    from prometheus_client.samples import Sample

    from bootmatrix.model import Run


def told(made: Run, folder: Path, **options: Any) -> dict[str, list[Sample]]:
    """The samples of each family."""
    target = folder / "made.txt"
    plugins.make_report("openmetrics", options, ROOT / "docs").write(made, folder, target)
    text = target.read_bytes().decode()
    assert text.endswith("# EOF\n")
    found = {family.name: list(family.samples) for family in text_string_to_metric_families(text)}  # type: ignore[no-untyped-call]
    labels = [
        (each.name, *sorted(each.labels.items()), str(each.timestamp)) for family in found.values() for each in family
    ]
    assert len(set(labels)) == len(labels), "each number is told once"
    return found


def test_a_test_has_its_verdict_and_its_measures_with_all_that_they_are_found_by(tmp_path: Path) -> None:
    found = told(run(result(), branch="main", commit="0123abcd"), tmp_path)
    labels = {
        "branch": "main",
        "commit": "0123abcd",
        "cell": "gcc-debian-12-x86_64-qemu",
        "test": "hello",
        "host": "x86_64 2 cores",
        "accelerator": "tcg",
        "compiler": "gcc",
        "os": "debian-12",
        "arch": "x86_64",
        "backend": "qemu",
    }
    (verdict,) = found["bootmatrix_test_verdict"]
    assert (verdict.labels, verdict.value, verdict.timestamp) == ({**labels, "verdict": "passed"}, 0.0, None)
    assert [(each.labels, each.value) for each in found["bootmatrix_measure"]] == [
        ({**labels, "measure": "boot_time", "unit": "s"}, 0.125),
        ({**labels, "measure": "memory_peak", "unit": "B"}, 64.0 * (1 << 20)),
        ({**labels, "measure": "unikernel_size", "unit": "B"}, 123456.0),
        ({**labels, "measure": "requests", "unit": "1/s"}, 1200.5),
    ]


def test_a_pair_has_its_difference_and_the_ends_of_its_interval(tmp_path: Path) -> None:
    found = told(run(replace(result(), pairs=(PAIR, replace(PAIR, name=EVIL)))), tmp_path)
    own = {"axis": "ocaml", "base": "4.14", "measure": "memory_peak", "unit": "B"}
    (change,) = [each for each in found["bootmatrix_pair_change"] if own.items() <= each.labels.items()]
    assert (change.value, change.labels["verdict"], change.labels["test"]) == (0.26, "more", "hello")
    ends = [each for end in ("low", "high") for each in found[f"bootmatrix_pair_{end}"]]
    assert [each.value for each in ends if own.items() <= each.labels.items()] == [0.24, 0.27]
    assert not any("verdict" in each.labels for each in ends), "an end is one series, whatever the verdict becomes"
    timed = told(run(replace(result(), pairs=(PAIR,))), tmp_path, times=True)
    assert {at(each) for name in ("change", "low", "high") for each in timed[f"bootmatrix_pair_{name}"]} == {
        1795475175.123
    }


def test_the_run_has_its_counts(tmp_path: Path) -> None:
    found = told(run(*every(), result(test="b"), branch="main"), tmp_path)
    counts = {each.labels["verdict"]: each.value for each in found["bootmatrix_run_results"]}
    assert (counts["passed"], counts["timed out"], len(counts)) == (2.0, 1.0, 11)
    (info,) = found["bootmatrix_run_info"]
    assert info.labels == {"branch": "main", "run": "20261123-230615-1230abcde", "version": "0.1"}
    assert [each.value for each in found["bootmatrix_run_seconds"]] == [83.4]
    assert [each.value for each in found["bootmatrix_run_start_timestamp_seconds"]] == [1795475175.123]


def at(sample: Sample) -> float:
    return float(str(sample.timestamp))


def test_with_times_there_is_what_was_sampled(tmp_path: Path) -> None:
    made = sampled(tmp_path, "seconds,cpu_seconds,memory_bytes\n1,0.5,4096\n2,1.5,8192\n")
    assert "bootmatrix_series" not in told(made, tmp_path)
    found = told(made, tmp_path, times=True)
    assert [(each.labels["measure"], each.value, at(each)) for each in found["bootmatrix_series"]] == [
        ("cpu_seconds", 0.5, 1795475176.123),
        ("cpu_seconds", 1.5, 1795475177.123),
        ("memory_bytes", 4096.0, 1795475176.123),
        ("memory_bytes", 8192.0, 1795475177.123),
    ]
    assert {at(each) for each in found["bootmatrix_measure"]} == {1795475175.123}


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
@example('a\\"} 1\nbootmatrix_test_verdict{test="b', "\\", "le")
@example(EVIL, EVIL, EVIL)
def test_no_name_makes_other_numbers(first: str, second: str, axis: str) -> None:
    axes = {axis: first, second: second, f"{axis} ": "x", "test": "y"}
    metrics = (Measure(first, 1.0, second), Measure(second, 2.0, first))
    tried = attempt(1, "passed", accelerator=second, metrics=metrics)
    made = [replace(result(test=name), cell=second, axes=axes, attempts=(tried,)) for name in {first, second}]
    with TemporaryDirectory() as folder:
        found = told(run(*made, commit=first, branch=second, id=first), Path(folder))
    assert len(found["bootmatrix_test_verdict"]) == len(made)
    assert len(found["bootmatrix_measure"]) == len(made) * (3 + len({(m.name, m.unit) for m in metrics if m.name}))
