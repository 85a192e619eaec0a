"""
What an error of the database means to the caller, and in which words.

The drivers' own texts stay in `__cause__`: they name statements, files and addresses.
"""

from typing import Final

from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from runtime.console.store.errors import Conflict, Missing, StoreError, StoreUnavailable

_REASONS: Final = {
    # SQLSTATE (PostgreSQL, appendix A), then result codes of SQLite by name.
    "40001": "the database asks to run the transaction again",
    "40P01": "the database asks to run the transaction again",
    "53100": "the database has no room on its disk",
    "53300": "the database has too many connections",
    "55P03": "the database is busy with another change",
    "57014": "the database took too long",
    "57P01": "the database is shutting down",
    "57P03": "the database is starting or shutting down",
    "25006": "the database takes no changes now",
    "28P01": "the database refuses the password",
    "3D000": "the database does not exist",
    "SQLITE_BUSY": "the database is busy with another change",
    "SQLITE_FULL": "the database has no room on its disk",
    "SQLITE_READONLY": "the database file cannot be written",
    "SQLITE_CANTOPEN": "the database file cannot be opened",
    "SQLITE_IOERR": "the database file cannot be read or written",
    "SQLITE_CORRUPT": "the database file is damaged",
    "SQLITE_NOTADB": "the database file is not one of SQLite",
}
_AGAIN: Final = {"40001", "40P01"}
_DUPLICATE: Final = {
    "23505",
    "SQLITE_CONSTRAINT_PRIMARYKEY",
    "SQLITE_CONSTRAINT_UNIQUE",
    "SQLITE_CONSTRAINT_ROWID",
}
_DANGLING: Final = {"23503", "SQLITE_CONSTRAINT_FOREIGNKEY"}
_MISTAKE: Final = "SQLITE_ERROR"
"""What SQLite says of a statement it cannot make sense of; its driver counts it among the troubles."""
_TROUBLE: Final = (OperationalError, InterfaceError, InternalError)
"""Kinds of error that are not a mistake in a statement."""


def code_of(error: DBAPIError) -> str:
    """The SQLSTATE, or the name of SQLite's extended result code; empty where the driver gives none."""
    original = error.orig
    return getattr(original, "sqlstate", None) or getattr(original, "sqlite_errorname", None) or ""


def failure(error: SQLAlchemyError) -> StoreError | None:
    """What `error` is to a caller; None for a mistake of our own, which goes on as it is."""
    if isinstance(error, PoolTimeoutError):
        return StoreUnavailable("all connections to the database are in use")
    if not isinstance(error, DBAPIError):
        return None
    code = code_of(error)
    if isinstance(error, IntegrityError):
        if code in _DUPLICATE:
            return Conflict("the key exists")
        return Missing("what is referred to does not exist") if code in _DANGLING else None
    if code == _MISTAKE:
        return None
    # SQLite's extended codes go on behind the name: SQLITE_BUSY_SNAPSHOT, SQLITE_IOERR_WRITE.
    reason = _REASONS.get(code) or _REASONS.get("_".join(code.split("_")[:2]))
    if isinstance(error, _TROUBLE) or (type(error) is DatabaseError and reason):
        return StoreUnavailable(reason or "the database does not answer", again=code in _AGAIN)
    return None
