"""Texts refused because somebody else had saved meanwhile: kept, so that nothing is lost."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, insert, select
from sqlalchemy import delete as delete_from

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Page, Row
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.conflicts


class ConflictRow(Row, frozen=True):
    domain: str
    script: str
    number: int
    based_on: int
    """The revision of the draft that its author had started from."""
    source: str
    rule: dict[str, Any]
    tests: str
    author: str
    saved: float


_conflicts: Final = Entity(ConflictRow, _table, by="number", newest_first=True)


def _of(domain: str, script: str) -> ColumnElement[bool]:
    return and_(_table.c.domain == domain, _table.c.script == script)


def keep(
    t: Writing,
    domain: str,
    script: str,
    *,
    based_on: int,
    source: str,
    rule: Mapping[str, Any],
    tests: str,
    author: str,
    most: int = 20,
) -> int:
    """The number the text is kept under; of each script the newest `most` stay. Raises Missing without the script."""
    last = t.execute(select(func.max(_table.c.number)).where(_of(domain, script))).scalar() or 0
    row = ConflictRow(domain, script, last + 1, based_on, source, dict(rule), tests, author, t.now)
    t.execute(insert(_table).values(**row.fields()))
    t.execute(delete_from(_table).where(_of(domain, script), _table.c.number <= row.number - most))
    return row.number


def page(t: Reading, domain: str, script: str, limit: int, cursor: str | None = None) -> Page[ConflictRow]:
    """Newest first."""
    return _conflicts.page(t, limit, cursor, _of(domain, script))


def delete(t: Writing, domain: str, script: str, number: int) -> bool:
    chosen = delete_from(_table).where(_of(domain, script), _table.c.number == number)
    return t.execute(chosen).rowcount > 0
