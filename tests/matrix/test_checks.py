"""Checks in matrix.yaml: short forms, what is wrong with them, and how layers and placeholders treat them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from pydantic import TypeAdapter

from bootmatrix.matrix import filling
from bootmatrix.matrix.keys.checks import Check, OneCheck, Ready, ReadyOrText
from bootmatrix.matrix.keys.schema import TestFields, json_schema
from bootmatrix.matrix.resolve import Resolver

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.matrix.load import Matrix

    Errors = Callable[[str | bytes], list[str]]
    Load = Callable[[str | bytes], Matrix]

AXES = "axes: {backend: [qemu], port: ['8080']}\nnets: {lan: }\n"


def text(checks: str) -> str:
    return f"{AXES}tests:\n  t:\n    checks:\n{checks}    nets: {{service: lan}}\n"


def fields(load: Load, checks: str) -> TestFields:
    """Those of the only boot, with placeholders filled in."""
    matrix = load(text(checks))
    resolver = Resolver(matrix)
    ((cell, _, test, params),) = resolver.boots()
    return filling.fill(resolver.fields(cell, test, params), {**cell.values, **params})


SHORT = [
    ("ping:", "ping: {count: 1}"),
    ("ping: 5", "ping: {count: 5}"),
    ("tcp: 80", "tcp: {port: 80}"),
    ("udp: 7", "udp: {port: 7}"),
    ("http:", "http: {path: /}"),
    ("http: /x", "http: {path: /x}"),
    ("http: https://10.0.0.2/x", "http: {url: https://10.0.0.2/x}"),
    ("command: [iperf3, -c]", "command: {run: [iperf3, -c]}"),
    ("command: ls", "command: {run: [ls]}"),
    ("console: ok", "console: {expect: [ok]}"),
    ("console: {send: a, expect: ok}", "console: {send: a, expect: [{text: ok}]}"),
]


@pytest.mark.parametrize(("short", "whole"), SHORT)
def test_a_kind_may_be_written_shortly(load: Load, short: str, whole: str) -> None:
    def dumped(check: str) -> dict[str, Any]:
        (found,) = fields(load, f"      - {check}\n").checks
        return found.model_dump()

    assert dumped(short) == dumped(whole)


def test_one_check_needs_no_list(load: Load) -> None:
    (check,) = fields(load, "      tcp: 80\n").checks
    assert (check.kind, check.within, check.retries, check.each) == ("tcp", 10.0, True, (check,))


def test_only_programs_and_the_console_are_not_tried_again(load: Load) -> None:
    every = ["ping:", "tcp: 1", "udp: 1", "http:", "command: ls", "console: x"]
    found = fields(load, "".join(f"      - {each}\n" for each in every)).checks
    assert [each.kind for each in found if not each.retries] == ["command", "console"]
    other = fields(load, "      - {command: ls, retry: true}\n      - {tcp: 1, retry: no}\n").checks
    assert [each.retries for each in other] == [True, False]


def test_placeholders_are_filled_in_wherever_there_is_text(load: Load) -> None:
    checks = """\
      - http: /{port}
      - http: {path: "/{port}", headers: {A: "{port}", B: {regex: "{port}+"}}, body: "{port}"
               , send_headers: {C: "{port}"}}
      - command: [ls, "{port}"]
      - parallel: [{tcp: {port: 1, send: "{port}"}, from: "net{port}", to: "{port}"}]
