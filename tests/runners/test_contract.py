"""What every runner must do, whatever its backend: a new file in runners/ is tested by being there."""

from __future__ import annotations

import dataclasses
import platform
import re
from pathlib import Path

import pytest

from bootmatrix import plugins
from bootmatrix.boots import given
from bootmatrix.conformance import capabilities
from bootmatrix.errors import UserError
from bootmatrix.model import OUTCOMES, Boot, Ending, Launch, Rejected, Runner
from bootmatrix.places import devices, own

ROOT = Path(__file__).parents[2]
NAMES = plugins.names("runners", ROOT / "docs")
ARCHES = ["x86_64", "aarch64", "riscv64"]
OPTIONS: dict[str, dict[str, object]] = {"command": {"command": ["boot", "{unikernel}", "{args}"]}}
RAN = "runstate_set current_run_state 6 (prelaunch) new_state 9 (running)\n"
NOISE = "\0\x7f\ud800 Solo5: ABORT \n" * 100


def runner(name: str) -> Runner:
    return plugins.make_runner(name, OPTIONS.get(name, {}), ROOT / "docs")


def an_arch(name: str) -> str:
    """One that the backend boots here."""
    for arch in (platform.machine(), *ARCHES):
        try:
            runner(name).tender(arch)
        except Rejected:
            continue
        return arch
    pytest.skip(f"{name} boots nothing on {platform.machine()}")


ENDINGS = [
    Ending(status=status, signal=signal, console=console, tender=tender, arch="x86_64", out_of_memory=killed)
    for status, signal in [
        *((status, "") for status in range(256)),
        (None, "SIGSEGV"),
        (None, "SIGKILL"),
        (None, "SIGTERM"),
    ]
    for console in ("", NOISE)
    for tender in ("", NOISE, RAN)
    for killed in (False, True)
]


@pytest.mark.parametrize("name", NAMES)
def test_a_runner_is_a_frozen_dataclass_with_a_format(name: str) -> None:
    made = runner(name)
    assert dataclasses.is_dataclass(made)
    assert made.format
    assert hash(made) == hash(runner(name))


@pytest.mark.parametrize("name", NAMES)
def test_what_it_knows_of_ends_is_patterns_and_questions(name: str) -> None:
    made = runner(name)
    assert isinstance(made.panic, tuple)
    assert all(re.compile(expression) for expression in made.panic)
    assert all(question.endswith("?") for question in made.way_out.values())
    assert set(made.way_out) <= {"", *ARCHES}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("arch", [*ARCHES, "s390x", ""])
def test_signs_are_patterns(name: str, arch: str) -> None:
    found = runner(name).signs(arch)
    for sign in filter(None, (found.firmware, found.entry)):
        assert re.compile(sign.pattern)
        assert sign.by_tender or not sign.last


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(UserError, match="unknown option 'no-such'"):
        plugins.make_runner(name, {"no-such": "x"}, ROOT / "docs")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("arch", [*ARCHES, "s390x", ""])
def test_an_architecture_is_booted_or_refused_in_words(name: str, arch: str) -> None:
    try:
        tender = runner(name).tender(arch)
    except Rejected as error:
        refusal = str(error)
    else:
        refusal = ""
        assert tender.program
        assert tender.accelerators or not tender.automatic
    assert not refusal or arch in refusal


@pytest.mark.parametrize("name", NAMES)
def test_what_it_launches_with_can_be_given(name: str, tmp_path: Path) -> None:
    launch = runner(name).launch(Boot(an_arch(name), "/bin/tender", "/u/a.elf", folder="/own"))
    assert isinstance(launch, Launch)
    own.lay(tmp_path / "own", launch.files)
    assert set(launch.devices) <= set(devices.KINDS)
    assert all(launch.undo) or not launch.undo


@pytest.mark.parametrize("name", NAMES)
def test_the_launch_is_pure_and_holds_unikernel_and_arguments(name: str) -> None:
    arch = an_arch(name)
    boot = Boot(arch, "/bin/tender", "/u/a b.elf", ("one", "two  blanks", "--x", "comma,"), 65 << 20, 2)
    made = given.runner(runner(name), boot, {})
    launch = made.launch(boot)
    assert made.launch(boot) == launch
    assert "/bin/tender" in launch.argv  # after a shell that shows its log, or watches it
    said = [*launch.argv, *(content.decode() for content in launch.files.values())]  # or in a configuration of its own
    assert "/u/a b.elf" in launch.argv or any("/u/a b.elf" in text for text in said[len(launch.argv) :])
    assert all(any(arg in text for text in said) for arg in boot.args)


@pytest.mark.parametrize("name", NAMES)
def test_every_ending_has_an_outcome(name: str) -> None:
    made = runner(name)
    for ending in ENDINGS:
        outcome = made.outcome(ending)
        assert outcome.kind in set(OUTCOMES) - {"hung"}
        assert outcome.evidence
        assert len(str(outcome)) + len(outcome.evidence) < 1000


@pytest.mark.parametrize("name", NAMES)
def test_what_ended_the_tender_from_outside_is_no_guests_success(name: str) -> None:
    made = runner(name)
    for ending in ENDINGS:
        if ending.signal or ending.out_of_memory:
            outcome = made.outcome(ending)
            assert not outcome.ok
            assert outcome.kind == "broken" or not ending.out_of_memory


@pytest.mark.parametrize("name", NAMES)
def test_no_status_but_that_of_success_is_one(name: str) -> None:
    made = runner(name)
    ours = {ending.status for ending in ENDINGS if made.outcome(ending).ok}
    assert ours <= {0, 1}


@pytest.mark.parametrize("name", NAMES)
def test_a_probe_is_a_command_line_with_its_files(name: str) -> None:
    arch = an_arch(name)
    for accel in runner(name).tender(arch).accelerators:
        probe = runner(name).probe(arch, accel)
        if probe:
            texts = (*probe.argv, *(content for content in probe.files.values() if isinstance(content, str)))
            assert all(any(f"{{{file}}}" in text for text in texts) for file in probe.files)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_impossible_is_a_capability_with_a_reason(name: str) -> None:
    declared = runner(name).impossible
    assert set(declared) <= set(capabilities.NAMES)
    assert all(len(reason.split()) > 3 and not reason.endswith(".") for reason in declared.values())
