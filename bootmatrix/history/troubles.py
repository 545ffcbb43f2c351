"""What a database can refuse, in our words."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bootmatrix.errors import BootmatrixError, InfrastructureError, Problem
from bootmatrix.history.deadline import VARIABLE, Late
from bootmatrix.history.schema import REMEDY as AWAY
from bootmatrix.quantities import human_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bootmatrix.history.deadline import Deadline

ELSEWHERE = "--history PATH or BOOTMATRIX_HISTORY keeps it elsewhere, `none` nowhere"
LOCKED = "another program writes to it: try again, `bootmatrix nightly` records the run"
REMEDIES = {
    "full": "free some space, then `bootmatrix nightly` records the run",
    "readonly": f"make it writable; {ELSEWHERE}",
    "locked": LOCKED,
    "lock timeout": LOCKED,
    "not a database": AWAY,
    "malformed": AWAY,
    "too big": AWAY,
    "unable to open": ELSEWHERE,
    "connection": "see that its server runs and lets us in, then `bootmatrix nightly` records the run",
}
"""What to do, by a word of the database's message."""
ENDED = ("interrupted", "statement timeout")  # what a database says of a statement that was ended


@contextlib.contextmanager
def told(name: str, deadline: Deadline, doing: str) -> Iterator[None]:
    """Raises InfrastructureError for what the database `name` refuses, or cannot do until the deadline.

    KeyboardInterrupt where a statement was ended before: no other reason than Ctrl-C is left.
    """
    try:
        yield
    except BootmatrixError:
        raise
    except Late:
        raise _late(name, deadline, doing) from None
    except (SQLAlchemyError, sqlite3.Error) as error:
        said = str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0]
        if any(word in said for word in ENDED):
            if deadline.passed():
                raise _late(name, deadline, doing) from None
            raise KeyboardInterrupt from None
        remedy = next((text for word, text in REMEDIES.items() if word in said), ELSEWHERE)
        raise InfrastructureError(Problem(f"the history {name} cannot be used: {said}", remedy=remedy)) from None
    except Exception as error:  # whatever lies in a damaged database
        what = f"the history {name} is damaged: {doing} ended in {type(error).__name__}: {error}"
        raise InfrastructureError(Problem(what, remedy=AWAY)) from error


def _late(name: str, deadline: Deadline, doing: str) -> InfrastructureError:
    what = f"the history {name} is given up: {doing} took longer than {human_time(deadline.seconds)}"
    remedy = f"{VARIABLE}=SECONDS waits longer, then `bootmatrix nightly` records the run"
    return InfrastructureError(Problem(what, remedy=f"{remedy}; if it is larger than it can be, {AWAY}"))
