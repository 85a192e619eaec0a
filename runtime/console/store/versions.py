"""Versions of scripts: numbered from 1, made once, never changed."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, insert, select, update

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Page, Row
from runtime.console.store.errors import Missing
from runtime.console.store.lookup import Lookup
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.versions


class VersionHead(Row, frozen=True):
    """A version without its texts and code."""

    domain: str
    script: str
    number: int
    rule: dict[str, Any]
    digest: str
    author: str
    message: str
    created: float
    evidence: Any


class VersionRow(Row, frozen=True):
    domain: str
    script: str
    number: int
    source: str
    rule: dict[str, Any]
    tests: str
    digest: str
    code: bytes
    author: str
    message: str
    created: float
    evidence: Any


_versions: Final = Entity(VersionRow, _table, by="number", newest_first=True)
_heads: Final = Entity(VersionHead, _table, by="number", newest_first=True)
_heads_by_key: Final = _heads.by_keys("domain", "script", "number")
_KEY: Final = (_table.c.domain, _table.c.script, _table.c.number)
_codes: Final = Lookup(select(*_KEY, _table.c.code), _KEY)


def _is(domain: str, script: str, number: int) -> ColumnElement[bool]:
    return and_(_table.c.domain == domain, _table.c.script == script, _table.c.number == number)


def get(t: Reading, domain: str, script: str, number: int) -> VersionRow | None:
    return _versions.one(t, _is(domain, script, number))


def page(t: Reading, domain: str, script: str, limit: int, cursor: str | None = None) -> Page[VersionHead]:
    """Newest first."""
    return _heads.page(t, limit, cursor, _table.c.domain == domain, _table.c.script == script)


def heads(t: Reading, domain: str, numbers: Mapping[str, int]) -> dict[str, VersionHead]:
    """Those there are of the versions given by script, by script."""
    keys = [(domain, script, number) for script, number in numbers.items()]
    return {row.script: row for row in _heads_by_key.rows(t, keys)}


def codes(t: Reading, keys: Collection[tuple[str, str, int]]) -> dict[tuple[str, str, int], bytes]:
    """The code of those there are of the given domains, scripts and numbers."""
    rows = _codes.rows(t, set(keys))
    return {(domain, script, number): bytes(code) for domain, script, number, code in rows}


def add(
    t: Writing,
    domain: str,
    script: str,
    *,
    source: str,
    rule: Mapping[str, Any],
    tests: str,
    digest: str,
    code: bytes,
    author: str,
    message: str,
    evidence: Any,
) -> VersionRow:
    """The next version of the script. Raises Missing where there is no such script."""
    scripts = tables.scripts
    chosen = and_(scripts.c.domain == domain, scripts.c.name == script)
    raised = update(scripts).where(chosen).values(latest=scripts.c.latest + 1)
    number = t.execute(raised.returning(scripts.c.latest)).scalar()
    if number is None:
        raise Missing(f"there is no script {script} in domain {domain}")
    row = VersionRow(
        domain, script, number, source, dict(rule), tests, digest, code, author, message, t.now, evidence
    )
    t.execute(insert(_table).values(**row.fields()))
    return row
