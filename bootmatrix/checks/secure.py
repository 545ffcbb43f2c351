"""TLS with a guest: which certificates are trusted, and what went wrong, in words."""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING

from bootmatrix import files, repository
from bootmatrix.errors import Problem, UserError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 1 << 20  # bytes of a file of certificates
NOT_SIGNED = frozenset({2, 18, 19, 20, 21})  # of x509_vfy.h: nobody who is trusted has signed it
ALERT = re.compile(r"(?:SSLV3|TLSV1|TLSV13)_ALERT_(.+)")
OLD = "it speaks neither TLS 1.2 nor a newer one"
WORDS = {
    "WRONG_VERSION_NUMBER": "what it sends is no TLS",
    "UNEXPECTED_EOF_WHILE_READING": "it closed the connection in the middle",
    "TLSV1_ALERT_PROTOCOL_VERSION": OLD,
    "UNSUPPORTED_PROTOCOL": OLD,
}


def context(root: Path, trusted: str) -> ssl.SSLContext:
    """For a client that trusts the certificates of this file of the repository, whoever has signed them; any without.
    Raises UserError.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not trusted:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
        return made
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        made.load_verify_locations(
            cadata=files.read(root / trusted, LARGEST, below=repository.top(root)).decode("ascii")
        )
    except (OSError, ValueError) as error:
        what = f"the certificates in '{trusted}' cannot be used: {_unusable(error)}"
        raise UserError(Problem(what, remedy="name a PEM file of the repository, relative to matrix.yaml")) from None
    return made


def _unusable(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        return _plain(error.reason) if error.reason else "one of them is damaged"
    return getattr(error, "strerror", "") or "it is not PEM"


def worded(error: OSError) -> str:
    """What is wrong, of an ssl.SSLError."""
    if isinstance(error, ssl.SSLCertVerificationError):
        said = error.verify_message.rstrip(".")
        return f"none of the certificates in `ca` has signed it ({said})" if error.verify_code in NOT_SIGNED else said
    reason = (
        "UNEXPECTED_EOF_WHILE_READING" if isinstance(error, ssl.SSLEOFError) else getattr(error, "reason", "") or ""
    )
    if alert := ALERT.fullmatch(reason):
        return WORDS.get(reason) or f"it refused: {_plain(alert[1])}"
    return WORDS.get(reason) or _plain(reason) or "it failed"


def _plain(reason: str) -> str:
    return reason.replace("_", " ").lower()
