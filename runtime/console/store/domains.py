"""Domains: what customers work in."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import delete as delete_from
from sqlalchemy import insert

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Page, Row
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.domains


class DomainRow(Row, frozen=True):
    name: str
    settings_revision: int
    """The newest revision of its settings; 0 before the first."""
    author: str
    created: float


_domains: Final = Entity(DomainRow, _table, by="name")


def get(t: Reading, name: str) -> DomainRow | None:
    return _domains.one(t, _table.c.name == name)


def page(
    t: Reading, limit: int, cursor: str | None = None, among: Collection[str] | None = None
) -> Page[DomainRow]:
    """By name; only those in `among`, if given."""
    conditions = [] if among is None else [_table.c.name.in_(among)]
    return _domains.page(t, limit, cursor, *conditions)


def count(t: Reading) -> int:
    return _domains.count(t)


def add(t: Writing, name: str, author: str) -> DomainRow:
    """Raises Conflict where the name is taken."""
    row = DomainRow(name, 0, author, t.now)
    t.execute(insert(_table).values(**row.fields()))
    return row


def delete(t: Writing, name: str) -> bool:
    """
    Remove the domain and all that is its own, rights of tokens to it too; False where there is none.

    The audit keeps what happened, and purges stay for nodes that have not heard of them.
    """
    for belongings in (tables.grants, tables.figures):
        t.execute(delete_from(belongings).where(belongings.c.domain == name))
    return t.execute(delete_from(_table).where(_table.c.name == name)).rowcount > 0
