"""Drafts: the text being edited, one a script."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import and_, update
from sqlalchemy import delete as delete_from

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Row
from runtime.console.store.errors import Missing
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.drafts


class DraftHead(Row, frozen=True):
    """A draft without its texts."""

    domain: str
    script: str
    revision: int
    rule: dict[str, Any]
    digest: str
    author: str
    saved: float


class DraftRow(Row, frozen=True):
    domain: str
    script: str
    revision: int
    source: str
    rule: dict[str, Any]
    tests: str
    digest: str
    diagnostics: Any
    author: str
    saved: float


_drafts: Final = Entity(DraftRow, _table, by="script")
_heads: Final = Entity(DraftHead, _table, by="script")


def get(t: Reading, domain: str, script: str) -> DraftRow | None:
    return _drafts.one(t, _table.c.domain == domain, _table.c.script == script)


def heads(t: Reading, domain: str, scripts: Collection[str]) -> dict[str, DraftHead]:
    """Those there are, by script."""
    rows = _heads.all_of(t, _table.c.script, scripts, _table.c.domain == domain)
    return {row.script: row for row in rows}


def save(
    t: Writing,
    domain: str,
    script: str,
    *,
    source: str,
    rule: Mapping[str, Any],
    tests: str,
    digest: str,
    diagnostics: Any,
    author: str,
) -> DraftRow:
    """
    The draft as it is now, in place of the one before.

    Its revision is one that no draft of the script had, deleted ones included. Raises Missing where there is no such script.
    """
    scripts = tables.scripts
    chosen = and_(scripts.c.domain == domain, scripts.c.name == script)
    raised = update(scripts).where(chosen).values(draft_revision=scripts.c.draft_revision + 1)
    revision = t.execute(raised.returning(scripts.c.draft_revision)).scalar()
    if revision is None:
        raise Missing(f"there is no script {script} in domain {domain}")
    row = DraftRow(domain, script, revision, source, dict(rule), tests, digest, diagnostics, author, t.now)
    t.put(_table, [row.fields()])
    return row


def delete(t: Writing, domain: str, script: str) -> bool:
    chosen = and_(_table.c.domain == domain, _table.c.script == script)
    return t.execute(delete_from(_table).where(chosen)).rowcount > 0
