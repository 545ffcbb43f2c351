"""Images belong to the engine, which several caches share: each takes its own marks off, the last frees it."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest
from docker.errors import APIError
from engines import podman_service
from support import bootmatrix

from bootmatrix.places.containers import engine
from bootmatrix.toolchains import imagebuild, marks
from bootmatrix.upkeep import images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bootmatrix.toolchains.toolchain import Image
    from bootmatrix.upkeep.kept import Item

CACHES = ("one", "other")


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from podman_service(tmp_path_factory)


@pytest.fixture(
    params=[pytest.param("docker", marks=pytest.mark.docker), pytest.param("podman", marks=pytest.mark.podman)]
)
def tag(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An image of nothing but a file, as ours are labelled, in an engine."""
    if request.param == "podman":
        monkeypatch.setenv("DOCKER_HOST", request.getfixturevalue("podman"))
    for known in (engine.client, engine.info, engine.is_podman):
        known.cache_clear()
    name = f"localhost/bootmatrix/test-{os.urandom(4).hex()}:0"
    build(name)
    yield name
    for each in [name, *(mark.tag for cache in CACHES for mark in made.get(cache, []))]:
        if engine.image(each):
            engine.client().remove_image(each, force=True)
    made.clear()
    for known in (engine.client, engine.info, engine.is_podman):
        known.cache_clear()


made: dict[str, list[marks.Mark]] = {}


def build(name: str) -> None:
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for path, text in (("Dockerfile", b"FROM scratch\nCOPY file /file\n"), ("file", os.urandom(100_000))):
            member = tarfile.TarInfo(path)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    context.seek(0)
    for line in engine.client().build(
        fileobj=context, custom_context=True, tag=name, labels={imagebuild.LABEL: "test"}, rm=True, decode=True
    ):
        assert "error" not in line, line


