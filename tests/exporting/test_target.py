"""The address of a server has no secret in it; those come from the environment or from files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bootmatrix.errors import UserError
from bootmatrix.exporting import target

if TYPE_CHECKING:
    from pathlib import Path

URL = "http://localhost:8086/write?db=x"


def refused(text: str = URL) -> str:
    with pytest.raises(UserError) as caught:
        target.of(text)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "localhost:8086", "http://", "ftp://host/", "http://host:99999/", "http://host:0/", "http://[::1/", "file:///etc/passwd",
     "http://host/a b", "http://host/\n", "http://host/\x1b[31m", "//host/"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    said = refused(text)
    assert "is not the address of a server" in said
    assert "write it as http://HOST:PORT/PATH" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("text", [URL, "https://host/api/v2/write?org=o&bucket=b#x", "http://[::1]:9091"])
def test_what_is_one(text: str) -> None:
    assert str(target.of(text)) == text.partition("#")[0]


@pytest.mark.parametrize(
    "text",
    ["http://us:s3cret@host/", "http://s3cret@host/", "http://host/write?db=x&u=us&p=s3cret", "http://host/?token=s3cret",
     "http://us:s3cret@host:99999/"],
)  # fmt: skip
def test_an_address_with_a_secret_is_refused_without_it(text: str) -> None:
    assert "s3cret" not in refused(text)


def test_a_secret_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    monkeypatch.setenv("BOOTMATRIX_EXPORT_TOKEN_FILE", str(tmp_path / "token"))
    assert target.of(URL).token == "s3cret"  # noqa: S105  # none


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"TOKEN": "a", "USER": "b"}, "both BOOTMATRIX_EXPORT_TOKEN and BOOTMATRIX_EXPORT_USER or"),
        ({"TOKEN": "a", "TOKEN_FILE": "b"}, "both BOOTMATRIX_EXPORT_TOKEN and BOOTMATRIX_EXPORT_TOKEN_FILE are set"),
        ({"TOKEN_FILE": "/none"}, "the file of BOOTMATRIX_EXPORT_TOKEN_FILE cannot be read: /none: No such file"),
        ({"TOKEN_FILE": "/dev/null"}, "the file of BOOTMATRIX_EXPORT_TOKEN_FILE cannot be read: /dev/null"),
        ({"TOKEN": "a\nX-Other: s3cret"}, "BOOTMATRIX_EXPORT_TOKEN has a character that is not printable ASCII"),
        ({"PASSWORD": "s3crét"}, "BOOTMATRIX_EXPORT_PASSWORD has a character that is not printable ASCII"),
    ],
)
def test_secrets_that_cannot_be_used(given: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"BOOTMATRIX_EXPORT_{name}", value)
    assert said in refused()
    assert "s3cr" not in refused()
