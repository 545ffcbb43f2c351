"""KVM counts as usable only after a guest has booted on it: fake QEMUs on PATH that live and die as real ones do."""

from __future__ import annotations

import platform
from pathlib import Path

import microvms
import pytest

from bootmatrix import host, plugins
from bootmatrix.boots import starvation
from bootmatrix.boots.accelerator import Accelerators
from bootmatrix.boots.tenders import Found, Tenders, Unavailable
from bootmatrix.errors import UserError
from bootmatrix.model import Probe
from bootmatrix.places import strain
from bootmatrix.places.here.place import LocalPlace
from bootmatrix.places.strain import Strain

ARCH = platform.machine()
DIES = """echo "qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69" >&2; kill -ABRT $$"""


@pytest.fixture(autouse=True)
def _kvm_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(host, "kvm_trouble", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")


def fake(folder: Path, script: str) -> Path:
    program = folder / "qemu-system-x86_64"
    program.write_text(
        f'#!/bin/sh\ntest "$1" = --version && {{ echo QEMU 1; exit 0; }}\necho x >> {folder}/calls\n{script}\n'
    )
    program.chmod(0o755)
    return program


def choose(program: Path, accel: str = "auto", arch: str = "x86_64") -> tuple[str, str]:
    runner = plugins.make_runner("qemu", {"accel": accel}, Path(__file__).parent)
    found = Found(str(program), "QEMU 1")
    choice = Accelerators().choose(LocalPlace(), runner, runner.tender(arch), found, arch)
    return choice.name, choice.reason


def test_kvm_is_chosen_after_a_guest_has_booted_on_it(tmp_path: Path) -> None:
    assert choose(fake(tmp_path, "exit 85")) == ("kvm", "a test guest booted on KVM")


def test_a_qemu_that_dies_on_kvm_boots_under_tcg_and_says_why(tmp_path: Path) -> None:
    name, reason = choose(fake(tmp_path, DIES))
    assert name == "tcg"
    assert "SIGABRT" in reason
    assert "failed to set MSR 0x10a" in reason


@pytest.mark.parametrize("status", [0, 1, 3])
def test_only_the_probes_own_status_is_proof(tmp_path: Path, status: int) -> None:
    assert choose(fake(tmp_path, f"exit {status}"))[0] == "tcg"


@pytest.mark.parametrize(("found", "chosen"), [(Strain(0.0, 9.0), "kvm"), (Strain(0.0, 0.0), "tcg")])
def test_a_probe_that_others_kept_from_running_is_given_more_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Strain, chosen: str
) -> None:
    monkeypatch.setattr(strain, "of", lambda _root, **_more: found)
    short = Probe({}, ("qemu-system-x86_64",), 85, seconds=0.3)
    runner_type = type(plugins.make_runner("qemu", {}, Path(__file__).parent))
    monkeypatch.setattr(runner_type, "probe", lambda _self, _arch, _accel: short)
    monkeypatch.setattr(starvation, "LONGEST", 200)
    program = fake(tmp_path, f"test $(wc -l < {tmp_path}/calls) = 2 && exit 85; sleep 60")
    assert choose(program)[0] == chosen


def test_a_qemu_that_stays_paused_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = Probe({}, ("qemu-system-x86_64",), 85, seconds=0.3)
    runner_type = type(plugins.make_runner("qemu", {}, Path(__file__).parent))
    monkeypatch.setattr(runner_type, "probe", lambda _self, _arch, _accel: short)
    name, reason = choose(fake(tmp_path, "sleep 60"))
    assert name == "tcg"
    assert "did not finish on it within" in reason


def test_a_forced_kvm_that_does_not_work_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not boot on it"):
        choose(fake(tmp_path, DIES), accel="kvm")


def test_forced_tcg_is_not_probed(tmp_path: Path) -> None:
    assert choose(fake(tmp_path, DIES), accel="tcg")[0] == "tcg"
    assert not (tmp_path / "calls").exists()


def test_another_architecture_is_never_booted_on_kvm(tmp_path: Path) -> None:
    assert choose(fake(tmp_path, "exit 85"), arch="aarch64") == ("tcg", "KVM runs x86_64 guests here, not aarch64")


def test_a_probe_is_booted_once_until_the_host_boots_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = fake(tmp_path, DIES)
    first, second = choose(program), choose(program)
    assert first == second
    assert (tmp_path / "calls").read_text() == "x\n"
    monkeypatch.setattr(host, "boot_id", lambda: "another boot")
    choose(program)
    assert (tmp_path / "calls").read_text() == "x\nx\n"


