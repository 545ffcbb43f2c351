"""Archives that anybody may have made: what is good in them is laid out, and nothing ever lands outside."""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from bootmatrix.places.remote import archive

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def packed(form: int, *entries: tarfile.TarInfo | tuple[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=form) as made:
        for each in entries:
            if isinstance(each, tarfile.TarInfo):
                made.addfile(each)
                continue
            info = tarfile.TarInfo(each[0])
            info.size = len(each[1])
            made.addfile(info, io.BytesIO(each[1]))
    return whole.getvalue()


def special(name: str, kind: bytes, leads: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, leads
    return info


def laid(raw: bytes, target: Path) -> Path:
    target.mkdir()
    archive.take(io.BytesIO(raw).read, target)
    return target


@pytest.mark.parametrize("form", FORMATS)
def test_each_form_is_read(form: str, tmp_path: Path) -> None:
    long = "/".join(["d" * 60] * (3 if form == "ustar" else 8))
    entries: list[tarfile.TarInfo | tuple[str, bytes]] = [
        special(".", tarfile.DIRTYPE),
        (f"./{long}/é\n", b"x" * 1000),
        ("second", b""),
        ("third", bytes(512)),
    ]
    found = laid(packed(FORMATS[form], *entries), tmp_path / "made")
    assert (found / long / "é\n").read_bytes() == b"x" * 1000
    assert (found / "second").read_bytes() == b""
    assert (found / "third").read_bytes() == bytes(512)


def test_kinds_are_as_they_were_and_devices_are_left_out(tmp_path: Path) -> None:
    found = laid(
        packed(
            tarfile.GNU_FORMAT,
            ("file", b"1"),
            special("again", tarfile.LNKTYPE, "file"),
            special("link", tarfile.SYMTYPE, "/etc/passwd"),
            special("pipe", tarfile.FIFOTYPE),
            special("device", tarfile.CHRTYPE),
        ),
        tmp_path / "made",
    )
    assert sorted(each.name for each in found.iterdir()) == ["again", "file", "link", "pipe"]
    assert (found / "again").samefile(found / "file")
    assert (found / "link").is_symlink()
    assert (found / "pipe").is_fifo()


HARM: dict[str, Callable[[Path], bytes]] = {
    "up": lambda _: packed(tarfile.GNU_FORMAT, ("../escaped", b"x")),
    "up in the middle": lambda _: packed(tarfile.GNU_FORMAT, ("a/../../escaped", b"x")),
    "absolute": lambda outside: packed(tarfile.GNU_FORMAT, (f"{outside}/escaped", b"x")),
    "absolute, long": lambda outside: packed(tarfile.PAX_FORMAT, (f"{outside}/{'e' * 200}", b"x")),
    "a link, then through it": lambda outside: packed(
        tarfile.GNU_FORMAT, special("door", tarfile.SYMTYPE, str(outside)), ("door/escaped", b"x")
    ),
    "a link, then instead of it": lambda outside: packed(
        tarfile.GNU_FORMAT, special("door", tarfile.SYMTYPE, f"{outside}/escaped"), ("door", b"x")
    ),
    "a second name of what is outside": lambda outside: packed(
        tarfile.GNU_FORMAT, special("door", tarfile.LNKTYPE, f"{outside}/precious")
    ),
    "the same name twice": lambda _: packed(tarfile.GNU_FORMAT, ("a", b"1"), ("a", b"2")),
    "a file as a folder": lambda _: packed(tarfile.GNU_FORMAT, ("a", b"1"), ("a/b", b"2")),
    "nothing like it": lambda _: b"ssh: a banner\n" * 100,
}


@pytest.mark.parametrize("harm", HARM)
def test_nothing_lands_outside(harm: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    with pytest.raises((archive.Refused, OSError, EOFError)):
        laid(HARM[harm](outside), tmp_path / "made")
    assert [each.name for each in outside.iterdir()] == ["precious"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["made", "outside"]


@pytest.mark.parametrize("kind", [b"x", b"L", b"K", b"g"])
def test_a_header_that_says_to_be_huge_is_not_held(kind: bytes, tmp_path: Path) -> None:
    info = special("././@LongLink", kind)
    info.size = 8 << 30
    asked = []

    def read(size: int) -> bytes:
        asked.append(size)
        return info.tobuf(tarfile.GNU_FORMAT)[:size] if len(asked) == 1 else bytes(size)

    (tmp_path / "made").mkdir()
    with pytest.raises(archive.Refused, match="too long"):
        archive.take(read, tmp_path / "made")
    assert max(asked) <= archive.CHUNK


def test_a_file_that_says_to_be_huge_is_refused_at_once(tmp_path: Path) -> None:
    info = tarfile.TarInfo("file")
    info.size = archive.LARGEST + 1
    with pytest.raises(archive.Refused, match="more than 16 GiB"):
        laid(info.tobuf(tarfile.GNU_FORMAT), tmp_path / "made")


def test_a_torn_archive_is_told(tmp_path: Path) -> None:
    whole = packed(tarfile.GNU_FORMAT, ("file", b"x" * 5000))
    with pytest.raises(EOFError):
        laid(whole[:3000], tmp_path / "made")


@given(st.binary(max_size=2000), st.integers(0, 1500), st.binary(max_size=60))
def test_whatever_comes_is_an_archive_or_refused(tail: bytes, at: int, planted: bytes) -> None:
    import tempfile  # noqa: PLC0415  # one for each example
    from pathlib import Path  # noqa: PLC0415

    whole = bytearray(packed(tarfile.PAX_FORMAT, ("é" * 120, b"content")) + tail)
    whole[at : at + len(planted)] = planted
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "made")
        with contextlib.suppress(archive.Refused, EOFError, OSError):
            laid(bytes(whole), target)
        assert os.listdir(folder) == ["made"]  # noqa: PTH208
