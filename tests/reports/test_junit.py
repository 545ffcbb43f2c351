"""Golden reports, and what hostile consoles do to them. BOOTMATRIX_GOLDEN=write makes the golden files anew."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import junitparser
import pytest
from lxml import etree

from bootmatrix import plugins
from bootmatrix.errors import UserError
from bootmatrix.model import Attempt, Case, Measure, Outcome, Quarantine, Result, Run, Verdict
from reports import examples

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
STARTED = "2026-11-23T23:06:15.123Z"
AXES = ("compiler", "os", "arch", "backend")
EVERY_BYTE = bytes(range(256))
HOSTILE = EVERY_BYTE + b"\x1b[31mred\x1b[0m ]]> &amp; <![CDATA[ \xed\xa0\x80 \xef\xbf\xbe \xef\xbf\xbf \xf0\x9f\x98\x80"
HOSTILE_TEXT = "\0\x1b[31mred\x1b[0m ]]> & < \" ' \ud800 \ufffe \uffff 😀 \x85 \u2028"


def attempt(number: int, verdict: str, outcome: str, **more: Any) -> Attempt:
    kind, _, detail = outcome.rstrip(")").partition("(")
    made = Attempt(
        number=number,
        verdict=Verdict(verdict),
        reason=outcome if verdict == "passed" else f"{outcome} instead of exited(0)",
        outcome=Outcome(kind, detail, "the tender's words"),
        started=STARTED,
        seconds=0.125 * number,
        accelerator="tcg",
        accelerator_reason="KVM is not there",
    )
    return replace(made, **more)


def result(verdict: str, *attempts: Attempt, **more: Any) -> Result:
    made = Result(
        cell="gcc-debian-12-x86_64-qemu",
        test="hello",
        verdict=Verdict(verdict),
        reason=attempts[-1].reason if attempts else "/dev/kvm is not there",
        seconds=1.23456,
        started=STARTED,
        attempts=attempts,
        axes={"compiler": "gcc", "os": "debian-12", "arch": "x86_64", "backend": "qemu", "format": "elf"},
        image="debian-12:1234",
        repro="bootmatrix repro gcc-debian-12-x86_64-qemu/hello",
        where="ci/matrix.yaml:7:3",
    )
    return replace(made, **more)


FAILED = attempt(1, "failed", "exited(1)")
HUNG = attempt(1, "timed out", "hung(no end within 30 s)")
SHOWN = "exited(0) as expected, but the console never shows 'SUCCESS'"
CASES = (
    Case("adds", "passed"),
    Case("divides", "failed", "got 41"),
    Case("divides", "failed", "got 42"),
    Case("network", "skipped", "no device"),
)
KEPT = Quarantine("ada@example.org", "bug 42", "2026-12-31", "matrix.yaml:9:3")
METRICS = (Measure("latency", 12.5, "us", "lower"), Measure("packets", 1e6))
RESULTS = {
    "passed": result("passed", attempt(1, "passed", "exited(0)")),
    "flaky": result("flaky", FAILED, attempt(2, "passed", "exited(0)"), reason="passed at attempt 2"),
    "failed": result("failed", FAILED, attempt(2, "failed", "crashed(SIGSEGV)"), attempt(3, "failed", "aborted")),
    "contradicted": result("contradicted", attempt(1, "contradicted", "exited(0)", reason=SHOWN)),
    "timed-out": result("timed out", HUNG, replace(HUNG, number=2)),
    "error-configuration": result(
        "error", attempt(1, "error", "rejected(no device)"), reason="no device\n    attach it"
    ),
    "error-infrastructure": result("error", attempt(1, "error", "broken(no KVM)"), infrastructure=True),
    "skipped": result("skipped"),
    "expected-failure": result("expected failure", FAILED, reason="bug 42 (exited(1) instead of exited(0))"),
    "unexpected-pass": result("unexpected pass", attempt(1, "passed", "exited(0)"), reason="marked, but it passed"),
    "guest-cases": result("failed", attempt(1, "failed", "exited(1)", cases=CASES)),
    "expected-failure-with-cases": result("expected failure", replace(FAILED, cases=CASES), reason="bug 42"),
    "undecided": result(
        "undecided", attempt(1, "undecided", "stopped"), reason="memory may grow: a longer soak may tell"
    ),
    "quarantined": result("quarantined", FAILED, quarantine=KEPT, reason=f"{KEPT}: failed: {FAILED.reason}"),
    "consoles": result(
        "flaky",
        replace(FAILED, console="consoles/1.console.log", tender="consoles/1.tender.log"),
        attempt(2, "passed", "exited(0)", console="consoles/2.console.log", memory=4 << 20, metrics=METRICS),
        reason="passed at attempt 2",
        digest="sha256:abcd",
        size=1234,
        host="a class of hosts",
    ),
}


DIALECTS = ("surefire", "pytest", "gitlab")


def written(folder: Path, *results: Result, **options: object) -> Path:
    run = Run("run-1", STARTED, 2.5, "0.1", "bootmatrix run", {"name": "host"}, results, axes=AXES)
    report = plugins.load("reports", "junit", ROOT / "docs").Report(**options)
    target: Path = folder / report.filename
    report.write(run, folder, target)
    return target


def pretty(file: Path) -> str:
    tree = ET.parse(file)  # noqa: S314  # our own file
    ET.indent(tree)
    return ET.tostring(tree.getroot(), encoding="unicode") + "\n"


def system_out(file: Path) -> str:
    return ET.parse(file).findtext(".//system-out") or ""  # noqa: S314  # our own file


def hostile(folder: Path, raw: bytes = HOSTILE) -> Result:
    """A result in which all that a guest or a tender can word is hostile."""
    (folder / "console.log").write_bytes(raw)
    text = HOSTILE_TEXT
    cases = (Case(text, "failed", text), Case("\0", "passed"), Case("\1", "passed"), Case(text, "skipped", text))
    said = attempt(1, "failed", "exited(1)", reason=text, console="console.log", tender="console.log", cases=cases)
    again = replace(said, number=2, outcome=Outcome("panicked", text, text), accelerator_reason=text)
    return result("failed", said, again, reason=text, image=text, repro=text, axes={text: text}, test=f"a{text}")


@pytest.fixture(scope="session")
def jenkins_schema(tmp_path_factory: pytest.TempPathFactory) -> etree.XMLSchema:
    """Jenkins' junit-10.xsd, as pytest's source distribution carries it for its own tests."""
    folder = tmp_path_factory.mktemp("pytest")
    wanted = f"pytest=={importlib.metadata.version('pytest')}"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary=pytest",
        f"--dest={folder}",
        wanted,
    ]
    try:
        subprocess.run(pip, check=True, capture_output=True, timeout=120)
        (source,) = folder.glob("*.tar.gz")
        with tarfile.open(source) as archive:
            (name,) = [name for name in archive.getnames() if name.endswith("/junit-10.xsd")]
            schema = archive.extractfile(name)
            assert schema is not None
            return etree.XMLSchema(etree.parse(schema))
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        pytest.skip(f"junit-10.xsd cannot be had: {error}")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", RESULTS)
def test_a_verdict_is_told_as_its_golden_file_has_it(name: str, dialect: str, tmp_path: Path) -> None:
    golden = GOLDEN / dialect / f"{name}.xml"
    folder = tmp_path / "out/run-1"
    (folder / "consoles").mkdir(parents=True)
    for told in RESULTS[name].attempts:
        for file in filter(None, (told.console, told.tender)):
            (folder / file).write_text(f"{file}\n")
    told_now = pretty(written(folder, RESULTS[name], dialect=dialect))
    if os.environ.get("BOOTMATRIX_GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(told_now)
    assert told_now == golden.read_text()


def test_every_golden_file_is_of_a_verdict() -> None:
    files = {file.relative_to(GOLDEN).as_posix() for file in GOLDEN.rglob("*.xml")}
    assert files == {f"{dialect}/{name}.xml" for dialect in DIALECTS for name in RESULTS}


@pytest.mark.parametrize("name", [*RESULTS, "all", "none", "hostile"])
def test_the_report_is_valid_for_jenkins(name: str, tmp_path: Path, jenkins_schema: etree.XMLSchema) -> None:
    results = [RESULTS[name]] if name in RESULTS else []
    if name == "all":
        results = list(RESULTS.values())
    elif name == "hostile":
        results = [hostile(tmp_path)]
    jenkins_schema.assertValid(etree.parse(written(tmp_path, *results)))


BROKEN = attempt(1, "error", "broken(starved)")


@pytest.mark.parametrize(
    ("verdict", "attempts", "elements"),
    [
        ("passed", [BROKEN, attempt(2, "passed", "exited(0)")], []),
        ("flaky", [BROKEN, replace(FAILED, number=2), attempt(3, "passed", "exited(0)")], ["flakyFailure 2"]),
        ("failed", [BROKEN, replace(FAILED, number=2)], ["failure"]),
        ("failed", [BROKEN, replace(FAILED, number=2), replace(FAILED, number=3)], ["failure", "rerunFailure 3"]),
    ],
)
def test_what_the_infrastructure_ended_is_no_failure_of_the_test(
    verdict: str, attempts: list[Attempt], elements: list[str], tmp_path: Path
) -> None:
    case = ET.parse(written(tmp_path, result(verdict, *attempts))).find(".//testcase")  # noqa: S314  # our own file
    assert case is not None
    found = [element for element in case if element.tag != "system-out"]
    told = [(each.tag, (each.findtext("stackTrace") or ": ").split(":")[0]) for each in found]
    assert [f"{tag} {which.removeprefix('attempt ')}".strip() for tag, which in told] == elements


def test_the_totals_are_those_of_the_cases(tmp_path: Path) -> None:
    results = [replace(made, test=name, cell=cell) for name, made in RESULTS.items() for cell in ("one", "two")]
    root = ET.parse(written(tmp_path, *results)).getroot()  # noqa: S314  # our own file
    assert [suite.get("name") for suite in root] == ["one", "two"]
    for scope in (root, *root):
        assert int(scope.get("tests", "")) == len(scope.findall(".//testcase"))
        assert int(scope.get("failures", "")) == len(scope.findall(".//failure"))
        assert int(scope.get("errors", "")) == len(scope.findall(".//error"))
    assert all(int(suite.get("skipped", "")) == len(suite.findall(".//skipped")) for suite in root)


def test_other_readers_count_the_same(tmp_path: Path) -> None:
    results = [replace(made, test=name) for name, made in RESULTS.items()]
    report = junitparser.JUnitXml.fromfile(str(written(tmp_path, *results)))
    (suite,) = list(report)
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (23, 7, 2, 9)
    assert len(list(suite)) == 23


def test_an_empty_run_is_an_empty_report(tmp_path: Path) -> None:
    root = ET.parse(written(tmp_path)).getroot()  # noqa: S314  # our own file
    assert (root.get("tests"), len(root)) == ("0", 0)


def test_no_two_cases_of_a_cell_have_one_name(tmp_path: Path) -> None:
    cases = tuple(Case(name, "passed") for name in ("x", "x #2", "x", "x", "\0", "\1", "b"))
    made = result("passed", attempt(1, "passed", "exited(0)", cases=cases))
    both = [replace(made, test="a"), replace(made, test="a/b"), replace(made, test="a/x")]
    root = ET.parse(written(tmp_path, *both)).getroot()  # noqa: S314  # our own file
    names = [case.get("name") for case in root.iter("testcase")]
    assert len(set(names)) == len(names) == 24
    assert {"a", "a/b", "a/x"} <= set(names)


def test_nothing_that_a_guest_prints_spoils_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, hostile(tmp_path))
    etree.parse(file)
    assert len(list(next(iter(junitparser.JUnitXml.fromfile(str(file)))))) == 5
    told = system_out(file)
    assert "red ]]> &amp; <![CDATA[" in told
    assert "\x1b" not in told
    assert "\ufffe" not in told


@pytest.mark.parametrize("byte", range(256))
def test_every_byte_may_stand_in_a_console(byte: int, tmp_path: Path) -> None:
    file = written(tmp_path, hostile(tmp_path, b"<" + bytes([byte]) + b"]]>"))
    assert "]]>" in system_out(file)


def test_a_long_console_is_cut_and_its_file_named(tmp_path: Path) -> None:
    file = written(tmp_path, hostile(tmp_path, b"head" + b"\xff\x1b[1m" * 2_500_000 + b"tail"))
    told = system_out(file)
    assert "--- console (console.log) ---\nhead" in told
    assert "omitted; see the file" in told
    assert told.count("tail") == 2
    assert file.stat().st_size < 300_000


def test_each_guest_of_several_has_its_console(tmp_path: Path) -> None:
    text = system_out(written(tmp_path, examples.of_guests(tmp_path)))
    for name in ("server", "client"):
        assert f"printed by {name}" in text
        assert f"1.{name}.console.log]]" in text


def test_a_console_that_is_gone_is_said_so(tmp_path: Path) -> None:
    gone = result("failed", attempt(1, "failed", "exited(1)", console="gone.log"))
    assert "[gone.log cannot be read: No such file or directory]" in system_out(written(tmp_path, gone))


@pytest.mark.parametrize(("options", "shown"), [({}, False), ({"all_consoles": True}, True)])
def test_the_console_of_a_pass_is_shown_on_request(options: dict[str, object], shown: bool, tmp_path: Path) -> None:
    (tmp_path / "console.log").write_bytes(b"Hello\n")
    passed = result("passed", attempt(1, "passed", "exited(0)", console="console.log"))
    assert ("Hello" in system_out(written(tmp_path, passed, **options))) == shown


def test_an_unknown_dialect_is_a_mistake_of_the_user() -> None:
    with pytest.raises(UserError, match="surefire"):
        plugins.load("reports", "junit", ROOT / "docs").Report(dialect="surefir")


MARKS = (
    "[[ATTACHMENT|/etc/passwd]]",
    "[[[ATTACHMENT|x]]",
    "[[ATTA\x1b[1mCHMENT|x]]",
    "[[PROPERTY|a=b]]",
    "[[/PROPERTY]]",
)


@pytest.mark.parametrize("mark", MARKS)
def test_no_guest_gives_orders_to_a_reader(mark: str, tmp_path: Path) -> None:
    (tmp_path / "1.log").write_text(f"before {mark} after")
    said = replace(FAILED, reason=mark, outcome=Outcome("panicked", mark, mark), accelerator_reason=mark)
    told = result("flaky", replace(said, console="1.log"), replace(said, verdict=Verdict.PASSED, console="1.log"))
    root = ET.parse(written(tmp_path, told, all_consoles=True)).getroot()  # noqa: S314  # our own file
    texts = [element.text or "" for element in root.iter("system-out")]
    place = f"{tmp_path.parent.name}/{tmp_path.name}"
    orders = [order for text in texts for order in re.findall(r"\[\[/?[A-Z]+[|\]].*", text)]
    assert orders == [f"[[ATTACHMENT|{place}/1.log]]"] * 2
    assert all("before [" in text for text in texts)


@pytest.mark.parametrize(
    "name", ["a]b.log", "a|b.log", "a\nb.log", "a\x1bb.log", "../outside.log", "/etc/hostname", "a\0b"]
)
def test_what_a_reader_could_not_fetch_is_no_attachment(name: str, tmp_path: Path) -> None:
    told = result("failed", replace(FAILED, console=name))
    assert "ATTACHMENT" not in system_out(written(tmp_path, told))


@pytest.mark.parametrize("name", ["../secret.log", "link.log"])
def test_no_file_outside_of_the_run_is_told(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "secret.log").write_text("a secret")
    (folder / "link.log").symlink_to(tmp_path / "secret.log")
    assert "is not a file of this run" in system_out(written(folder, result("failed", replace(FAILED, console=name))))


@pytest.mark.parametrize(("out", "place"), [("", "out"), ("build/out", "build/out"), ("/srv/out/", "/srv/out")])
def test_attachments_are_told_as_seen_from_the_projects_root(out: str, place: str, tmp_path: Path) -> None:
    folder = tmp_path / "out/run-1"
    folder.mkdir(parents=True)
    told = written(folder, result("failed", replace(FAILED, console="c.log")), out=out)
    assert system_out(told).splitlines()[0] == f"[[ATTACHMENT|{place}/run-1/c.log]]"


@pytest.mark.parametrize("byte", [b"x", b"&", b"\xff"])
def test_for_gitlab_consoles_are_cut_until_the_file_is_short_enough(
    byte: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[type(plugins.load("reports", "junit", ROOT / "docs").Report()).__module__]
    monkeypatch.setattr(module, "LIMIT", 200_000)
    (tmp_path / "c.log").write_bytes(b"head" + byte * 50_000 + b"tail")
    results = [replace(result("failed", replace(FAILED, console="c.log")), test=f"t{number}") for number in range(40)]
    assert written(tmp_path, *results).stat().st_size > 200_000
    file = written(tmp_path, *results, dialect="gitlab")
    assert 40_000 < file.stat().st_size < 200_000
    told = system_out(file)
    assert "omitted; see the file" in told
    assert f"[[ATTACHMENT|{tmp_path.parent.name}/{tmp_path.name}/c.log]]" in told


def test_the_properties_of_a_suite_are_its_cells_own(tmp_path: Path) -> None:
    made = result("passed", attempt(1, "passed", "exited(0)"))
    file = written(tmp_path, replace(made, axes={**made.axes, "depth": "10"}), dialect="pytest")
    root = ET.parse(file).getroot()  # noqa: S314  # our own file
    assert [item.get("name") for item in root.iterfind("testsuite/properties/property")][-4:] == [
        f"axis.{a}" for a in AXES
    ]
    assert root.find("testsuite/testcase/properties/property[@name='param.depth']") is not None
