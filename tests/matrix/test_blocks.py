"""Disks and files in matrix.yaml: what may be written, and what is told where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from bootmatrix.matrix.keys.schema import Test
    from bootmatrix.matrix.load import Matrix

    Load = Callable[[str], Matrix]
    Errors = Callable[[str], list[str]]

AXES = "axes: {backend: [qemu]}\n"


def test_a_disk_is_a_size_or_a_mapping(load: Load) -> None:
    test: Test = load(AXES + "tests: {t: {blocks: {a: 1 MiB, b: {file: x.img, sector: 4096, count: 3}}}}\n").tests["t"]
    assert test.blocks["a"].size == 1 << 20
    assert test.blocks["b"].names("b") == ["b0", "b1", "b2"]
    assert test.blocks["a"].names("a") == ["a"]


NAMES = ["", "../../etc/passwd", "a;b", "-a", "a,b", "a b", "a/b", "ä", "a.b", "a_b", "'a\\nb'", "'a=b'", "a" * 65]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_a_tender_could_misread_is_refused(errors: Errors, name: str) -> None:
    (told,) = errors(AXES + f'tests: {{t: {{blocks: {{"{name}": 1 MiB}}}}}}\n')
    assert told.startswith("matrix.yaml:2:")
    assert "is not a valid name for a disk; use letters and digits" in told


@pytest.mark.parametrize("name", ["", "../x", "a b", "1a", "a.b", "a,b", "-a", "a" * 65])
def test_a_file_has_a_name_that_a_placeholder_can_have(errors: Errors, name: str) -> None:
    (told,) = errors(AXES + f'tests: {{t: {{files: {{"{name}": x}}}}}}\n')
    assert "is not a valid name for a file" in told


WRONG = {
    "{blocks: {a: {}}}": "a disk needs a `size` or a `file`",
    "{blocks: {a: 0 B}}": "is not between 1 B and 1024 GiB",
    "{blocks: {a: 2000 GiB}}": "is not between 1 B and 1024 GiB",
    "{blocks: {a: 10}}": "is not a size with its unit",
    "{blocks: {a: {size: 1 MiB, count: 0}}}": "the minimum is 1",
    "{blocks: {a: {size: 1 MiB, count: 65}}}": "the maximum is 64",
    "{blocks: {a: {size: 1 MiB, sector: 0}}}": "the minimum is 1",
    "{blocks: {a: {size: 1 MiB, expect: {sha256: abc}}}}": "'abc' is not a SHA-256 digest",
    "{blocks: {a: {size: 1 MiB, expect: {contains: {regex: '('}}}}}": "not a regular expression",
    f"{{blocks: {{a: {{size: 1 MiB, expect: {{contains: {'x' * 4097}}}}}}}}}": "more than 4,096 characters",
    "{blocks: {a: {size: 1 MiB, image: b}}}": "unknown key 'image'",
    "{args: ['{files.b}'], files: {a: x}}": "the placeholder {files.b} names none of the test's `files`",
    "{files: {a: '{files.b}', b: x}}": "the placeholder {files.b} names none of the test's `files`",
    "{files: {a: '{attempt}'}}": "the placeholder {attempt} names no axis or parameter",
    "{args: ['{output}/x']}": "the placeholder {output} names no axis or parameter",
    "{unikernel: '{files.a}', files: {a: x}}": "the placeholder {files.a} names none of the test's `files`",
    "{blocks: {a: {size: 1 MiB, file: '{c}'}}}": "the placeholder {c} names no axis or parameter",
    "{args: ['{disk}'], blocks: {a: 1 MiB}}": "the placeholder {disk} names no axis or parameter",
    "{runner: {options: ['{files.b}']}, files: {a: x}}": "the placeholder {files.b} names none of the test's `files`",
    "{runner: {options: [-x, '{blocks.a}']}, blocks: {a: {size: 1 MiB, count: 2}}}": "{blocks.a} names none",
    "{runner: {options: ['{nonsense}']}}": "the placeholder {nonsense} names no axis or parameter",
}


@pytest.mark.parametrize(("test", "what"), WRONG.items())
def test_what_is_wrong_is_told_where_it_stands(errors: Errors, test: str, what: str) -> None:
    (told,) = errors(f"{AXES}tests: {{t: {test}}}\n")
    assert told.startswith("matrix.yaml:2:")
    assert what in told


RIGHT = [
    "{args: ['{files.a} {attempt}'], files: {a: 'x-{backend}'}}",
    "{blocks: {a: {file: '{arch}.img', expect: {command: [fsck, '{disk}']}}}}",
    "{runner: {options: ['{files.a}', '{blocks.b1}', '{{x}}']}, files: {a: x}, blocks: {b: {size: 1 MiB, count: 2}}}",
    "{runner: {options: ['{unikernel}', '{memory}', '{cpus}', '{args}', '{attempt}', '{arch}']}}",
    "{runner: {options: ['{files.a}']}, when: [{match: {backend: qemu}, files: {a: x}}]}",
]


@pytest.mark.parametrize("test", RIGHT)
def test_what_is_right_is_taken(load: Load, test: str) -> None:
    assert load(f"{AXES}tests: {{t: {test}}}\n")


def test_the_defaults_may_name_what_any_test_has(load: Load, errors: Errors) -> None:
    text = AXES + "defaults: {args: ['{files.a}']}\ntests: {t: {files: {a: x}}, u: {files: {a: y}}}\n"
    assert load(text)
    assert "{files.a} names none" in errors(text.replace("a: x", "b: x").replace("a: y", "b: y"))[0]


def test_an_output_needs_a_build(load: Load, errors: Errors) -> None:
    test = "tests: {t: {args: ['{output}/x']BUILD}}\nbuilds: {a: {run: 'true'}, b: {run: 'true'}}\n"
    assert "{output} names no axis" in errors(AXES + test.replace("BUILD", ""))[0]
    assert load(AXES + test.replace("BUILD", ", build: a"))
