"""The document of each domain that is in force in an environment: a manifest is a read of this table."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_
from sqlalchemy import delete as delete_from

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Row
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.documents


class DocumentRow(Row, frozen=True):
    """
    Where a document is, not how it is opened: it holds the keys of the domain's secret dictionaries.

    Digests are in hex.
    """

    environment: str
    domain: str
    digest: str
    sha256: str
    """The name of its blob."""
    size: int
    refs: list[str]
    """The names of the blobs that it names."""
    generation: int
    """The first generation it was in."""
    made: float


_documents: Final = Entity(DocumentRow, _table, by="domain")


def _is(environment: str, domain: str) -> ColumnElement[bool]:
    return and_(_table.c.environment == environment, _table.c.domain == domain)


def all(t: Reading, environment: str) -> list[DocumentRow]:  # noqa: A001 - read as `documents.all`
    """By domain."""
    return _documents.all(t, _table.c.environment == environment)


def put(
    t: Writing,
    environment: str,
    domain: str,
    *,
    digest: str,
    sha256: str,
    size: int,
    refs: Sequence[str],
    generation: int,
) -> DocumentRow:
    """The one in force from now on. Raises Missing without the domain."""
    row = DocumentRow(environment, domain, digest, sha256, size, list(refs), generation, t.now)
    t.put(_table, [row.fields()])
    return row


def delete(t: Writing, environment: str, domain: str) -> bool:
    return t.execute(delete_from(_table).where(_is(environment, domain))).rowcount > 0
