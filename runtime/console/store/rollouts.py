"""Rollouts: from one release to another by steps, numbered from 1 in a domain; one runs at a time in an environment."""

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, insert, literal_column, select, update

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Page, Row
from runtime.console.store.errors import Missing
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.rollouts
# The words of the partial index, so that it is used: a bound parameter would not do.
_IS_RUNNING: Final = literal_column("state") == literal_column("'running'")


class RolloutRow(Row, frozen=True):
    domain: str
    number: int
    environment: str
    from_release: int | None
    to_release: int
    steps: list[int]
    percent: int
    sticky: str
    salt: str
    pools: list[str]
    regions: list[str]
    abort: dict[str, Any]
    hold_s: float | None
    state: str
    """At most one of a domain and environment is `running`; other words are the caller's."""
    reason: str
    author: str
    message: str
    started: float
    stepped: float
    """When it came to its percentage."""
    ended: float | None
    evidence: Any
    """Whatever the caller keeps with it."""


_rollouts: Final = Entity(RolloutRow, _table, by="number", newest_first=True)


def _is(domain: str, number: int) -> ColumnElement[bool]:
    return and_(_table.c.domain == domain, _table.c.number == number)


def get(t: Reading, domain: str, number: int) -> RolloutRow | None:
    return _rollouts.one(t, _is(domain, number))


def running(t: Reading, domain: str, environment: str) -> RolloutRow | None:
    place = and_(_table.c.environment == environment, _table.c.domain == domain)
    return _rollouts.one(t, _IS_RUNNING, place)


def all_running(t: Reading) -> list[RolloutRow]:
    """Of all domains, by domain and environment."""
    found = _rollouts.rows(t, _rollouts.select.where(_IS_RUNNING))
    return sorted(found, key=lambda row: (row.domain, row.environment))


def page(
    t: Reading, domain: str, limit: int, cursor: str | None = None, environment: str | None = None
) -> Page[RolloutRow]:
    """Newest first; of one environment, if given."""
    conditions = [_table.c.domain == domain]
    if environment is not None:
        conditions.append(_table.c.environment == environment)
    return _rollouts.page(t, limit, cursor, *conditions)


def add(
    t: Writing,
    domain: str,
    *,
    environment: str,
    from_release: int | None,
    to_release: int,
    steps: list[int],
    percent: int,
    sticky: str,
    salt: str,
    pools: list[str],
    regions: list[str],
    abort: dict[str, Any],
    hold_s: float | None,
    state: str,
    author: str,
    message: str,
    reason: str = "",
    evidence: Any = None,
    ended: float | None = None,
) -> RolloutRow:
    """The domain's next. Raises Conflict where one is running and this one is to, Missing without the domain."""
    last = t.execute(select(func.max(_table.c.number)).where(_table.c.domain == domain)).scalar() or 0
    row = RolloutRow(
        domain=domain,
        number=last + 1,
        environment=environment,
        from_release=from_release,
        to_release=to_release,
        steps=steps,
        percent=percent,
        sticky=sticky,
        salt=salt,
        pools=pools,
        regions=regions,
        abort=abort,
        hold_s=hold_s,
        state=state,
        reason=reason,
        author=author,
        message=message,
        started=t.now,
        stepped=t.now,
        ended=ended,
        evidence=evidence,
    )
    t.execute(insert(_table).values(**row.fields()))
    return row


def put(t: Writing, row: RolloutRow) -> None:
    """Keep `row` in place of the one with its number. Raises Missing where there is none."""
    changed = t.execute(update(_table).where(_is(row.domain, row.number)).values(**row.fields()))
    if changed.rowcount == 0:
        raise Missing(f"there is no rollout {row.number} in domain {row.domain}")
