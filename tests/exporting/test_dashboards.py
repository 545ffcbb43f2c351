"""The dashboards: Grafana's own types know all that they say, and real servers answer their queries."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from reports.examples import attempt, result, run
from reports.test_influx import PAIR, sampled
from servers import influxql, made_database, promql, until

from bootmatrix import model, plugins
from bootmatrix.exporting import openmetrics

if TYPE_CHECKING:
    from bootmatrix.model import Run

ROOT = Path(__file__).resolve().parents[2]
GRAFANA = ROOT / "docs/grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
NIGHTS = ("2026-11-21", "2026-11-22", "2026-11-23")
SPAN = "time >= '2026-11-20T00:00:00Z' AND time < '2026-11-25T00:00:00Z'"
CHOSEN = {
    "axis": "backend",
    "also": "compiler",
    "night": "1d",
    "sampled": "memory_bytes",
    "__interval": "1s",
    "col": "$col",
}
ALL = dict.fromkeys(("branch", "host", "cell", "test", "metric"), ".*")


def loaded(name: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((GRAFANA / f"dashboards/{name}.json").read_text())
    return made


def panels(dashboard: dict[str, Any]) -> dict[str, Any]:
    return {panel["title"]: panel for panel in dashboard["panels"] if panel["type"] != "row"}


def filled(text: str, **values: str) -> str:
    """As Grafana fills in its variables."""
    known = {**ALL, **CHOSEN, "timeFilter": SPAN, **values}
    return re.sub(r"\$\{(\w+)\}|\$(\w+)", lambda found: known[found[1] or found[2]], text)


def night(folder: Path, day: str) -> Run:
    """A run in which one test of each of two cells takes longer each night, and the last fails in the last night; that
    of the second cell differs from its partner, by more each night.
    """
    usage = "seconds,cpu_seconds,memory_bytes\n1,0.5,4096\n2,1.5,8192\n4,3.5,8192\n"
    (soak,) = sampled(folder, usage).results
    tried = replace(soak.attempts[0], seconds=float(day[-2:]), ready=0.5, started=f"{day}T03:00:00Z")
    cells = ("gcc-debian-12-x86_64-qemu", "clang-debian-12-x86_64-solo5-hvt")
    made = [replace(result(cell=cell), attempts=(tried,), started=f"{day}T03:00:00Z") for cell in cells]
    made[1] = replace(made[1], pairs=(replace(PAIR, change=float(day[-2:]) / 100),))
    last = result(
        "failed" if day == NIGHTS[-1] else "passed", cell=cells[1], test="last", attempts=(attempt(1, "failed"),)
    )
    return run(*made, last, started=f"{day}T02:00:00Z", id=f"{day}-1", branch="nights", commit=day[-2:])


def told(kind: str, made: Run, folder: Path) -> bytes:
    report: model.Report = plugins.make_report(kind, {}, ROOT / "docs")
    report.write(made, folder, folder / "told")
    return (folder / "told").read_bytes()


def send(method: str, url: str, body: bytes) -> None:
    with urlopen(Request(url, data=body, method=method), timeout=30) as answer:  # noqa: S310  # a test's own server
        assert answer.status < 300


@pytest.fixture(scope="module")
def influx(influxdb: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with three nights."""
    made_database(influxdb, "nights")
    for day in NIGHTS:
        folder = tmp_path_factory.mktemp("run")
        send("POST", f"{influxdb}/write?db=nights", told("influx", night(folder, day), folder))
    return influxdb


