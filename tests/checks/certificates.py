"""Certificates and servers of a test's own: two authorities, one between, and what they have signed."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
NAME = "subjectAltName=DNS:web.example"
AUTHORITY = "basicConstraints=critical,CA:TRUE"
SETTINGS = """\
[ca]
default_ca = this
[this]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
copy_extensions = copy
default_md = sha256
policy = any
[any]
commonName = supplied
"""
DATES = {
    "now": ("20200101000000Z", "20990101000000Z"),
    "past": ("20200101000000Z", "20200102000000Z"),
    "future": ("20980101000000Z", "20990101000000Z"),
}


class Authorities:
    """`root` and `other`, which trust themselves, and `middle`, signed by `root`."""

    def __init__(self, folder: Path) -> None:
        if not shutil.which("openssl"):
            pytest.skip("openssl is not installed")
        self.folder = folder
        (folder / "settings").write_text(SETTINGS)
        (folder / "index.txt").touch()
        for name in ("root", "other"):
            self._openssl(
                "req", "-x509", *EC, *_named(name, AUTHORITY), "-keyout", f"{name}.key", "-out", f"{name}.pem"
            )
        self.sign("middle", "root", AUTHORITY)

    def sign(self, name: str, by: str, extension: str = NAME, when: str = "now") -> None:
        """NAME.pem and NAME.key."""
        self._openssl("req", "-new", *EC, *_named(name, extension), "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signer = ("-config", "settings", "-cert", f"{by}.pem", "-keyfile", f"{by}.key")
        begins, ends = DATES[when]
        dates = ("-startdate", begins, "-enddate", ends)
        self._openssl("ca", "-batch", "-notext", *signer, *dates, "-in", f"{name}.csr", "-out", f"{name}.pem")

    def together(self, *names: str) -> str:
        """The file that has all of these certificates."""
        made = f"{'-'.join(names)}.all"
        (self.folder / made).write_bytes(b"".join((self.folder / f"{name}.pem").read_bytes() for name in names))
        return made

    def server(self, *chain: str) -> ssl.SSLContext:
        """With the key of the first."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.folder / self.together(*chain), self.folder / f"{chain[0]}.key")
        return made

    def _openssl(self, *options: str) -> None:
        subprocess.run(["openssl", *options], cwd=self.folder, check=True, capture_output=True)


def _named(name: str, extension: str) -> tuple[str, ...]:
    return ("-subj", f"/CN={name}", "-addext", extension)
