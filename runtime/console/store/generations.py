"""Generations: a number for each environment that only grows, raised with each change that nodes must learn of."""

from typing import Final

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Row
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.environments


class EnvironmentRow(Row, frozen=True):
    name: str
    generation: int
    """0 before the first change."""
    issued: float
    """When the generation was made."""
    last_purge: int
    """The number of the latest purge; 0 before the first."""
    first_purge: int
    """The number of the first purge kept, or of the next if none is."""


_environments: Final = Entity(EnvironmentRow, _table, by="name")


def get(t: Reading, environment: str) -> EnvironmentRow:
    """Zeros, and 1 for the first purge, before the environment's first change."""
    return _environments.one(t, _table.c.name == environment) or EnvironmentRow(environment, 0, 0.0, 0, 1)


def all(t: Reading) -> dict[str, int]:  # noqa: A001 - read as `generations.all`
    """The generation of each environment that has one, by name."""
    return {row.name: row.generation for row in _environments.all(t)}


def advance(t: Writing, environment: str, above: int = 0) -> int:
    """
    The next generation, above `above`: one more, or the time in seconds if that is later.

    So a store put back from a copy goes on above what nodes have seen, unless there were more changes than seconds, or the
    clock was ahead.
    """
    row = get(t, environment)
    generation = max(row.generation + 1, above + 1, int(t.now))
    put(t, EnvironmentRow(environment, generation, t.now, row.last_purge, row.first_purge))
    return generation


def put(t: Writing, row: EnvironmentRow) -> None:
    """Keep `row` as the counters of its environment."""
    t.put(_table, [row.fields()])
