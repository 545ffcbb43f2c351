"""Turns database errors into messages with a remedy."""

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
FULL = "free some space, then `bootmatrix nightly` records the run"
READ_ONLY = f"make it writable; {ELSEWHERE}"
SERVER = "check that its server is running and accepts this user, then `bootmatrix nightly` records the run"
REMEDIES = {
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_BUSY": LOCKED,
    "SQLITE_LOCKED": LOCKED,
    "SQLITE_NOTADB": AWAY,
    "SQLITE_CORRUPT": AWAY,
    "SQLITE_TOOBIG": AWAY,
    "53100": FULL,
    "25006": READ_ONLY,
    "55P03": LOCKED,
    "": SERVER,
}
"""What to do, by SQLite's name of a result (sqlite.org/rescode.html) or PostgreSQL's SQLSTATE (its appendix A), which
a connection that did not come about has not.
"""
ENDED = ("SQLITE_INTERRUPT", "57014")  # the codes of a statement that was ended


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
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        said, code = str(cause).strip().partition("\n")[0], _code(cause)
        if code in ENDED:
            if deadline.passed():
                raise _late(name, deadline, doing) from None
            raise KeyboardInterrupt from None
        remedy = REMEDIES.get(code, ELSEWHERE)
        raise InfrastructureError(Problem(f"the history {name} cannot be used: {said}", remedy=remedy)) from None
    except Exception as error:  # whatever lies in a damaged database
        what = f"the history {name} is damaged: {doing} failed with {type(error).__name__}: {error}"
        raise InfrastructureError(Problem(what, remedy=AWAY)) from error


def _code(cause: BaseException) -> str:
    """By what it can be told apart, whatever words and paths are in the message; "?" if by nothing.

    Of SQLite's extended results the main one: SQLITE_READONLY_DBMOVED is SQLITE_READONLY.
    """
    if isinstance(cause, sqlite3.Error):
        return "_".join(getattr(cause, "sqlite_errorname", "?").split("_")[:2])
    return (cause.sqlstate or "") if hasattr(cause, "sqlstate") else "?"


def _late(name: str, deadline: Deadline, doing: str) -> InfrastructureError:
    what = f"the history {name} is not used: {doing} took longer than {human_time(deadline.seconds)}"
    remedy = f"{VARIABLE}=SECONDS waits longer, then `bootmatrix nightly` records the run"
    return InfrastructureError(Problem(what, remedy=f"{remedy}; if it is larger than your runs explain, {AWAY}"))
