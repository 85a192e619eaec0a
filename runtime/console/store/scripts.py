"""Scripts of a domain: their names, the order of upload, and the counters of their drafts and versions."""

from typing import Final

from sqlalchemy import and_, exists, func, insert, select
from sqlalchemy import delete as delete_from

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Page, Row
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.scripts


class ScriptRow(Row, frozen=True):
    domain: str
    name: str
    upload: int
    """Place in the order of upload in the domain, from 1, with gaps."""
    draft_revision: int
    """The last revision that a draft was given; 0 before the first."""
    latest: int
    """The number of the newest version; 0 before the first."""
    created: float


_scripts: Final = Entity(ScriptRow, _table, by="name")


def get(t: Reading, domain: str, name: str) -> ScriptRow | None:
    return _scripts.one(t, _table.c.domain == domain, _table.c.name == name)


def page(t: Reading, domain: str, limit: int, cursor: str | None = None) -> Page[ScriptRow]:
    """By name."""
    return _scripts.page(t, limit, cursor, _table.c.domain == domain)


def all(t: Reading, domain: str) -> list[ScriptRow]:  # noqa: A001 - read as `scripts.all`
    """In the order of upload."""
    return _scripts.rows(t, _scripts.select.where(_table.c.domain == domain).order_by(_table.c.upload))


def count(t: Reading, domain: str) -> int:
    return _scripts.count(t, _table.c.domain == domain)


def add(t: Writing, domain: str, name: str) -> ScriptRow:
    """Last in the order of upload. Raises Conflict where the name is taken, Missing without the domain."""
    last = t.execute(select(func.max(_table.c.upload)).where(_table.c.domain == domain)).scalar() or 0
    row = ScriptRow(domain, name, last + 1, 0, 0, t.now)
    t.execute(insert(_table).values(**row.fields()))
    return row


def delete(t: Writing, domain: str, name: str) -> bool:
    """Remove the script with its drafts. False where there is none, or where it has versions, which stay."""
    versions = tables.versions
    has_versions = exists().where(and_(versions.c.domain == domain, versions.c.script == name))
    chosen = and_(_table.c.domain == domain, _table.c.name == name, ~has_versions)
    return t.execute(delete_from(_table).where(chosen)).rowcount > 0
