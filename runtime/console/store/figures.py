"""
What nodes counted, summed over them in steps of ten seconds.

A row is one script's, in one version and release; the row of script `""` is the site's as a whole. Each row names the
moment its step began.
"""

from collections.abc import Sequence
from math import ceil
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, literal, select

from runtime.console.store import tables
from runtime.console.store.entity import Row
from runtime.console.store.transaction import Columns, Reading, Writing

_table: Final = tables.figures
STEP_S: Final = 10
_KEY: Final = ("domain", "environment", "bucket", "script", "version", "release")


class FigureRow(Row, frozen=True):
    domain: str
    environment: str
    bucket: int
    """Unix seconds, a multiple of STEP_S."""
    script: str
    version: int
    release: int
    hit: int = 0
    not_hit: int = 0
    none: int = 0
    exception: int = 0
    requests: int = 0
    errors_5xx: int = 0
    aborted: int = 0
    fuel: int = 0
    time_us: int = 0


def add(t: Writing, rows: Sequence[FigureRow]) -> None:
    """Add to what is there, all at once."""
    if rows:
        new = t.insert(_table)
        sums = {name: _table.c[name] + new.excluded[name] for name in tables.COUNTS}
        t.execute(new.on_conflict_do_update(index_elements=_KEY, set_=sums), [row.fields() for row in rows])


def series(
    t: Reading,
    domain: str,
    environment: str,
    *,
    since: float,
    until: float | None = None,
    script: str | None = None,
    step_s: int = STEP_S,
    most: int = 20_000,
) -> list[FigureRow]:
    """
    In the order of script, version, release and time, in steps of `step_s`; the first `most` rows.

    Of one script, if given. Times are those at which steps begin: `since` <= time < `until`.
    """
    step = (_table.c.bucket // step_s) * step_s
    query = _summed(step.label("step"), domain, environment, since, until)
    if script is not None:
        query = query.where(_table.c.script == script)
    names = (_table.c.script, _table.c.version, _table.c.release)
    query = query.group_by(*names, "step").order_by(*names, "step").limit(most)
    return _rows(t, domain, environment, query)


def sums(
    t: Reading, domain: str, environment: str, *, since: float, until: float | None = None
) -> list[FigureRow]:
    """One row for each script, version and release, with 0 for its time, in the order of these."""
    names = (_table.c.script, _table.c.version, _table.c.release)
    query = _summed(literal(0), domain, environment, since, until).group_by(*names).order_by(*names)
    return _rows(t, domain, environment, query)


def prune(t: Writing, before: float) -> int:
    """Remove steps that began before `before`; how many rows."""
    return t.execute(delete(_table).where(_table.c.bucket < ceil(before))).rowcount


def _summed(
    step: ColumnElement[Any], domain: str, environment: str, since: float, until: float | None
) -> Select[*Columns]:
    chosen = and_(
        _table.c.domain == domain, _table.c.environment == environment, _table.c.bucket >= ceil(since)
    )
    if until is not None:
        chosen = and_(chosen, _table.c.bucket < ceil(until))
    counts = [func.sum(_table.c[name]) for name in tables.COUNTS]
    return select(step, _table.c.script, _table.c.version, _table.c.release, *counts).where(chosen)


def _rows(t: Reading, domain: str, environment: str, query: Select[*Columns]) -> list[FigureRow]:
    return [
        # PostgreSQL sums 64-bit integers to decimals.
        FigureRow(domain, environment, step, script, version, release, *map(int, counts))
        for step, script, version, release, *counts in t.execute(query)
    ]
