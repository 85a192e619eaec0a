"""Blobs: sealed bytes by the SHA-256 of them, found by the SHA-256 of the plain bytes too."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import delete, select, update

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Row, slices
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.blobs


class BlobRef(Row, frozen=True):
    """Which blob it is, its name and that of its plain bytes in hex, and its length as sealed."""

    sha256: str
    plain: str
    size: int


_refs: Final = Entity(BlobRef, _table, by="sha256")


def get(t: Reading, sha256: str) -> bytes | None:
    """The sealed bytes."""
    found = t.execute(select(_table.c.sealed).where(_table.c.sha256 == sha256)).scalar()
    return None if found is None else bytes(found)


def by_plain(t: Reading, plains: Collection[str]) -> dict[str, BlobRef]:
    """Those there are of the plain bytes with these digests, by digest."""
    return {row.plain: row for row in _refs.all_of(t, _table.c.plain, plains)}


def put(t: Writing, new: Sequence[tuple[str, str, bytes]]) -> None:
    """Keep each (digest of the sealed, digest of the plain, sealed bytes); one that is there counts as touched."""
    if new:
        rows = [
            {"sha256": sha256, "plain": plain, "size": len(sealed), "sealed": sealed, "touched": t.now}
            for sha256, plain, sealed in new
        ]
        there = t.insert(_table)
        t.execute(there.on_conflict_do_update(index_elements=["sha256"], set_={"touched": t.now}), rows)


def touch(t: Writing, names: Collection[str]) -> None:
    """Note that these blobs are in use now."""
    for part in slices(names):
        t.execute(update(_table).where(_table.c.sha256.in_(part)).values(touched=t.now))


def prune(t: Writing, before: float) -> int:
    """Remove what was in use last before `before`; how many."""
    return t.execute(delete(_table).where(_table.c.touched < before)).rowcount