def test_a_spoilt_cache_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "probes.json").write_text("[1, 2")
    assert choose(fake(tmp_path, "exit 85"))[0] == "kvm"


@pytest.mark.qemu
def test_the_probe_guest_really_runs_64_bit_code(tmp_path: Path) -> None:
    """Under TCG, since a QEMU that cannot use this host's KVM proves nothing about the guest."""
    import subprocess  # noqa: PLC0415

    runner = plugins.make_runner("qemu", {}, Path(__file__).parent)
    probe = runner.probe("x86_64", "kvm")
    assert probe is not None
    kernel = probe.files["kernel"]
    assert isinstance(kernel, bytes)
    (tmp_path / "kernel").write_bytes(kernel)
    words = [{"{kernel}": str(tmp_path / "kernel"), "kvm": "tcg", "host": "max"}.get(word, word) for word in probe.argv]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert done.returncode == probe.status


def test_a_tender_is_looked_for_in_the_build_then_the_prefix_then_the_place(tmp_path: Path) -> None:
    runner = plugins.make_runner("solo5-spt", {"tender_in_build": "tenders/solo5-spt"}, Path(__file__).parent)
    with pytest.raises(UserError, match="the build's output does not contain the tender tenders/solo5-spt"):
        Tenders().find(LocalPlace(), runner, runner.tender(ARCH), tmp_path)
    built = tmp_path / "tenders" / "solo5-spt"
    built.parent.mkdir()
    built.write_text("#!/bin/sh\necho 'ABI version 7' >&2\n")
    built.chmod(0o755)
    found = Tenders().find(LocalPlace(), runner, runner.tender(ARCH), tmp_path)
    assert (found.program, found.version) == (str(built), "ABI version 7")


def test_a_tender_that_is_nowhere_is_named_with_all_places(tmp_path: Path) -> None:
    runner = plugins.make_runner(
        "command", {"command": ["no-such-tender"], "prefix": str(tmp_path)}, Path(__file__).parent
    )
    with pytest.raises(Unavailable, match=f"this host has no no-such-tender, and none below {tmp_path}/bin"):
        Tenders().find(LocalPlace(), runner, runner.tender(ARCH), None)


def test_what_may_run_on_kvm_is_known_without_a_probe_and_better_after_one(tmp_path: Path) -> None:
    runner, place = plugins.make_runner("qemu", {}, Path(__file__).parent), LocalPlace()
    tender = runner.tender("x86_64")
    assert Accelerators().may_use_kvm(place, tender, "x86_64")
    assert not Accelerators().may_use_kvm(place, tender, "aarch64")
    assert not Accelerators().may_use_kvm(
        place, plugins.make_runner("qemu", {"accel": "tcg"}, Path(__file__).parent).tender("x86_64"), "x86_64"
    )
    choose(fake(tmp_path, DIES))
    assert not Accelerators().may_use_kvm(place, tender, "x86_64")
    another = LocalPlace()
    another.name = "another image"
    assert Accelerators().may_use_kvm(another, tender, "x86_64")


def test_a_cache_that_takes_nothing_costs_only_another_probe(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    assert choose(fake(tmp_path, "exit 85"))[0] == "kvm"


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        ("", ""),
        ("exit 0", "status 0, nothing printed"),  # as it ends after a triple fault
        ("echo 64-bit; exit 1", "(status 1: no message)"),
        ("echo 64-bit; kill -KILL $$", "(SIGKILL: no message)"),
    ],
)
def test_a_status_that_says_nothing_is_no_proof(tmp_path: Path, script: str, trouble: str) -> None:
    program = tmp_path / "firecracker"
    plays = f'exec {microvms.FAKES["firecracker"]} "$@"'
    program.write_text(f"#!/bin/sh\n{script or plays}\n")
    program.chmod(0o755)
    runner, found = plugins.make_runner("firecracker", {}, Path(__file__).parent), Found(str(program), "1")
    if not trouble:
        assert Accelerators().choose(LocalPlace(), runner, runner.tender("x86_64"), found, "x86_64").name == "kvm"
        return
    with pytest.raises(Unavailable) as caught:
        Accelerators().choose(LocalPlace(), runner, runner.tender("x86_64"), found, "x86_64")
    assert trouble in str(caught.value)
