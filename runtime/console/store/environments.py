"""Which release of a domain is an environment's: now, before, and which versions ever were."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import ColumnElement, and_, insert, select, update

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Page, Row
from runtime.console.store.lookup import Lookup
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.lives
_marks: Final = tables.been_live


class LiveRow(Row, frozen=True):
    """A release that became a domain's in an environment."""

    domain: str
    environment: str
    number: int
    """From 1 in each domain and environment."""
    release: int
    rollout: int | None
    """The rollout that brought it."""
    author: str
    since: float
    latest: bool
    """It is the one in force."""


_lives: Final = Entity(LiveRow, _table, by="number", newest_first=True)
_been_live: Final = Lookup(
    select(_marks.c.script), [_marks.c[name] for name in ("domain", "environment", "script", "version")]
)


def _in(domain: str, environment: str) -> ColumnElement[bool]:
    return and_(_table.c.domain == domain, _table.c.environment == environment)


def live(t: Reading, domain: str, environment: str) -> LiveRow | None:
    """What is in force; None before the first release."""
    return _lives.one(t, _in(domain, environment), _table.c.latest)


def of(t: Reading, domain: str) -> dict[str, LiveRow]:
    """What is in force in each environment that has something of the domain."""
    return {row.environment: row for row in _lives.all(t, _table.c.domain == domain, _table.c.latest)}


def history(
    t: Reading, domain: str, environment: str, limit: int, cursor: str | None = None
) -> Page[LiveRow]:
    """Newest first; the first is the one in force."""
    return _lives.page(t, limit, cursor, _in(domain, environment))


def served(t: Reading, domain: str) -> dict[int, set[str]]:
    """The environments in which each release is in force or was; releases that never were are left out."""
    found: dict[int, set[str]] = {}
    pairs = select(_table.c.release, _table.c.environment).where(_table.c.domain == domain).distinct()
    for release, environment in t.execute(pairs):
        found.setdefault(release, set()).add(environment)
    return found


def go_live(
    t: Writing,
    domain: str,
    environment: str,
    release: int,
    *,
    scripts: Mapping[str, int],
    rollout: int | None,
    author: str,
) -> LiveRow:
    """Make `release`, which has these versions of `scripts`, the one in force. Raises Missing without the domain."""
    before = live(t, domain, environment)
    if before is not None:
        t.execute(update(_table).where(_in(domain, environment), _table.c.latest).values(latest=False))
    number = 1 if before is None else before.number + 1
    row = LiveRow(domain, environment, number, release, rollout, author, t.now, True)
    t.execute(insert(_table).values(**row.fields()))
    mark_live(t, domain, environment, scripts)
    return row


def mark_live(t: Writing, domain: str, environment: str, scripts: Mapping[str, int]) -> None:
    """Remember for ever that these versions were live, from the first time on."""
    rows = [
        {"domain": domain, "environment": environment, "script": script, "version": version, "since": t.now}
        for script, version in scripts.items()
    ]
    if rows:
        t.execute(t.insert(_marks).on_conflict_do_nothing(), rows)


def been_live(t: Reading, domain: str, environment: str, scripts: Mapping[str, int]) -> set[str]:
    """The names of those whose given version is live in the environment or was."""
    keys = [(domain, environment, script, version) for script, version in scripts.items()]
    return {script for (script,) in _been_live.rows(t, keys)}
