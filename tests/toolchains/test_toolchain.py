"""An image's own files: plain, bounded, in its folder; what they say is told where it makes no sense."""

from __future__ import annotations

import os
from threading import Event
from typing import TYPE_CHECKING

import pytest
from support import bootmatrix, write_matrix

from bootmatrix.errors import UserError
from bootmatrix.model import Cell
from bootmatrix.toolchains import bases, folder as folders, imagebuild, toolchain
from bootmatrix.toolchains.toolchain import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "images/mine"
    made.mkdir(parents=True)
    (made / "Dockerfile").write_text("FROM scratch\n")
    return made


def image(folder: Path, **args: str) -> Image:
    return Image("mine", folder, tuple(args.items()), "localhost/bootmatrix/mine:x")


def _large(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(folders.LARGEST + 1)


READERS: dict[str, Callable[[Path], object]] = {
    "Dockerfile": lambda folder: toolchain.image_of(Cell("c", {"os": "mine"}), {"mine": folder}),
    "Dockerfile of bases": lambda folder: bases.of(image(folder)),
    "image.yaml": lambda folder: toolchain.compiler_environment(Cell("c", {}), folder),
    ".dockerignore": lambda folder: imagebuild.make(image(folder), folder.parent / "log", Event(), print),
}


@pytest.mark.parametrize("what", READERS)
@pytest.mark.parametrize(
    ("make", "why"),
    [
        (os.mkfifo, "it is not a regular file"),
        (os.mkdir, "it is not a regular file"),
        (lambda file: file.symlink_to("/dev/zero"), "it leads out of"),
        (lambda file: file.symlink_to("/etc/passwd"), "it leads out of"),
        (_large, "it is larger than 1,048,576 bytes"),
    ],
    ids=["pipe", "folder", "device", "elsewhere", "large"],
)
def test_what_is_no_plain_file_of_the_image_is_told(
    what: str, make: Callable[[Path], None], why: str, folder: Path
) -> None:
    file = folder / what.split(maxsplit=1)[0]
    file.unlink(missing_ok=True)
    make(file)
    with pytest.raises(UserError) as caught:
        READERS[what](folder)
    assert f"{file} cannot be read: {why}" in str(caught.value)
    assert "in the folder of an image," in str(caught.value)


def test_a_link_in_the_images_folder_is_followed(folder: Path) -> None:
    (folder / "Dockerfile").rename(folder / "common")
    (folder / "common").write_text("ARG arch\nFROM scratch\n")
    (folder / "Dockerfile").symlink_to("common")
    assert toolchain.image_of(Cell("c", {"os": "mine", "arch": "riscv64"}), {"mine": folder}).name == "mine-riscv64"


@pytest.mark.parametrize("command", ["plan", "list --shard=1/1", "plan --format=github"])
def test_no_command_waits_for_a_pipe(command: str, folder: Path) -> None:
    (folder / "Dockerfile").unlink()
    os.mkfifo(folder / "Dockerfile")
    root = folder.parents[1]
    write_matrix(root, {"axes": {"os": ["mine"], "backend": ["qemu"]}, "tests": {"t": {"unikernel": "matrix.yaml"}}})
    done = bootmatrix(*command.split(), cwd=root)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Dockerfile cannot be read: it is not a regular file" in done.stderr


def test_a_dockerfile_of_nothing_but_line_ends_is_read_at_once(folder: Path) -> None:
    (folder / "Dockerfile").write_text("\n" * 500_000 + "FROM  --platform=x  base AS one\n\tfrom one\n")
    assert [base.name for base in bases.of(image(folder))] == ["base"]


def test_arguments_of_arguments_do_not_grow_without_end(folder: Path) -> None:
    lines = [f"ARG a{n}=" + f"${{a{n + 1}}}" * 8 for n in range(30)]
    (folder / "Dockerfile").write_text("\n".join([*lines, "FROM ${a0}", ""]))
    with pytest.raises(UserError, match="the name of a base has more than 1000 characters"):
        bases.of(image(folder))


@pytest.mark.parametrize("text", ["[]", "base: x", "compilers: [gcc]", "compilers: {gcc: [x86_64]}"])
def test_an_image_yaml_that_is_no_mapping_is_told(text: str, folder: Path) -> None:
    (folder / "image.yaml").write_text(text)
    with pytest.raises(UserError, match=r"image.yaml must be a mapping, and so must"):
        toolchain.compiler_environment(Cell("c", {"compiler": "gcc", "arch": "x86_64"}), folder)


def extending(folder: Path, name: str, run: str = "RUN true\n") -> Path:
    made = folder.parent / "more"
    made.mkdir()
    (made / "Dockerfile").write_text(run)
    (made / "image.yaml").write_text(f"extends: {name}\n")
    return made


def test_an_image_may_extend_one_beside_it(folder: Path) -> None:
    (folder / "Dockerfile").write_text("ARG BASE=a:b\nFROM ${BASE}\nARG arch\n")
    (folder / "image.yaml").write_text("base: {suite: bookworm}\ncompilers: {gcc: {x86_64: {CC: cc}}}\n")
    more = extending(folder, "mine", "ARG flavour\nRUN true\n")
    assert folders.dockerfile(more) == "ARG BASE=a:b\nFROM ${BASE}\nARG arch\n\nARG flavour\nRUN true\n"
    cell = Cell("c", {"os": "more", "arch": "x86_64", "compiler": "gcc", "flavour": "plain"})
    assert toolchain.image_of(cell, {"more": more}).args == (("arch", "x86_64"), ("flavour", "plain"))
    assert toolchain.compiler_environment(cell, more) == {"CC": "cc"}
    assert [base.suite for base in bases.of(Image("more", more, (), "x"))] == ["bookworm"]


def test_an_extended_image_has_another_key_when_what_it_extends_changes(tmp_path: Path) -> None:
    keys = set()
    for index, run in enumerate(["RUN true\n", "RUN false\n"]):
        base = tmp_path / str(index) / "images/mine"
        base.mkdir(parents=True)
        (base / "Dockerfile").write_text("FROM scratch\n" + run)
        keys.add(folders.context_key(extending(base, "mine")))
    assert len(keys) == 2


def test_what_ships_can_be_extended_under_its_own_name(tmp_path: Path) -> None:
    own = tmp_path / "images/debian-12"
    own.mkdir(parents=True)
    (own / "Dockerfile").write_text("RUN true\n")
    (own / "image.yaml").write_text("extends: debian-12\ncompilers: {gcc: {x86_64: {CC: gcc-11}}}\n")
    assert folders.dockerfile(own).endswith("\n\nRUN true\n")
    assert "FROM ${BASE}" in folders.dockerfile(own)
    assert folders.data(own)["base"] == {"suite": "bookworm"}
    assert folders.data(own)["compilers"] == {"gcc": {"x86_64": {"CC": "gcc-11"}}}


@pytest.mark.parametrize("name", ["mien", "more", "../images/mine", "[a]", "7"])
def test_an_image_that_extends_no_other_is_told(folder: Path, name: str) -> None:
    more = extending(folder, name)
    with pytest.raises(UserError, match="and there is no such other image"):
        folders.dockerfile(more)


def test_two_images_that_extend_each_other_are_told(folder: Path) -> None:
    more = extending(folder, "mine")
    (folder / "image.yaml").write_text("extends: more\n")
    with pytest.raises(UserError, match="there is no such other image"):
        folders.dockerfile(more)


def test_an_image_that_copies_its_own_files_cannot_be_extended(folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY file /\n")
    more = extending(folder, "mine")
    with pytest.raises(UserError, match="whose Dockerfile copies files"):
        folders.dockerfile(more)