"""
    first, second, command, parallel = fields(load, checks).checks
    assert first.http
    assert first.http.path == "/8080"
    assert second.http
    headers = {name: str(each) for name, each in second.http.headers.items()}
    assert headers == {"A": "'8080'", "B": "/8080+/"}
    assert (str(second.http.body[0]), second.http.send_headers) == ("'8080'", {"C": "8080"})
    assert command.command
    assert command.command.run == ["ls", "8080"]
    (inner,) = parallel.each
    assert inner.tcp
    assert (inner.tcp.send, inner.network, inner.to) == ("8080", "net8080", "8080")


def test_a_layer_replaces_all_checks(load: Load) -> None:
    matrix = load(
        f"{AXES}defaults: {{nets: {{service: lan}}, checks: [{{tcp: 1}}, {{tcp: 2}}]}}\n"
        "tests:\n  a: {}\n  b: {checks: {tcp: 3}}\n  c: {checks: []}\n"
    )
    resolver = Resolver(matrix)
    found = {name: resolver.fields(cell, test, params).checks for cell, name, test, params in resolver.boots()}
    assert {name: [each.tcp.port for each in checks if each.tcp] for name, checks in found.items()} == {
        "a": [1, 2],
        "b": [3],
        "c": [],
    }


KINDS = "ping, tcp, udp, http, command, console, parallel"
WRONG = [
    ("{}", f"matrix.yaml:6:9: checks: a check has exactly one of {KINDS}; this one has none"),
    ("{ping: 1, tcp: 3}", f"matrix.yaml:6:9: checks: a check has exactly one of {KINDS}; this one has ping and tcp"),
    ("x", "matrix.yaml:6:9: checks: must be a mapping, not 'x'"),
    ("{pong: 1}", "matrix.yaml:6:10: unknown key 'pong'\n    did you mean 'ping'?"),
    ("tcp:", "matrix.yaml:6:9: 'port' is missing\n    add `port:`"),
    ("tcp: {prot: 3}", "matrix.yaml:6:9: 'port' is missing"),
    ("tcp: http", "matrix.yaml:6:14: port: 'http' is not a whole number"),
    ("tcp: 65536", "matrix.yaml:6:14: port: '65536' is too large: the maximum is 65535"),
    ("tcp: 0", "matrix.yaml:6:14: port: '0' is too small: the minimum is 1"),
    ("ping: {loss: 101 %}", "matrix.yaml:6:22: loss: '101 %' is not a share such as 2 % or 0.5 %"),
    ("ping: {flood: true, interval: 1 s}", "matrix.yaml:6:15: ping: flood sends the next as soon as one is answered"),
    ("ping: 101", "matrix.yaml:6:9: checks: 101 pings, one in 0.10 s, take 10 s, but it must pass within 10 s"),
    ("{ping: {count: 3, interval: 2 s}, within: 4 s}", "matrix.yaml:6:9: checks: 3 pings, one in 2.00 s, take 4.00 s"),
    ("http: index.html", "matrix.yaml:6:15: url: 'index.html' is neither a path such as /index.html nor a URL"),
    ("http: ftp://10.0.0.2/", "matrix.yaml:6:15: url: 'ftp://10.0.0.2/' is neither a path"),
    ("http: {path: x}", "matrix.yaml:6:22: path: 'x' is not a path; write it as /index.html, or a whole URL as `url:`"),
    ("http: {url: 'http://10.0.0.2/', port: 8080}", "matrix.yaml:6:15: http: a whole `url` has a path and a port"),
    ("http: {method: get}", "matrix.yaml:6:24: method: 'get' is not allowed here"),
    ("http: {status: 99}", "matrix.yaml:6:24: status: '99' is too small"),
    ("http: {send_headers: {'A B': x}}", "matrix.yaml:6:31: send_headers: 'A B' is not the name of a header"),
    ("udp: {port: 7, answer: no, expect: x}", "matrix.yaml:6:14: udp: without an answer nothing can be expected"),
    ("console: {}", "matrix.yaml:6:18: console: write `send`, `expect` or both"),
    ("command: []", "matrix.yaml:6:18: run: needs at least one entry"),
    ("command: [ls, '{nothing}']", "matrix.yaml:6:23: the placeholder {nothing} names no axis or parameter"),
    ("http: '/{nothing}'", "matrix.yaml:6:15: the placeholder {nothing} names no axis or parameter"),
    ("{tcp: 1, within: 0}", "matrix.yaml:6:26: within: '0' must be longer than zero"),
    ("{tcp: 1, retry: 3}", "matrix.yaml:6:25: retry: '3' is neither true nor false"),
    ("{tcp: 1, name: ''}", "matrix.yaml:6:24: name: a check's name is one line of 1 to 100 characters"),
    ("{tcp: 1, metrics: {a: x}}", "matrix.yaml:6:31: regex: must have exactly one capture group, for the number"),
    ("parallel: []", "matrix.yaml:6:19: parallel: needs at least one entry"),
    ("parallel: [{parallel: [{tcp: 1}]}]", "matrix.yaml:6:21: unknown key 'parallel'"),
    (
        "{parallel: [{tcp: 1}], within: 3 s}",
        "matrix.yaml:6:9: checks: beside `parallel` stands nothing: write `within`",
    ),
    ("{parallel: [{tcp: 1}], from: lan}", "matrix.yaml:6:9: checks: beside `parallel` stands nothing: write `from` in"),
]


@pytest.mark.parametrize(("check", "what"), WRONG, ids=[check for check, _ in WRONG])
def test_what_is_wrong_is_told_with_its_place(errors: Errors, check: str, what: str) -> None:
    told = errors(text(f"      - {check}\n"))
    assert any(each.startswith(what) for each in told), told


def test_two_checks_with_one_metric_are_told(errors: Errors) -> None:
    one = "{tcp: 1, metrics: {a: '(x)'}}"
    (told,) = errors(text(f"      - {one}\n      - parallel: [{one}]\n"))
    assert told == "matrix.yaml:6:7: checks: two checks have the metric 'a': rename one of them"


SHARED = [
    "tests:\n  t:\n    nets: {s: lan}\n    metrics: {a: '(x)'}\n    checks: {tcp: 1, metrics: {a: '(x)'}}\n",
    "defaults: {nets: {s: lan}, metrics: {a: '(x)'}}\ntests:\n  t:\n    checks: {tcp: 1, metrics: {a: '(x)'}}\n",
    "defaults: {nets: {s: lan}, checks: {tcp: 1, metrics: {a: '(x)'}}}\ntests:\n  t:\n    metrics: {a: '(x)'}\n",
    (
        "tests:\n  t:\n    nets: {s: lan}\n    metrics: {a: '(x)'}\n"
        "    when: [{match: {backend: qemu}, checks: {parallel: [{tcp: 1, metrics: {a: '(x)'}}]}}]\n"
    ),
]


@pytest.mark.parametrize("tests", SHARED)
def test_a_metric_of_the_test_and_of_a_check_are_told_apart(errors: Errors, tests: str) -> None:
    (told,) = errors(AXES + tests)
    assert told.endswith(": metric 'a' is one of the test and one of a check, too\n    rename one of them")


VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def valid(checks: str) -> bool:
    """As an editor sees it."""
    matrix = yaml.safe_load(text(f"      - {checks}\n"))
    return bool(VALIDATOR.is_valid(json.loads(json.dumps(matrix))))


@pytest.mark.parametrize("check", [each for pair in SHORT for each in pair])
def test_an_editor_takes_both_forms(check: str) -> None:
    assert valid(check)


EDITOR_REFUSES = [
    "{}",
    "{ping: 1, tcp: 3}",
    "x",
    "{pong: 1}",
    "tcp: {prot: 3}",
    "parallel: []",
    "http: {status: 99}",
    "tcp: {port: 0}",
    "ping: {count: 0}",
]


@pytest.mark.parametrize("check", EDITOR_REFUSES)
def test_an_editor_refuses_what_the_loader_refuses(check: str) -> None:
    assert not valid(check)


def test_the_kinds_are_the_keys_that_have_options() -> None:
    common = {"name", "network", "to", "within", "retry", "metrics"}
    assert set(OneCheck.kinds) == set(OneCheck.model_fields) - common
    assert set(Check.kinds) == set(Check.model_fields) - common
    assert set(Ready.kinds) == set(Ready.model_fields) - common


READY = [
    ("listening", "listening", "", "text"),
    ({"regex": "^up"}, "", "^up", "regex"),
    ({"text": "listening", "within": "5 s"}, "listening", "", "text"),
]


@pytest.mark.parametrize(("given", "shown", "regex", "kind"), READY, ids=str)
def test_a_guest_is_ready_when_its_console_shows_something(given: Any, shown: str, regex: str, kind: str) -> None:
    ready = ready_of(given)
    assert ready.pattern
    assert (ready.pattern.text, ready.pattern.regex, ready.kind) == (shown, regex, kind)


def test_a_guest_is_ready_when_a_check_passes() -> None:
    ready = ready_of({"tcp": "80", "within": "1 min"})
    assert (ready.pattern, ready.kind, ready.within) == (None, "tcp", 60)


@pytest.mark.parametrize("given", [{}, {"text": "a", "tcp": "80"}, {"text": "a", "regex": "b"}, {"regex": "("}])
def test_what_says_not_when_a_guest_is_ready_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match=r"a check has exactly one of text, regex, ping|not a regular expression"):
        ready_of(given)


def ready_of(given: Any) -> Ready:

    found: Ready = TypeAdapter(ReadyOrText).validate_python(given)
    return found
