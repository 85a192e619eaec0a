"""Releases: which settings and which version of each script, numbered from 1 in a domain, never changed."""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import func, insert, select

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Page, Row
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.releases


class ReleaseRow(Row, frozen=True):
    domain: str
    number: int
    settings_revision: int
    scripts: dict[str, int]
    """The version of each script."""
    author: str
    message: str
    created: float


_releases: Final = Entity(ReleaseRow, _table, by="number", newest_first=True)
_by_key: Final = _releases.by_keys("domain", "number")


def get(t: Reading, domain: str, number: int) -> ReleaseRow | None:
    return _releases.one(t, _table.c.domain == domain, _table.c.number == number)


def many(t: Reading, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], ReleaseRow]:
    """Those there are of the given domains and numbers."""
    rows = _by_key.rows(t, set(keys))
    return {(row.domain, row.number): row for row in rows}


def page(t: Reading, domain: str, limit: int, cursor: str | None = None) -> Page[ReleaseRow]:
    """Newest first."""
    return _releases.page(t, limit, cursor, _table.c.domain == domain)


def add(
    t: Writing, domain: str, *, settings_revision: int, scripts: Mapping[str, int], author: str, message: str
) -> ReleaseRow:
    """The domain's next. Raises Missing where there is no such domain."""
    last = t.execute(select(func.max(_table.c.number)).where(_table.c.domain == domain)).scalar() or 0
    row = ReleaseRow(domain, last + 1, settings_revision, dict(scripts), author, message, t.now)
    t.execute(insert(_table).values(**row.fields()))
    return row
