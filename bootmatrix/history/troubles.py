"""What a database can refuse, in our words."""

from __future__ import annotations

import contextlib
from json import JSONDecodeError
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bootmatrix.errors import InfrastructureError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

ELSEWHERE = "--history PATH or BOOTMATRIX_HISTORY keeps it elsewhere, `none` nowhere"
REMEDIES = {
    "full": "free some space, then `bootmatrix nightly` records the run",
    "readonly": f"make it writable; {ELSEWHERE}",
    "locked": "another program writes to it: try again, `bootmatrix nightly` records the run",
    "not a database": "move the file away: the next run begins a new history",
    "malformed": "move the file away: the next run begins a new history",
    "unable to open": ELSEWHERE,
    "connection": "see that its server runs and lets us in, then `bootmatrix nightly` records the run",
}
"""What to do, by a word of the database's message."""


@contextlib.contextmanager
def told(name: str) -> Iterator[None]:
    """Raises InfrastructureError for what the database `name` refuses."""
    try:
        yield
    except JSONDecodeError:
        what = f"the history {name} is malformed: a text in it is no JSON"
        raise InfrastructureError(Problem(what, remedy=REMEDIES["malformed"])) from None
    except SQLAlchemyError as error:
        said = str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0]
        remedy = next((text for word, text in REMEDIES.items() if word in said), ELSEWHERE)
        raise InfrastructureError(Problem(f"the history {name} cannot be used: {said}", remedy=remedy)) from None
