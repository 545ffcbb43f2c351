"""Control groups as the kernel shows them, in folders that look the same."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from bootmatrix.places import quota

if TYPE_CHECKING:
    from pathlib import Path

FREE = float(len(os.sched_getaffinity(0)))


def found(folder: Path, cgroup: str, files: dict[str, str]) -> float:
    """For this process, whose affinity counts, too."""
    proc, groups = folder / "proc", folder / "groups"
    (proc / str(os.getpid())).mkdir(parents=True)
    (proc / str(os.getpid()) / "cgroup").write_text(cgroup)
    for name, text in files.items():
        (groups / name).parent.mkdir(parents=True, exist_ok=True)
        (groups / name).write_text(text)
    return quota.processors(os.getpid(), proc, groups)


@pytest.mark.parametrize(
    ("cgroup", "files", "processors"),
    [
        ("0::/\n", {}, FREE),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "max 100000\n"}, FREE),
        ("0::/a/b\n", {"a/b/cpu.max": "50000 100000\n", "a/cpu.max": "max 100000\n"}, 0.5),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "25000 100000\n"}, 0.25),
        ("0::/a\n", {"a/cpu.max": "9000000 100000\n"}, FREE),
        ("0::/docker/x\n", {"cpu.max": "10000 100000\n"}, 0.1),  # in a container that sees its own group alone
        ("0::/../x\n", {"cpu.max": "10000 100000\n", "../x/cpu.max": "1 100000\n"}, 0.1),
        ("1:cpu,cpuacct:/a\n", {"cpu,cpuacct/a/cpu.cfs_quota_us": "-1", "cpu,cpuacct/a/cpu.cfs_period_us": "1"}, FREE),
        ("1:cpu:/a\n0::/\n", {"cpu/a/cpu.cfs_quota_us": "20000", "cpu/a/cpu.cfs_period_us": "100000"}, 0.2),
        ("1:cpuset:/a\n", {"cpuset/a/cpu.cfs_quota_us": "20000", "cpuset/a/cpu.cfs_period_us": "100000"}, FREE),
        ("0::/a\n", {"unified/a/cpu.max": "30000 100000\n"}, 0.3),
        ("0::/a\n", {"a/cpu.max": "nonsense\n"}, FREE),
    ],
)
def test_the_least_of_all_quotas_and_of_the_affinity_counts(
    tmp_path: Path, cgroup: str, files: dict[str, str], processors: float
) -> None:
    assert found(tmp_path, cgroup, files) == processors


def test_a_process_has_the_processors_of_its_affinity() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        assert quota.processors(process.pid) <= 1
        process.kill()
    assert 0 < quota.processors(process.pid) <= FREE  # it is gone
