"""Revisions of a domain's settings, all of them kept: releases name them."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import insert, select, update

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Page, Row
from runtime.console.store.errors import Missing
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.settings


class SettingsRow(Row, frozen=True):
    domain: str
    revision: int
    settings: dict[str, Any]
    author: str
    message: str
    saved: float


_settings: Final = Entity(SettingsRow, _table, by="revision", newest_first=True)
_by_key: Final = _settings.by_keys("domain", "revision")


def current(t: Reading, domain: str) -> SettingsRow | None:
    """The newest; None where there is none yet."""
    newest = (
        select(tables.domains.c.settings_revision).where(tables.domains.c.name == domain).scalar_subquery()
    )
    return _settings.one(t, _table.c.domain == domain, _table.c.revision == newest)


def many(t: Reading, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], SettingsRow]:
    """Those there are of the given domains and revisions."""
    rows = _by_key.rows(t, set(keys))
    return {(row.domain, row.revision): row for row in rows}


def page(t: Reading, domain: str, limit: int, cursor: str | None = None) -> Page[SettingsRow]:
    """Newest first."""
    return _settings.page(t, limit, cursor, _table.c.domain == domain)


def save(t: Writing, domain: str, settings: Mapping[str, Any], *, author: str, message: str) -> SettingsRow:
    """The next revision, 1 at first. Raises Missing where there is no such domain."""
    raised = update(tables.domains).where(tables.domains.c.name == domain)
    counter = tables.domains.c.settings_revision
    revision = t.execute(raised.values(settings_revision=counter + 1).returning(counter)).scalar()
    if revision is None:
        raise Missing(f"there is no domain {domain}")
    row = SettingsRow(domain, revision, dict(settings), author, message, t.now)
    t.execute(insert(_table).values(**row.fields()))
    return row
