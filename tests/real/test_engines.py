"""The same run on each container engine, in an image of the user's own, and on this host."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT
from engines import podman_service
from support import bootmatrix, write_matrix

from bootmatrix import host, results

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from podman_service(tmp_path_factory)


@pytest.fixture(
    params=[pytest.param("docker", marks=pytest.mark.docker), pytest.param("podman", marks=pytest.mark.podman)]
)
def env(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    cache = {"BOOTMATRIX_CACHE": str(tmp_path / "cache")}
    return cache if request.param == "docker" else {**cache, "DOCKER_HOST": request.getfixturevalue("podman")}


def own_image(folder: Path) -> dict[str, Any]:
    """A matrix with an image that bootmatrix does not ship."""
    images = folder / "images" / "my-os"
    images.mkdir(parents=True)
    (images / "Dockerfile").write_text(
        "ARG BASE=debian:bookworm-slim\nFROM ${BASE}\n"
        "ARG flavour\nCOPY motd /etc/motd\nRUN echo $flavour > /etc/flavour\n"
    )
    (images / "image.yaml").write_text("base: {suite: bookworm}\n")
    (images / "motd").write_text("hello from my own image\n")
    script = "cat /etc/motd /etc/flavour; cat {unikernel}; id -u"
    return {
        "axes": {"os": ["my-os"], "flavour": ["plain", "spicy"], "backend": ["command"]},
        "builds": {"it": {"run": 'echo "built for $FLAVOUR" > "$OUT/it.txt"'}},
        "tests": {
            "cat": {
                "unikernel": "it.txt",
                "runner": {"command": ["sh", "-c", script]},
                "expect": {"console": ["hello from my own image", "{flavour}", "built for {flavour}"]},
            },
            "dies": {
                "unikernel": "it.txt",
                "runner": {"command": ["sh", "-c", "kill -ABRT $$"]},
                "expect": {"outcome": "crashed"},
            },
            "slow": {
                "unikernel": "it.txt",
                "runner": {"command": ["sleep", "60"]},
                "timeout": "1 s",
                "expect": {"outcome": "hung"},
            },
        },
    }


def test_an_image_of_the_users_own_builds_and_boots(tmp_path: Path, env: dict[str, str]) -> None:
    write_matrix(tmp_path, own_image(tmp_path))
    done = bootmatrix("run", cwd=tmp_path, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    run = results.load(tmp_path / "out/latest/results.json")
    assert [r.verdict for r in run.results] == ["passed"] * 6
    assert run.host["engine"].startswith("podman" if "DOCKER_HOST" in env else "docker")
    assert "built for spicy" in by_hand(run.results[0].id.replace("plain", "spicy"), tmp_path, env)
    for tag in {result.image for result in run.results}:
        _remove(tag, env)


def by_hand(test: str, folder: Path, env: dict[str, str]) -> str:
    """What the console shows when somebody copies what `repro` prints into a shell that knows nothing of the engine."""
    done = bootmatrix("repro", test, cwd=folder, **env)
    assert done.returncode == 0, done.stderr
    booted = subprocess.run(done.stdout, shell=True, capture_output=True, text=True, check=False)
    assert booted.returncode == 0, booted.stderr
    return booted.stdout


def _remove(tag: str, env: dict[str, str]) -> None:
    command = ["podman", "--remote", f"--url={env['DOCKER_HOST']}"] if "DOCKER_HOST" in env else ["docker"]
    found = subprocess.run([*command, "inspect", "--format={{.Id}}", tag], capture_output=True, text=True, check=True)
    subprocess.run(
        [*command, "rmi", "--force", found.stdout.strip()], capture_output=True, check=True
    )  # with its marks


@pytest.mark.docker
def test_a_dockerfile_that_fails_shows_its_last_lines_and_its_log(tmp_path: Path) -> None:
    matrix = own_image(tmp_path)
    (tmp_path / "images/my-os/Dockerfile").write_text(
        "ARG BASE=debian:bookworm-slim\nFROM ${BASE}\nRUN echo the reason; exit 9\n"
    )
    write_matrix(tmp_path, matrix)
    done = bootmatrix("run", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 1
    assert "the reason" in done.stdout
    assert "image-my-os.log" in done.stdout
    assert {r.verdict for r in results.load(tmp_path / "out/latest/results.json").results} == {"error"}


@pytest.mark.qemu
def test_our_own_unikernels_boot_on_this_host_without_an_engine(tmp_path: Path) -> None:
    """Cells of another OS are skipped, with the reason."""
    env = {"DOCKER_HOST": f"unix://{tmp_path}/none", "BOOTMATRIX_CACHE": str(tmp_path / "cache")}
    select = ["compiler=gcc", "arch=x86_64", "backend=qemu", "test=hello,crash,hang,bytes"]
    done = bootmatrix("run", "--engine", "host", "--out", str(tmp_path / "out"), *select, cwd=ROOT, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    found = results.load(tmp_path / "out/latest/results.json").results
    here = [r for r in found if r.axes["os"] == host.os_name()]
    assert {r.verdict for r in here} <= {"passed"}
    assert all(host.os_name() in r.reason for r in found if r not in here)
    assert [r.verdict for r in found if r not in here] == ["skipped"] * (len(found) - len(here))


@pytest.mark.qemu
@pytest.mark.parametrize(("unavailable", "verdict", "status"), [("skip", "skipped", 0), ("error", "error", 1)])
def test_a_file_that_a_test_requires_and_this_host_lacks_is_named(
    tmp_path: Path, unavailable: str, verdict: str, status: int
) -> None:
    test = {"unikernel": "matrix.yaml", "runner": {"command": ["true"]}, "unavailable": unavailable}
    both = {"here": {**test, "requires": "/dev/null"}, "away": {**test, "requires": ["/dev/null", "/no/such/file"]}}
    write_matrix(tmp_path, {"axes": {"backend": ["command"]}, "tests": both})
    done = bootmatrix("run", "--engine", "host", cwd=tmp_path)
    here, away = results.load(tmp_path / "out/latest/results.json").results
    assert (done.returncode, here.verdict, away.verdict) == (status, "passed", verdict)
    assert "/no/such/file" in away.reason