@pytest.fixture(scope="module")
def prom(pushgateway: str, prometheus: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("run")
    body = told("openmetrics", night(folder, NIGHTS[-1]), folder)
    send("PUT", f"{pushgateway}{openmetrics.group('nights')}", body)
    until(lambda: promql(prometheus, 'bootmatrix_test_verdict{test="last"}'))
    return prometheus


def lost(given: object, known: object, path: str = "") -> list[str]:
    """What Grafana's types have no place for."""
    if isinstance(given, dict) and isinstance(known, dict):
        return [each for key in given for each in lost(given[key], known.get(key), f"{path}/{key}")]
    if isinstance(given, list) and isinstance(known, list) and len(given) == len(known):
        return [each for at, value in enumerate(given) for each in lost(value, known[at], f"{path}/{at}")]
    return [] if given == known else [path]


def as_grafana_has_it(dashboard: dict[str, Any]) -> dict[str, Any]:
    register_default_plugins()
    found: dict[str, Any] = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(dashboard)))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_grafana_knows_all_that_a_dashboard_says(file: Path) -> None:
    made = json.loads(file.read_text())
    assert lost(made, as_grafana_has_it(made)) == []
    wrong = json.loads(file.read_text())
    wrong["panels"][1]["fieldConfig"]["defaults"]["units"] = "s"
    assert lost(wrong, as_grafana_has_it(wrong)) == ["/panels/1/fieldConfig/defaults/units"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_panels_lie_beside_each_other_and_have_names_of_their_own(file: Path) -> None:
    made = json.loads(file.read_text())
    taken: set[tuple[int, int]] = set()
    for panel in made["panels"]:
        at = panel["gridPos"]
        own = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not taken & own, panel["title"]
        taken |= own
    assert len({panel["id"] for panel in made["panels"]}) == len(made["panels"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_grid_names_and_colours_each_verdict_by_its_number(file: Path) -> None:
    made = panels(json.loads(file.read_text()))
    table = re.findall(r"^\| ([0-9]+) \| `([a-z ]+)` \|$", (ROOT / "docs/monitoring.md").read_text(), re.MULTILINE)
    grids = [panel for panel in made.values() if panel["type"] == "status-history"]
    assert len(grids) == 2
    for panel in grids:
        (mapping,) = panel["fieldConfig"]["defaults"]["mappings"]
        assert [(number, each["text"]) for number, each in mapping["options"].items()] == table


INFLUX = panels(loaded("bootmatrix"))


@pytest.mark.influxdb
@pytest.mark.parametrize("title", INFLUX)
def test_influxdb_answers_each_query_with_something(title: str, influx: str) -> None:
    for target in INFLUX[title]["targets"]:
        found = influxql(influx, "nights", filled(target["query"]))
        assert found, target["query"]
        if alias := target.get("alias"):
            tags = set(re.findall(r"\$tag_(\w+)", filled(alias.replace("$tag_", "@"), **CHOSEN).replace("@", "$tag_")))
            assert tags
            assert tags <= set(found[0]), "a name is made of what the answer has"


@pytest.mark.influxdb
def test_the_queries_find_what_was_sent(influx: str) -> None:
    def rows(title: str, **values: str) -> list[dict[str, Any]]:
        return influxql(influx, "nights", filled(INFLUX[title]["targets"][0]["query"], **values))

    (bad,) = rows("Not as expected")
    assert (bad["cell"], bad["test"], bad["verdict"]) == ("clang-debian-12-x86_64-solo5-hvt", "last", "failed")
    assert [(row["run"], row["failed"]) for row in rows("Runs")] == [
        ("2026-11-23-1", 1),
        ("2026-11-22-1", None),
        ("2026-11-21-1", None),
    ]
    grid = [(row["backend"], row["max"]) for row in rows("The worst verdict of each $axis and $also")]
    assert grid == [("qemu", 0)] * 3 + [("solo5-hvt", 0), ("solo5-hvt", 0), ("solo5-hvt", 13)]
    assert [row["median"] for row in rows("Boot time", cell="gcc.*")] == [21, 22, 23]
    assert {row["unit"] for row in rows("Throughput, and other metrics of the tests")} == {"1/s"}
    soak = rows("$sampled of the last day", cell="gcc.*")
    assert [row["mean"] for row in soak] == [4096, 8192, 8192] * 3
    assert not rows("Each test", branch="other")
    pairs = rows("By how much tests differ from their partners")
    assert [(row["change"], row["low"], row["high"]) for row in pairs] == [
        (0.21, 0.24, 0.27),
        (0.22, 0.24, 0.27),
        (0.23, 0.24, 0.27),
    ]
    (last,) = rows("What pairs came to last")
    assert (last["cell"], last["base"], last["measure"]) == (bad["cell"], "4.14", "memory_peak")
    assert (last["change"], last["low"], last["high"], last["boots"], last["verdict"]) == (0.23, 0.24, 0.27, 12, "more")
    busy = rows("Processors that are busy, of the last day", cell="gcc.*")
    assert {row["non_negative_derivative"] for row in busy if row["non_negative_derivative"] > 0.01} == {1.0}


@pytest.mark.influxdb
@pytest.mark.parametrize("name", ["branch", "host", "cell", "test", "metric", "sampled"])
def test_the_lists_at_the_top_have_what_there_is(name: str, influx: str) -> None:
    (asked,) = (each for each in loaded("bootmatrix")["templating"]["list"] if each["name"] == name)
    found = {row["value"] for row in influxql(influx, "nights", asked["query"])}
    assert found
    if name in {"metric", "sampled"}:
        pattern = asked["regex"].strip("/")
        kept = {value for value in found if re.search(pattern, value)}
        assert kept == ({"requests"} if name == "metric" else {"cpu_seconds", "memory_bytes"})


PROMETHEUS = panels(loaded("bootmatrix-prometheus"))


@pytest.mark.prometheus
@pytest.mark.parametrize("title", PROMETHEUS)
def test_prometheus_answers_each_query_with_something(title: str, prom: str) -> None:
    for target in PROMETHEUS[title]["targets"]:
        found = promql(prom, filled(target["expr"]))
        assert found, target["expr"]
        names = set(re.findall(r"\{\{(\w+)\}\}", filled(target.get("legendFormat", ""))))
        assert names <= set(found[0][0]), "a name is made of what the answer has"


@pytest.mark.prometheus
def test_prometheus_finds_what_was_sent(prom: str) -> None:
    def rows(title: str, **values: str) -> list[tuple[dict[str, str], float]]:
        return promql(
            prom, filled(PROMETHEUS[title]["targets"][0]["expr"], branch="nights", test="hello|last", **values)
        )

    ((labels, _),) = rows("Not as expected", cell="clang-debian-12-x86_64-solo5-hvt")
    assert (labels["test"], labels["verdict"]) == ("last", "failed")
    (boot,) = (value for labels, value in rows("Boot time", cell="clang.*") if labels["backend"] == "solo5-hvt")
    assert boot == 23.0, "that of the test that failed is another"
    targets = PROMETHEUS["By how much tests differ from their partners"]["targets"]
    ends = [promql(prom, filled(target["expr"], branch="nights")) for target in targets]
    assert [[value for _, value in found] for found in ends] == [[0.23], [0.24], [0.27]]


def test_the_composition_listens_for_this_host_alone_and_mounts_what_there_is() -> None:
    made = yaml.safe_load((GRAFANA / "docker-compose.yml").read_text())
    for name, service in made["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        assert re.fullmatch(r"([a-z]+/)?[a-z]+:[a-z]?[0-9.]+", service["image"])
        for mount in service.get("volumes", ()):
            source = mount.partition(":")[0]
            assert (GRAFANA / source).exists() if source.startswith(".") else source in made["volumes"], mount
    wanted = made["services"]["grafana"]["environment"]
    sources = yaml.safe_load((GRAFANA / "provisioning/datasources/bootmatrix.yaml").read_text())["datasources"]
    assert [each["url"].strip("${}") in wanted for each in sources] == [True, True]
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/bootmatrix.yaml").read_text())["providers"]
    assert f"./dashboards:{provider['options']['path']}:ro" in made["services"]["grafana"]["volumes"]


@pytest.mark.compose
def test_compose_takes_the_composition() -> None:
    asked = ["docker-compose", "-f", str(GRAFANA / "docker-compose.yml"), "--profile", "prometheus", "config"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    understood = yaml.safe_load(done.stdout)["services"]
    assert set(understood) == {"influxdb", "grafana", "pushgateway", "prometheus"}
    assert [name for name in understood if not understood[name].get("profiles")] == ["grafana", "influxdb"]


@pytest.mark.prometheus
def test_prometheus_takes_the_configuration() -> None:
    checked = ["promtool", "check", "config", str(GRAFANA / "prometheus.yml")]
    done = subprocess.run(checked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
