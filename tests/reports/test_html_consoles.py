"""The consoles on the page: whose are there, how much of them, and that no other file is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.examples import (
    attempt,
    every,
    of_guests,
    result,
    run,
    stored,
    with_console,
)
from reports.pages import data, entries, page

from bootmatrix import plugins

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_consoles_of_what_did_not_simply_pass(tmp_path: Path) -> None:
    kinds = [each for each in every() if each.attempts]
    made = [with_console(each, tmp_path, f"console of {each.test}\n") for each in kinds]
    for got, *_ in (found := entries(page(stored(run(*made), tmp_path), tmp_path))):
        assert got["attempts"]
    shown = {got["verdict"]: consoles for got, consoles, *_ in found}
    told_of = {verdict for verdict, consoles in shown.items() if consoles}
    assert told_of == {"contradicted", "failed", "timed out", "unexpected pass", "quarantined", "undecided", "flaky"}
    assert shown["failed"][-1]["console"] == {"head": "console of failed\n", "tail": "", "left": 0}
    assert shown["failed"][0] == {}, "its first attempt printed nothing"


def test_each_guest_of_several_has_its_own_console(tmp_path: Path) -> None:
    shown = entries(page(run(of_guests(tmp_path)), tmp_path))[0][1][0]["guests"]
    assert {name: each["console"]["head"] for name, each in shown.items()} == {
        "server": "printed by server\n",
        "client": "printed by client\n",
    }


def test_a_long_console_has_its_ends(tmp_path: Path) -> None:
    text = "".join(f"line {number:06}\n" for number in range(10_000))
    made = with_console(result("failed"), tmp_path, text)
    console = entries(page(run(made), tmp_path))[0][1][-1]["console"]
    assert console["head"] == text[: 4 << 10]
    assert console["tail"] == text[-12 << 10 :]
    assert console["left"] == len(text) - (16 << 10)


def test_the_worst_have_the_room_for_consoles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = plugins.load("reports", "html", tmp_path)
    monkeypatch.setattr(module, "BUDGET", 3000)
    made = [
        with_console(result(verdict, test=f"{verdict}-{n}"), tmp_path, "x" * 1000)
        for n in (1, 2)
        for verdict in ("flaky", "failed")
    ]
    module.Report().write(run(*made), tmp_path, tmp_path / "index.html")
    last = {got["test"]: consoles[-1] for got, consoles, *_ in entries((tmp_path / "index.html").read_text())}
    assert {name for name, shown in last.items() if "console" in shown} == {"failed-1", "failed-2", "flaky-1"}
    assert last["flaky-2"] == {"full": True}


def test_only_files_of_the_run_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    names = ("../secret", "link", "/etc/hostname", "none", "a\0b", ".")
    made = run(
        *(
            result("failed", test=f"t{at}", attempts=(attempt(1, "failed", console=name),))
            for at, name in enumerate(names)
        )
    )
    told_of = [consoles[0]["console"] for _, consoles, *_ in entries(page(made, folder))]
    assert [list(each) for each in told_of] == [["error"]] * len(names)
    assert told_of[0]["error"] == told_of[1]["error"] == "is not a file of this run"


def test_ends_of_consoles_are_bounded(tmp_path: Path) -> None:
    made = with_console(result("failed"), tmp_path, "\n".join("x" * 10_000 for _ in range(50)) + "\n" * 100)
    (group,) = data(page(run(made), tmp_path), "data")["groups"]["told"]
    assert len(group["end"]["text"]) <= 4096
