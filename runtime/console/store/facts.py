"""What the console knows of itself, by name."""

from typing import Final

from sqlalchemy import select

from runtime.console.store import tables
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.facts


def get(t: Reading, name: str) -> bytes | None:
    found = t.execute(select(_table.c.value).where(_table.c.name == name)).scalar()
    return None if found is None else bytes(found)


def put(t: Writing, name: str, value: bytes) -> None:
    t.put(_table, [{"name": name, "value": value}])
