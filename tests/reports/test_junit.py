"""Golden reports, and what hostile consoles do to them. BOOTMATRIX_GOLDEN=write makes the golden files anew."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import junitparser
import once
import pytest
from conftest import ROOT
from lxml import etree
from reports.junits import AXES, FAILED, RESULTS, attempt, hostile, result, written

from bootmatrix import plugins
from bootmatrix.errors import UserError
from bootmatrix.model import Attempt, Case

GOLDEN = Path(__file__).parent / "golden"
DIALECTS = ("surefire", "pytest", "gitlab")


def pretty(file: Path) -> str:
    tree = ET.parse(file)  # noqa: S314  # our own file
    ET.indent(tree)
    return ET.tostring(tree.getroot(), encoding="unicode") + "\n"


@pytest.fixture(scope="session")
def jenkins_schema(tmp_path_factory: pytest.TempPathFactory) -> etree.XMLSchema:
    """Jenkins' junit-10.xsd, as pytest's source distribution carries it for its own tests."""
    return etree.XMLSchema(etree.parse(once.made(tmp_path_factory, "jenkins-schema", fetch_schema) / "junit-10.xsd"))


def fetch_schema(folder: Path) -> None:
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
            (folder / "junit-10.xsd").write_bytes(schema.read())
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


def test_an_unknown_dialect_is_a_mistake_of_the_user() -> None:
    with pytest.raises(UserError, match="surefire"):
        plugins.load("reports", "junit", ROOT / "docs").Report(dialect="surefir")


def test_the_properties_of_a_suite_are_its_cells_own(tmp_path: Path) -> None:
    made = result("passed", attempt(1, "passed", "exited(0)"))
    file = written(tmp_path, replace(made, axes={**made.axes, "depth": "10"}), dialect="pytest")
    root = ET.parse(file).getroot()  # noqa: S314  # our own file
    assert [item.get("name") for item in root.iterfind("testsuite/properties/property")][-4:] == [
        f"axis.{a}" for a in AXES
    ]
    assert root.find("testsuite/testcase/properties/property[@name='param.depth']") is not None
