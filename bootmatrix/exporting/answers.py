"""What a server of measures has answered, or that it has not: whether it may be well in a while, and what to do."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import requests

from bootmatrix import texts
from bootmatrix.errors import BootmatrixError, InfrastructureError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bootmatrix.exporting.target import Target

LATER = frozenset({408, 425, 429, 500, 502, 503, 504})  # what a server says that will be well in a while
REMEDIES = {
    401: "set the token, or user and password, in the environment: `bootmatrix export --help` has their names",
    403: "the token or the user may not write there: give it the right to, or use another",
    404: "check the path, the database or the bucket that --to names, and that it was made",
    413: "the server takes less at once: raise its limit of a request's size",
}


class Again(Exception):
    """It failed in a way that may pass. `after`: seconds that the server asked to wait."""

    def __init__(self, why: str, after: float = 0.0) -> None:
        super().__init__(why)
        self.after = after


def judge(target: Target, status: int, headers: Mapping[str, str], said: str) -> None:
    """Raises Again, or InfrastructureError, if what was sent is not taken."""
    if requests.codes.ok <= status < requests.codes.multiple_choices:
        return
    shown = texts.line(target.without_secrets(said))
    why = f"answers {status}" + (f": {shown}" if shown else "")
    if status in LATER:
        raise Again(why, _seconds(headers.get("Retry-After", "")))
    if requests.codes.multiple_choices <= status < requests.codes.bad_request:
        to = texts.line(target.without_secrets(headers.get("Location", "")), 200)
        what = f"{target} redirects to '{to}', and nothing was sent there"
        raise InfrastructureError(Problem(what, remedy="give that address as --to, if you trust it"))
    remedy = REMEDIES.get(status, "see what it says, and its log")
    raise InfrastructureError(Problem(f"{target} does not take the measures: it {why}", remedy=remedy))


def _seconds(text: str) -> float:
    """From now on; a server may name the time itself (RFC 9110, 10.2.3)."""
    if re.fullmatch(r"[0-9]{1,6}", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


def unreachable(target: Target, error: Exception) -> Again | BootmatrixError:
    """What to raise where there is no answer."""
    said = texts.line(target.without_secrets(str(error)), 200)
    if isinstance(error, requests.exceptions.SSLError):
        what = f"no secure connection to {target}: {said}"
        remedy = "if its certificate is of an authority of your own, name that one's file in REQUESTS_CA_BUNDLE"
        return InfrastructureError(Problem(what, remedy=remedy))
    if isinstance(error, requests.Timeout):
        return Again("does not answer in time")
    if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return Again(f"cannot be reached, or ended the connection: {_cause(error) or said}")
    return InfrastructureError(Problem(f"{target} cannot be used: {said}", remedy="check the address of --to"))


def _cause(error: BaseException) -> str:
    """The system's own words for it, which other libraries have wrapped; empty if there are none."""
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None or (isinstance(seen, OSError) and seen.strerror):
            break
        inner = [each for each in (getattr(seen, "reason", None), *seen.args) if isinstance(each, BaseException)]
        seen = next(iter(inner), None) or seen.__cause__ or seen.__context__
    return str(seen.strerror) if isinstance(seen, OSError) and seen.strerror else ""
