"""
Dictionaries of a domain, a row an entry, so that changing one of ten thousand writes one.

Values are bytes and come as they are to be kept: those of secret dictionaries encrypted by the caller.
"""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy import delete as delete_from

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Page, Row, slices
from runtime.console.store.errors import Missing
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.dictionaries
_entries: Final = tables.entries


class DictionaryRow(Row, frozen=True):
    domain: str
    name: str
    secret: bool
    revision: int
    digest: str
    """The caller's, of the entries."""
    count: int
    """Number of entries."""
    author: str
    changed: float


_dictionaries: Final = Entity(DictionaryRow, _table, by="name")


def _is(domain: str, name: str) -> ColumnElement[bool]:
    return and_(_table.c.domain == domain, _table.c.name == name)


def _in(domain: str, name: str) -> ColumnElement[bool]:
    return and_(_entries.c.domain == domain, _entries.c.dictionary == name)


def get(t: Reading, domain: str, name: str) -> DictionaryRow | None:
    return _dictionaries.one(t, _is(domain, name))


def page(t: Reading, domain: str, limit: int, cursor: str | None = None) -> Page[DictionaryRow]:
    """By name."""
    return _dictionaries.page(t, limit, cursor, _table.c.domain == domain)


def all(t: Reading, domain: str) -> list[DictionaryRow]:  # noqa: A001 - read as `dictionaries.all`
    """By name."""
    return _dictionaries.all(t, _table.c.domain == domain)


def count(t: Reading, domain: str) -> int:
    return _dictionaries.count(t, _table.c.domain == domain)


def keys(t: Reading, domain: str, name: str) -> list[str]:
    """In the order of their bytes; [] where there is no such dictionary."""
    return list(t.execute(select(_entries.c.key).where(_in(domain, name)).order_by(_entries.c.key)).scalars())


def entries(t: Reading, domain: str, name: str) -> dict[str, bytes]:
    """In the order of the keys' bytes; {} where there is no such dictionary."""
    query = select(_entries.c.key, _entries.c.value).where(_in(domain, name)).order_by(_entries.c.key)
    return {key: bytes(value) for key, value in t.execute(query)}


def put(
    t: Writing,
    domain: str,
    name: str,
    *,
    secret: bool,
    digest: str,
    author: str,
    entries: Mapping[str, bytes],
) -> DictionaryRow:
    """The dictionary as it is now, whole; its next revision, 1 at first. Raises Missing without the domain."""
    before = get(t, domain, name)
    revision = 1 if before is None else before.revision + 1
    row = DictionaryRow(domain, name, secret, revision, digest, len(entries), author, t.now)
    t.put(_table, [row.fields()])
    t.execute(delete_from(_entries).where(_in(domain, name)))
    _put_entries(t, domain, name, entries)
    return row


def change(
    t: Writing,
    domain: str,
    name: str,
    *,
    set_: Mapping[str, bytes],
    remove: Collection[str],
    digest: str,
    author: str,
) -> DictionaryRow:
    """The dictionary with `remove` removed and then `set_` set. Raises Missing where there is none."""
    for part in slices(remove):
        t.execute(delete_from(_entries).where(_in(domain, name), _entries.c.key.in_(part)))
    raised = update(_table).where(_is(domain, name)).values(revision=_table.c.revision + 1)
    if t.execute(raised.values(digest=digest, author=author, changed=t.now)).rowcount == 0:
        raise Missing(f"there is no dictionary {name} in domain {domain}")
    _put_entries(t, domain, name, set_)
    number = select(func.count()).select_from(_entries).where(_in(domain, name)).scalar_subquery()
    t.execute(update(_table).where(_is(domain, name)).values(count=number))
    row = get(t, domain, name)
    assert row is not None
    return row


def delete(t: Writing, domain: str, name: str) -> bool:
    return t.execute(delete_from(_table).where(_is(domain, name))).rowcount > 0


def _put_entries(t: Writing, domain: str, name: str, new: Mapping[str, bytes]) -> None:
    rows = [{"domain": domain, "dictionary": name, "key": key, "value": value} for key, value in new.items()]
    t.put(_entries, rows)
