"""What a guest prints, in a JUnit report: it spoils no file, gives no orders, and leads nowhere else."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import junitparser
import pytest
from conftest import ROOT
from lxml import etree
from reports.junits import FAILED, attempt, hostile, result, system_out, written

from bootmatrix import plugins
from bootmatrix.model import Outcome, Verdict
from reports import examples

if TYPE_CHECKING:
    from pathlib import Path


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
