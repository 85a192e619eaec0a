"""
The audit: entries numbered from 1 without gaps, each naming the hash of the one before.

Hashes are the caller's. Since writers are alone, the head read in a transaction is still the head when it appends. The
database refuses to change or remove an entry.
"""

from typing import Any, Final

from sqlalchemy import func, insert, select

from runtime.console.store import tables
from runtime.console.store.entity import MOST, Entity, Page, Row
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.audit


class AuditHead(Row, frozen=True):
    n: int
    hash: str


class AuditRow(Row, frozen=True):
    n: int
    at: float
    who: str
    token: str
    """The id of the token that did it; empty for the console itself."""
    domain: str
    """Empty where it concerns no domain."""
    action: str
    subject: str
    details: Any
    previous: str
    hash: str


_audit: Final = Entity(AuditRow, _table, by="n", newest_first=True)


def head(t: Reading) -> AuditHead:
    """The last entry; number 0 and no hash before the first."""
    found = t.execute(select(_table.c.n, _table.c.hash).order_by(_table.c.n.desc()).limit(1)).first()
    return AuditHead(0, "") if found is None else AuditHead(*found)


def append(t: Writing, row: AuditRow) -> None:
    """Raises ValueError where `row` does not follow the head."""
    last = head(t)
    if (row.n, row.previous) != (last.n + 1, last.hash):
        raise ValueError(f"entry {row.n} does not follow entry {last.n}")
    t.execute(insert(_table).values(**row.fields()))


def page(
    t: Reading, limit: int, cursor: str | None = None, *, domain: str | None = None, first: int = 0
) -> Page[AuditRow]:
    """Newest first; of one domain, if given, and none before number `first`."""
    conditions = [] if domain is None else [_table.c.domain == domain]
    if first:
        conditions.append(_table.c.n >= first)
    return _audit.page(t, limit, cursor, *conditions)


def last(t: Reading, domain: str, action: str) -> int:
    """The number of the newest entry of `domain` that says `action`; 0 where there is none."""
    chosen = select(func.max(_table.c.n)).where(_table.c.domain == domain, _table.c.action == action)
    return t.execute(chosen).scalar() or 0


def chain(t: Reading, after: int = 0, limit: int = MOST) -> list[AuditRow]:
    """The entries that follow number `after`, oldest first, `limit` at most."""
    query = _audit.select.where(_table.c.n > after).order_by(_table.c.n).limit(limit)
    return _audit.rows(t, query)