@pytest.mark.docker
def test_doctor_takes_an_image_in_which_nothing_runs_for_no_trouble_of_this_host(
    tmp_path: Path, debian_12: Image
) -> None:
    assert debian_12
    newest = f"localhost/bootmatrix/test-{os.urandom(4).hex()}:0"
    build(newest)
    try:
        done = bootmatrix("doctor", cwd=tmp_path, BOOTMATRIX_CACHE=str(tmp_path / "cache"))
    finally:
        engine.client().remove_image(newest, force=True)
    assert "ok      networks in containers: a boot in localhost/bootmatrix/" in done.stdout, done.stdout
    assert f"a boot in {newest}" not in done.stdout


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Choose one of the caches for what follows."""
    return lambda name: monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / name))


def mark(name: str, tag: str) -> None:
    assert marks.add(tag)
    made.setdefault(name, []).extend(marks_on(tag))


def marks_on(tag: str) -> list[marks.Mark]:
    return marks.of((engine.image(tag) or {}).get("RepoTags") or ())


def item_of(tag: str, *, unmarked: bool = False) -> Item | None:
    """What gc would say of the image, which nothing but its tag names."""
    return next((each for each in images.items(unmarked=unmarked) if each.name.startswith(tag)), None)


def test_the_last_cache_that_uses_an_image_frees_it(tag: str, cache: Callable[[str], None]) -> None:
    for name in CACHES:
        cache(name)
        mark(name, tag)
    assert len({each.cache for each in marks_on(tag)}) == 2
    found = item_of(tag)
    assert found is not None
    assert (found.size, "another cache uses it" in found.name) == (0, True)
    found.remove()
    assert [each.cache for each in marks_on(tag)] == [made["one"][0].cache]
    assert item_of(tag) is None, "what has no mark of this cache is not its own"
    assert item_of(tag, unmarked=True) is None, "nor without a mark"
    cache("one")
    found = item_of(tag)
    assert found is not None
    assert found.size >= 100_000
    found.remove()
    assert engine.image(tag) is None
    assert engine.image(made["one"][0].tag) is None


def test_an_image_that_another_cache_marks_meanwhile_stays(tag: str, cache: Callable[[str], None]) -> None:
    cache("one")
    mark("one", tag)
    found = item_of(tag)
    assert found is not None
    cache("other")
    mark("other", tag)
    cache("one")
    found.remove()
    assert engine.image(tag) is not None
    assert len(marks_on(tag)) == 1


def test_what_no_cache_has_marked_goes_only_if_that_is_asked_for(tag: str, cache: Callable[[str], None]) -> None:
    cache("one")
    assert item_of(tag) is None
    found = item_of(tag, unmarked=True)
    assert found is not None
    found.remove()
    assert engine.image(tag) is None


def test_a_mark_is_made_once_and_old_ones_go(tag: str, cache: Callable[[str], None]) -> None:
    cache("one")
    mark("one", tag)
    mine = marks_on(tag)
    ours = mine[0].tag.rpartition(":")[2].rpartition("-")[0]
    for label in (f"{ours}-20260101", f"{'0' * 16}-{'1' * 16}-20200101", f"{'0' * 16}-{'1' * 16}-99999999"):
        engine.client().tag(tag, marks.REPOSITORY, label)
    assert len(marks_on(tag)) == 4
    assert item_of(tag, unmarked=True) is not None
    mark("one", tag)
    assert marks_on(tag) == mine


def test_a_cache_that_is_gone_keeps_no_image_for_ever(tag: str, cache: Callable[[str], None]) -> None:
    cache("one")
    mark("one", tag)
    engine.client().tag(tag, marks.REPOSITORY, f"{'0' * 16}-{'1' * 16}-20200101")
    found = item_of(tag)
    assert found is not None
    found.remove()
    assert engine.image(tag) is None


def test_an_image_that_a_container_has_keeps_its_tags(tag: str, cache: Callable[[str], None]) -> None:
    cache("one")
    mark("one", tag)
    container = engine.client().create_container(tag, command=["/file"])["Id"]
    try:
        before = sorted(engine.image(tag)["RepoTags"])  # type: ignore[index]
        found = item_of(tag)
        assert found is not None
        with pytest.raises(Exception, match="cannot be removed"):
            found.remove()
        assert sorted(engine.image(tag)["RepoTags"]) == before  # type: ignore[index]
    finally:
        engine.client().remove_container(container, force=True)


def test_the_command_frees_only_what_its_own_cache_used(tag: str, cache: Callable[[str], None], tmp_path: Path) -> None:
    cache("one")
    mark("one", tag)
    cache("other")
    done = bootmatrix("gc", "--days", "0", "--yes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert engine.image(tag) is not None
    cache("one")
    done = bootmatrix("gc", "--days", "0", "--yes", cwd=tmp_path)
    assert f"{tag}\n" in done.stdout, done.stdout + done.stderr
    assert engine.image(tag) is None


def test_marks_say_no_more_than_they_are() -> None:
    good = f"{marks.REPOSITORY}:{'0' * 16}-{'1' * 16}-20260101"
    others = [good + "0", good.replace("0000", "zzzz", 1), "localhost/bootmatrix/debian-12:0", "<none>:<none>", ""]
    assert [each.tag for each in marks.of([*others, good])] == [good]


@pytest.mark.parametrize("spoilt", ["", "0" * 17, "../../x", "\udcff", "link", "folder", "fifo"])
def test_a_spoilt_id_of_a_cache_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: str) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    file, victim = tmp_path / "cache" / marks.FILE, tmp_path / "victim"
    file.parent.mkdir()
    victim.write_text("0" * 16)
    make = {"link": lambda: file.symlink_to(victim), "folder": file.mkdir, "fifo": lambda: os.mkfifo(file)}
    make.get(spoilt, lambda: file.write_bytes(spoilt.encode("utf-8", "surrogateescape")))()
    found = marks.cache_id()
    assert marks.ID.fullmatch(found)
    assert file.read_text() == f"{found}\n"
    assert (found != "0" * 16, victim.read_text()) == (True, "0" * 16)


@pytest.mark.parametrize(
    ("refusals", "said"),
    [
        (["abc: image not known"] * (images.TRIES - 1), ""),
        (["abc: image not known"] * images.TRIES, "image not known"),
        (["no space left on device"], "no space left"),
    ],
)
def test_what_goes_while_images_are_listed_is_asked_for_again_and_not_for_ever(refusals: list[str], said: str) -> None:
    left = list(refusals)

    def ask() -> str:
        if left:
            raise APIError("500 Server Error", explanation=left.pop())
        return "listed"

    if said:
        with pytest.raises(APIError, match=said):
            images.listed(ask)
    else:
        assert images.listed(ask) == "listed"
    assert left == []
