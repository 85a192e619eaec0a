"""Sessions of the page: a cookie's hash, and the token it stands for."""

from typing import Final

from sqlalchemy import delete as delete_from
from sqlalchemy import insert

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Row
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.sessions


class SessionRow(Row, frozen=True):
    hash: bytes
    token: str
    created: float
    expires: float


_sessions: Final = Entity(SessionRow, _table, by="created")


def get(t: Reading, hash: bytes) -> SessionRow | None:  # noqa: A002 - what it is
    """An expired one too, until `prune`."""
    return _sessions.one(t, _table.c.hash == hash)


def add(t: Writing, hash: bytes, token: str, expires: float) -> SessionRow:  # noqa: A002 - what it is
    """Raises Missing where there is no such token, Conflict where the hash is taken."""
    row = SessionRow(hash, token, t.now, expires)
    t.execute(insert(_table).values(**row.fields()))
    return row


def delete(t: Writing, hash: bytes) -> bool:  # noqa: A002 - what it is
    return t.execute(delete_from(_table).where(_table.c.hash == hash)).rowcount > 0


def prune(t: Writing) -> int:
    """Remove those that have expired; their number."""
    return t.execute(delete_from(_table).where(_table.c.expires <= t.now)).rowcount
