"""Nodes as they last reported."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, func, select

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Page, Row
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.nodes


class Sighting(Row, frozen=True):
    """What is known of a node from its report and its token."""

    id: str
    environment: str
    pool: str
    region: str
    version: str
    generation: int
    """The one that all of its workers serve; 0 for none."""
    error: str
    started: float
    seen: float
    token: str
    """The id of the token it came with."""
    refused: dict[str, str]
    """Domains of its generation that it cannot load as they are now, each with the reason."""
    highest: int
    """The highest generation that it says it has had, served or refused."""


class NodeRow(Sighting, frozen=True):
    first_seen: float


_nodes: Final = Entity(NodeRow, _table, by="id")


def get(t: Reading, id: str) -> NodeRow | None:  # noqa: A002 - what a node calls it
    return _nodes.one(t, _table.c.id == id)


def page(t: Reading, limit: int, cursor: str | None = None, environment: str | None = None) -> Page[NodeRow]:
    """By id; of one environment, if given."""
    conditions = [] if environment is None else [_table.c.environment == environment]
    return _nodes.page(t, limit, cursor, *conditions)


def all(t: Reading, environment: str) -> list[NodeRow]:  # noqa: A001 - read as `nodes.all`
    """By id."""
    return _nodes.all(t, _table.c.environment == environment)


def report(t: Writing, sightings: Sequence[Sighting]) -> None:
    """Note all of them at once, in place of what was known of these nodes."""
    t.put(_table, [{**row.fields(), "first_seen": row.seen} for row in sightings], keep=("first_seen",))


def with_token(t: Reading, token: str) -> list[NodeRow]:
    """Those that came with a token, by id."""
    return _nodes.all(t, _table.c.token == token)


def highest(t: Reading, environment: str, most: int) -> int:
    """The highest generation that a node of the environment says it has had, of those that are not above `most`; 0 for none."""
    held = select(func.max(_table.c.highest)).where(
        _table.c.environment == environment, _table.c.highest <= most
    )
    return t.execute(held).scalar() or 0


def remove(t: Writing, id: str) -> bool:  # noqa: A002 - what a node calls it
    """Whether it was there."""
    return t.execute(delete(_table).where(_table.c.id == id)).rowcount > 0


def forget(t: Writing, before: float) -> int:
    """Remove nodes not seen since `before`; their number."""
    return t.execute(delete(_table).where(_table.c.seen < before)).rowcount
