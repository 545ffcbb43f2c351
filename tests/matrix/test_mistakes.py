"""Each mistake in matrix.yaml: where it is, what is wrong, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from matrix.messages import begin_with

from bootmatrix.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bootmatrix.matrix.load import Matrix

    Errors = Callable[[str | bytes], list[str]]
    Load = Callable[[str | bytes], Matrix]

AXES = "axes: {backend: [qemu], a: [x, y]}\n"
TESTS = "tests: {t: {}}\n"
TOP = [
    ("- a\n", ["matrix.yaml: the file must be a mapping\n    start with `axes:`"]),
    ("hello\n", ["matrix.yaml: the file must be a mapping"]),
    ("{}\n", ["matrix.yaml: 'axes' is missing\n    add `axes:`", "matrix.yaml: 'tests' is missing"]),
    (AXES, ["matrix.yaml: 'tests' is missing"]),
    (AXES + TESTS + "excludes: []\n", ["matrix.yaml:3:1: unknown key 'excludes'\n    did you mean 'exclude'?"]),
    (AXES + "tests:\n", ["matrix.yaml:2:1: 'tests' is empty\n    fill it or remove it"]),
    (AXES + "tests: {}\n", ["matrix.yaml:2:8: tests: needs at least one entry"]),
    (
        f"{AXES}tests: {{t: {{guests: {{{', '.join(f'g{number}: ' for number in range(17))}}}}}}}\n",
        ["matrix.yaml:2:21: guests: has 17 entries: the maximum is 16"],
    ),
    (AXES + "tests: [a]\n", ["matrix.yaml:2:8: tests: must be a mapping, not a list"]),
    (AXES + "tests: [{a: b}]\n", ["matrix.yaml:2:8: tests: must be a mapping, not a list"]),
    (AXES + "tests: hello\n", ["matrix.yaml:2:8: tests: must be a mapping, not 'hello'"]),
    ("axes:\n" + TESTS, ["matrix.yaml:1:1: 'axes' is empty"]),
]
IN_AXES = [
    ("{}", ["matrix.yaml:1:7: axes: needs at least one entry"]),
    ("[gcc]", ["matrix.yaml:1:7: axes: must be a mapping, not a list"]),
    ("gcc", ["matrix.yaml:1:7: axes: must be a mapping, not 'gcc'"]),
    ("{a: []}", ["matrix.yaml:1:11: a: needs at least one entry"]),
    ("{a: x}", ["matrix.yaml:1:11: a: must be a list, not 'x'\n    write [x]"]),
    ("{a: }", ["matrix.yaml:1:11: a: must be a list, not nothing"]),
    ("{a: {b: c}}", ["matrix.yaml:1:11: a: must be a list, not a mapping"]),
    (
        "{a: [[x], {y: z}]}",
        ["matrix.yaml:1:12: a: must be a text, not a list", "matrix.yaml:1:17: a: must be a text, not a m"],
    ),
    (
        "{a: [no, ~]}",
        ["matrix.yaml:1:16: a: must be a text, not nothing\n    write '' for an empty text; quote 'null'"],
    ),
    ("{a: [x, y, x]}", ["matrix.yaml:1:18: axis 'a' has the value 'x' twice\n    keep one"]),
    (
        "{'a b': [x]}",
        ["matrix.yaml:1:8: 'a b' is not a valid name for an axis\n    use letters, digits, _ and -, a letter first"],
    ),
    ("{é: [x]}", ["matrix.yaml:1:8: 'é' is not a valid name for an axis"]),
    ("{'': [x]}", ["matrix.yaml:1:8: '' is not a valid name for an axis"]),
    ("{test: [x]}", ["matrix.yaml:1:8: an axis cannot be called 'test'"]),
    ("{PATH: [x]}", ["matrix.yaml:1:8: an axis cannot be called 'PATH'"]),
    ("{a-b: [x], A_b: [y]}", ["matrix.yaml:1:18: the axes 'a-b' and 'A_b' map to the same environment variable"]),
    ('{a: ["x\\ny"]}', ["matrix.yaml:1:12: axis 'a': a value is one line of at most 128 characters"]),
    ('{a: ["\\e[31m"]}', ["matrix.yaml:1:12: axis 'a': a value is one line of at most 128 characters"]),
    (f"{{a: [{'v' * 129}]}}", ["matrix.yaml:1:12: axis 'a': a value is one line of at most 128 characters"]),
    ("{backend: [qmu]}", ["matrix.yaml:1:18: backend 'qmu' is not known\n    did you mean 'qemu'?"]),
    (
        "{backend: [qemu, solo5_spt]}",
        ["matrix.yaml:1:24: backend 'solo5_spt' is not known\n    did you mean 'solo5-spt'?"],
    ),
    ("{backend: [_qemu]}", ["matrix.yaml:1:18: backend '_qemu' is not known"]),
    ("{arch: [x86-64]}", ["matrix.yaml:1:15: arch 'x86-64' is not known\n    did you mean 'x86_64'?"]),
    ("{arch: [arm64], backend: [qemu, solo5-spt]}", ["matrix.yaml:1:15: arch 'arm64' is not known\n    write aarch64"]),
    ("{os: [debian-1]}", ["matrix.yaml:1:13: os 'debian-1' is not known\n    did you mean 'debian-1"]),
    ("{a: [x y, x_y]}", ["matrix.yaml:1:1: two cells have the id 'x_y': {a: x y} and {a: x_y}\n    rename one"]),
    ("{a: [p, p-q], b: [q-r, r]}", ["matrix.yaml:1:1: two cells have the id 'p-q-r'"]),
]
IN_RULES = [
    ("exclude: [{a: z}]", ["matrix.yaml:2:15: exclude matches no cell: no cell has a 'z'\n    possible: x, y"]),
    ("exclude: [{a: [x, z*]}]", ["matrix.yaml:2:15: exclude matches no cell: no cell has a 'z*'"]),
    ("exclude: [{b: z}]", ["matrix.yaml:2:12: unknown axis 'b'"]),
    ("exclude: [{bakend: qemu}]", ["matrix.yaml:2:12: unknown axis 'bakend'\n    did you mean 'backend'?"]),
    ("exclude: [{a: []}]", ["matrix.yaml:2:15: a: needs at least one entry"]),
    ("exclude: [{a: }]", ["matrix.yaml:2:15: a: must be a list, not nothing"]),
    ("exclude: [{}]", ["matrix.yaml:2:11: exclude: an empty rule would match every cell"]),
    ("exclude: {a: x}", ["matrix.yaml:2:10: exclude: must be a list, not a mapping"]),
    ("exclude: a", ["matrix.yaml:2:10: exclude: must be a list, not 'a'"]),
    ("exclude: [a]", ["matrix.yaml:2:11: exclude: must be a mapping, not 'a'"]),
    ("exclude:", ["matrix.yaml:2:1: 'exclude' is empty"]),
    ("exclude: [{a: '*'}]", ["matrix.yaml:2:1: every cell is excluded"]),
    ("include: [{}]", ["matrix.yaml:2:11: include: an empty entry adds nothing"]),
    ("include: [{a: []}]", ["matrix.yaml:2:15: a: needs at least one entry"]),
    ("include: [{bakend: qemu}]", ["matrix.yaml:2:12: unknown axis 'bakend'\n    did you mean 'backend'?"]),
    ("include: [{a: [x, z*]}]", ["matrix.yaml:2:15: include: no value of 'a' matches 'z*'"]),
    ("include: [{backend: qmu}]", ["matrix.yaml:2:21: backend 'qmu' is not known\n    did you mean 'qemu'?"]),
    ("include: [{'my word': 1}]", ["matrix.yaml:2:12: 'my word' is not a valid name for an axis"]),
    (f"include: [{{a: {'v' * 129}}}]", ["matrix.yaml:2:15: include: 'a': a value is one line of at most 128"]),
    ("include: [[a]]", ["matrix.yaml:2:11: include: must be a mapping, not a list"]),
]
IN_A_TEST = [
    ("hello", ["matrix.yaml:2:12: t: must be a mapping, not 'hello'"]),
    ("[hello]", ["matrix.yaml:2:12: t: must be a mapping, not a list"]),
    ("{timeot: 3 s}", ["matrix.yaml:2:13: unknown key 'timeot'\n    did you mean 'timeout'?"]),
    ("{args: hello}", ["matrix.yaml:2:19: args: must be a list, not 'hello'\n    write [hello]"]),
    ("{args: [a: b]}", ["matrix.yaml:2:20: args: must be a text, not a mapping"]),
    ("{args: [~]}", ["matrix.yaml:2:20: args: must be a text, not nothing"]),
    ("{cpus: two}", ["matrix.yaml:2:19: cpus: 'two' is not a whole number"]),
    ("{cpus: 1.5}", ["matrix.yaml:2:19: cpus: '1.5' is not a whole number"]),
    ("{cpus: 0x10}", ["matrix.yaml:2:19: cpus: '0x10' is not a whole number"]),
    ("{cpus: '٣'}", ["matrix.yaml:2:19: cpus: '٣' is not a whole number"]),
    ("{cpus: [2]}", ["matrix.yaml:2:19: cpus: this is not a whole number"]),
    ("{cpus: 0}", ["matrix.yaml:2:19: cpus: '0' is too small: the minimum is 1"]),
    ("{cpus: 257}", ["matrix.yaml:2:19: cpus: '257' is too large: the maximum is 256"]),
    ("{memory: 64}", ["matrix.yaml:2:21: memory: '64' is not a size with its unit, such as 64 MiB or 1 GiB"]),
    ("{memory: 1 KiB}", ["matrix.yaml:2:21: memory: '1 KiB' is not between 1 MiB and 16384 GiB"]),
    ("{console_limit: 1 GiB}", ["matrix.yaml:2:28: console_limit: '1 GiB' is not between 1 B and 256 MiB"]),
    ("{timeout: -1}", ["matrix.yaml:2:22: timeout: '-1' is not a time such as 500 ms, 30 s, 2 min or 1 h"]),
    ("{timeout: 0}", ["matrix.yaml:2:22: timeout: '0' must be longer than zero"]),
    ("{timeout: 9999 h}", ["matrix.yaml:2:22: timeout: '9999 h' is more than a week"]),
    ("{timeout: [1]}", ["matrix.yaml:2:22: timeout: "]),
    ("{skip: ''}", ["matrix.yaml:2:19: skip: needs a reason of a few words"]),
    ("{unavailable: fail}", ["matrix.yaml:2:26: unavailable: 'fail' is not allowed here\n    possible: error, skip"]),
    ("{cases: tab}", ["matrix.yaml:2:20: cases: 'tab' is not allowed here\n    did you mean 'tap'?"]),
    ("{build: unikernel}", ["matrix.yaml:2:20: there is no build 'unikernel'"]),
    ("{exit_codes: {0x10: passed}}", ["matrix.yaml:2:26: exit_codes: '0x10' is not a whole number"]),
    (
        "{exit_codes: {1: pased}}",
        ["matrix.yaml:2:29: 1: 'pased' is not an outcome; possible: passed, failed, exited(N)"],
    ),
    ("{exit_codes: [1]}", ["matrix.yaml:2:25: exit_codes: must be a mapping, not a list"]),
    ("{console_exit: 'EXIT'}", ["matrix.yaml:2:27: console_exit: must have exactly one capture group"]),
    ("{console_exit: '('}", ["matrix.yaml:2:27: console_exit: not a regular expression"]),
    ("{expect: [a]}", ["matrix.yaml:2:21: expect: must be a mapping, not a list"]),
    ("{expect: crashed}", ["matrix.yaml:2:21: expect: must be a mapping, not 'crashed'"]),
    ("{expect: {consle: x}}", ["matrix.yaml:2:22: unknown key 'consle'\n    did you mean 'console'?"]),
    ("{expect: {outcome: crash}}", ["matrix.yaml:2:31: outcome: 'crash' is not an outcome; possible: passed,"]),
    ("{expect: {outcome: exited(-1)}}", ["matrix.yaml:2:31: outcome: 'exited(-1)' is not an outcome"]),
    ("{expect: {outcome: []}}", ["matrix.yaml:2:31: outcome: needs at least one entry"]),
    ("{expect: {console: {regex: '('}}}", ["matrix.yaml:2:39: regex: not a regular expression"]),
    (
        "{expect: {console: {regex: 'a{4294967295}'}}}",
        ["matrix.yaml:2:39: regex: too expensive: it repeats parts more than"],
    ),
    (
        "{expect: {console: {regex: '((a{99}){99}){,99}'}}}",
        ["matrix.yaml:2:39: regex: too expensive: it repeats parts more than"],
    ),
    ("{console_exit: '" + "(" * 3000 + ")" * 3000 + "'}", ["matrix.yaml:2:27: console_exit: not a regular expression"]),
    ("{expect: {console: [{rgex: a}]}}", ["matrix.yaml:2:33: unknown key 'rgex'\n    did you mean 'regex'?"]),
    ("{expect: {console: ['']}}", ["matrix.yaml:2:32: console: write a text that is not empty, or {regex: …}"]),
    ("{expect: {console: [~]}}", ["matrix.yaml:2:32: console: must be a mapping, not nothing"]),
    ("{retry: 3}", ["matrix.yaml:2:20: retry: must be a mapping, not '3'"]),
    ("{retry: {attempts: 0}}", ["matrix.yaml:2:31: attempts: '0' is too small: the minimum is 1"]),
    ("{retry: {on: [hang]}}", ["matrix.yaml:2:26: on: 'hang' is not allowed here\n    did you mean 'hung'?"]),
    (
        "{retry: {on: [failed]}}",
        ["matrix.yaml:2:26: on: 'failed' is not allowed here\n    possible: aborted, any, contradicted, crashed"],
    ),
    ("{retry: {wait: soon}}", ["matrix.yaml:2:27: wait: 'soon' is not a time"]),
    ("{when: {match: {a: x}}}", ["matrix.yaml:2:19: when: must be a list, not a mapping"]),
    ("{when: [{cpus: 2}]}", ["matrix.yaml:2:20: 'match' is missing\n    add `match:`"]),
    ("{when: [{match: [a]}]}", ["matrix.yaml:2:28: match: must be a mapping, not a list"]),
    (
        "{when: [{match: {a: x}, tiemout: 1 s}]}",
        ["matrix.yaml:2:36: unknown key 'tiemout'\n    did you mean 'timeout'?"],
    ),
    ("{when: [{match: {a: z}}]}", ["matrix.yaml:2:32: matches no cell: {a: z}\n    possible: x, y"]),
    ("{when: [{match: {b: z}}]}", ["matrix.yaml:2:29: unknown axis 'b'"]),
    ("{when: [{match: {a: []}}]}", ["matrix.yaml:2:32: a: needs at least one entry"]),
    (
        "{params: {n: [1]}, when: [{match: {n: 2}}]}",
        ["matrix.yaml:2:50: matches no test: no test has n '2'\n    possible: 1"],
    ),
    ("{only: {a: z}}", ["matrix.yaml:2:23: matches no cell: {a: z}\n    possible: x, y"]),
    ("{only: [a]}", ["matrix.yaml:2:20: only: must be a mapping, not 'a'"]),
    ("{params: [a]}", ["matrix.yaml:2:21: params: must be a mapping, not a list"]),
    ("{params: [{a: b}]}", ["matrix.yaml:2:21: params: must be a mapping, not a list"]),
    ("{params: {n: 1}}", ["matrix.yaml:2:25: n: must be a list, not '1'\n    write [1]"]),
    ("{params: {n: 1..9}}", ["matrix.yaml:2:25: n: must be a list, not '1..9'\n    there are no ranges: write each"]),
    ("{params: {n: 'a, b'}}", ["matrix.yaml:2:25: n: must be a list, not 'a, b'\n    write [a, b]"]),
    ("{params: {n: 'a: b'}}", ["matrix.yaml:2:25: n: must be a list, not 'a: b'\n    write [\"a: b\"]"]),
    ("{params: {n: '[a]'}}", ["matrix.yaml:2:25: n: must be a list, not '[a]'\n    write [\"[a]\"]"]),
    ("{params: {n: []}}", ["matrix.yaml:2:25: n: needs at least one entry"]),
    ("{params: {a: [1]}}", ["matrix.yaml:2:22: parameter 'a' has the name of an axis or a placeholder"]),
    ("{params: {n: [a b, a_b]}}", ["matrix.yaml:2:31: parameter 'n' has the value 'a_b' twice"]),
    ("{args: ['{depht}'], params: {depth: [1]}}", ["matrix.yaml:2:20: the placeholder {depht} names no axis or"]),
    ("{resources: ['tap{c}']}", ["matrix.yaml:2:25: the placeholder {c} names no axis or parameter\n"]),
    ("{resources: 'tap{attempt}'}", ["matrix.yaml:2:24: the placeholder {attempt} names no axis or parameter\n"]),
    ("{unikernel: '{b}'}", ["matrix.yaml:2:24: the placeholder {b} names no axis or parameter\n"]),
    ("{runner: {acel: kvm}}", ["matrix.yaml:2:22: runner 'qemu': unknown option 'acel'\n    did you mean 'accel'?"]),
    ("{runner: {accel: xen}}", ["matrix.yaml:2:22: runner 'qemu': accel: Input should be 'auto', 'kvm' or 'tcg'"]),
    ("{runner: {options: x}}", ["matrix.yaml:2:22: runner 'qemu': options: must be a list"]),
    ("{runner: kvm}", ["matrix.yaml:2:21: runner: must be a mapping, not 'kvm'"]),
]
IN_A_BUILD = [
    ("make", ["matrix.yaml:3:13: b: must be a mapping, not 'make'"]),
    ("", ["matrix.yaml:3:"]),
    ("{}", ["matrix.yaml:3:10: 'run' is missing\n    add `run:`"]),
    ("{run: []}", ["matrix.yaml:3:19: run: needs at least one entry"]),
    ("{run: make, axes: [ach]}", ["matrix.yaml:3:32: unknown axis 'ach'"]),
    ("{run: make, source: src}", ["matrix.yaml:3:33: the folder 'src' does not exist"]),
    (f"{{run: make, source: {'s' * 400}}}", ["matrix.yaml:3:33: the folder 'sss"]),
    ("{run: make, network: maybe}", ["matrix.yaml:3:34: network: 'maybe' is neither true nor false"]),
    ("{run: make, env: {A-B: 1}}", ["matrix.yaml:3:31: 'A-B' is not a valid variable name"]),
    ("{run: make, prefixes: [usr]}", ["matrix.yaml:3:36: 'usr' is not a folder below /\n    write it as /usr/local"]),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *TOP,
        *((f"axes: {axes}\n{TESTS}", expected) for axes, expected in IN_AXES),
        *((f"{AXES}{rule}\n{TESTS}", expected) for rule, expected in IN_RULES),
        *((f"{AXES}tests: {{t: {test}}}\n", expected) for test, expected in IN_A_TEST),
        *((f"{AXES}{TESTS}builds: {{b: {build}}}\n", expected) for build, expected in IN_A_BUILD),
    ],
)
def test_an_error_says_where_what_and_what_to_do(errors: Errors, text: str, expected: list[str]) -> None:
    begin_with(errors(text), expected)


@pytest.mark.parametrize("own", [True, False])
def test_a_runner_of_ones_own_and_any_command_may_boot_any_architecture(
    load: Load, tmp_path: Path, *, own: bool
) -> None:
    (tmp_path / "runners").mkdir()
    (tmp_path / "runners/mine.py").write_text("raise SystemExit('imported')")
    backend = "mine" if own else "command"
    guests = f"{{guests: {{a: {{backend: {backend}, ready: x}}, b: }}}}"
    assert load(f"axes: {{arch: [s390x], backend: [{backend}]}}\ntests: {{t: }}\n").cells
    assert load(f"axes: {{arch: [s390x], backend: [qemu]}}\ntests: {{t: {guests}}}\n").cells
    assert load(f"axes: {{arch: [s390x]}}\ninclude: [{{backend: {backend}}}]\ntests: {{t: }}\n").cells
    with pytest.raises(UserError, match="arch 's390x' is not known"):
        load("axes: {arch: [s390x]}\ntests: {t: }\n")
