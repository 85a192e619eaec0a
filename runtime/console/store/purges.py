"""Purges that nodes are to carry out, numbered from 1 in each environment without gaps; the recent ones are kept."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import delete, func, insert, select

from runtime.console.store import generations, tables
from runtime.console.store.entity import Entity, Row
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.purges


class PurgeRow(Row, frozen=True):
    environment: str
    seq: int
    domain: str
    hosts: list[str]
    kind: str
    """`url`, `prefix` or `tag`."""
    value: str
    soft: bool
    author: str
    at: float


_purges: Final = Entity(PurgeRow, _table, by="seq")


def recent(t: Reading, environment: str) -> list[PurgeRow]:
    """Those kept, oldest first."""
    return _purges.all(t, _table.c.environment == environment)


def add(
    t: Writing,
    environment: str,
    *,
    domain: str,
    hosts: Sequence[str],
    kind: str,
    value: str,
    soft: bool,
    author: str,
) -> int:
    """The number of the new purge."""
    counters = generations.get(t, environment)
    seq = counters.last_purge + 1
    row = PurgeRow(environment, seq, domain, list(hosts), kind, value, soft, author, t.now)
    t.execute(insert(_table).values(**row.fields()))
    generations.put(t, msgspec.structs.replace(counters, last_purge=seq))
    return seq


def prune(t: Writing, environment: str, *, keep: int, before: float) -> int:
    """Remove all but the newest `keep`, and those older than `before`; how many. What stays has no gap."""
    counters = generations.get(t, environment)
    old = select(func.max(_table.c.seq)).where(_table.c.environment == environment, _table.c.at < before)
    last_old = t.execute(old).scalar() or 0
    first = max(counters.first_purge, counters.last_purge - keep + 1, last_old + 1)
    if first == counters.first_purge:
        return 0
    generations.put(t, msgspec.structs.replace(counters, first_purge=first))
    gone = delete(_table).where(_table.c.environment == environment, _table.c.seq < first)
    return t.execute(gone).rowcount


def skip(t: Writing, environment: str) -> None:
    """
    Keep none, and go on with numbers that no node has seen.

    There have been fewer purges than seconds, so the time in seconds is above every number that was ever given out.
    """
    counters = generations.get(t, environment)
    last = max(counters.last_purge, int(t.now))
    t.execute(delete(_table).where(_table.c.environment == environment))
    generations.put(t, msgspec.structs.replace(counters, last_purge=last, first_purge=last + 1))
