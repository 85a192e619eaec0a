"""Rows as frozen structs, read by the names of their fields, and lists by pages that stay quick at any length."""

from collections.abc import Collection, Iterator
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, Table, func, select

from runtime.console.store.columns import Number
from runtime.console.store.errors import BadCursor
from runtime.console.store.lookup import Lookup
from runtime.console.store.transaction import Columns, Reading

_AFTER: Final = "~"
"""What cursors of lists by name begin with: so a word that somebody made up is none, and no name is one."""
MOST: Final = 500
"""Items of one page at most, whatever is asked for."""


class Row(msgspec.Struct, frozen=True):
    """Base of all rows."""

    def fields(self) -> dict[str, Any]:
        """Name and value of each field, as an INSERT takes them."""
        return msgspec.structs.asdict(self)


R = TypeVar("R", bound=Row)
Item = TypeVar("Item")


class Page(NamedTuple, Generic[Item]):
    """A part of a list. `next` is the cursor of the part that follows, None at the end."""

    items: list[Item]
    next: str | None


def slices(items: Collection[Item]) -> Iterator[list[Item]]:
    """All of `items` in lists short enough for one statement: databases bound the number of parameters."""
    listed = list(items)
    for start in range(0, len(listed), MOST):
        yield listed[start : start + MOST]


class Entity(Generic[R]):
    """
    A table as rows of one type, whose fields are columns of the table in any choice and order.

    A list is paged by one of them, `by`, which together with the conditions given tells its items apart: a page begins
    behind the last item of the one before and is found by an index, so the thousandth costs what the first does.
    """

    def __init__(self, row: type[R], table: Table, *, by: str, newest_first: bool = False) -> None:
        self._row = row
        self._table = table
        self._by = table.c[by]
        self._by_name = by
        self._order = self._by.desc() if newest_first else self._by.asc()
        self._newest_first = newest_first
        self._by_number = isinstance(self._by.type, Number)
        self.select: Final[Select[*Columns]] = select(*(table.c[name] for name in row.__struct_fields__))
        """All of them; conditions are added with `where`."""

    def one(self, t: Reading, *conditions: ColumnElement[bool]) -> R | None:
        """The row, or None."""
        found = t.execute(self.select.where(*conditions)).first()
        return None if found is None else self._row(*found)

    def count(self, t: Reading, *conditions: ColumnElement[bool]) -> int:
        """How many rows there are."""
        query = select(func.count()).select_from(self._table).where(*conditions)
        return int(t.execute(query).scalar_one())

    def all(self, t: Reading, *conditions: ColumnElement[bool]) -> list[R]:
        """Every row, in the order of pages."""
        return self.rows(t, self.select.where(*conditions).order_by(self._order))

    def rows(self, t: Reading, query: Select[*Columns]) -> list[R]:
        """What `query`, made of `select`, gives."""
        return [self._row(*found) for found in t.execute(query)]

    def all_of(
        self, t: Reading, key: ColumnElement[Any], keys: Collection[Any], *conditions: ColumnElement[bool]
    ) -> Iterator[R]:
        """Those whose `key` is among `keys`, any number of them, in no order."""
        for part in slices(keys):
            yield from self.rows(t, self.select.where(*conditions, key.in_(part)))

    def by_keys(self, *columns: str) -> "ByKeys[R]":
        """A way to find many rows, each by its value in each of `columns`."""
        return ByKeys(self._row, Lookup(self.select, [self._table.c[name] for name in columns]))

    def page(self, t: Reading, limit: int, cursor: str | None, *conditions: ColumnElement[bool]) -> Page[R]:
        """At most `limit` rows, 1 to MOST, behind `cursor`. Raises BadCursor."""
        size = max(1, min(MOST, limit))
        query = self.select.where(*conditions)
        if cursor is not None:
            after = self._read_cursor(cursor)
            query = query.where(self._by < after if self._newest_first else self._by > after)
        # One more than asked for tells whether another page follows.
        rows = self.rows(t, query.order_by(self._order).limit(size + 1))
        if len(rows) <= size:
            return Page(rows, None)
        last = str(getattr(rows[size - 1], self._by_name))
        return Page(rows[:size], last if self._by_number else f"{_AFTER}{last}")

    def _read_cursor(self, cursor: str) -> str | int:
        if not self._by_number:
            if cursor.startswith(_AFTER):
                return cursor.removeprefix(_AFTER)
        elif cursor.isascii() and cursor.isdigit() and len(cursor) <= 19 and int(cursor):
            return int(cursor)
        raise BadCursor("the cursor is none that a list has given")


class ByKeys(Generic[R]):
    """Rows of one type by keys of several columns."""

    def __init__(self, row: type[R], lookup: Lookup) -> None:
        self._row = row
        self._lookup = lookup

    def rows(self, t: Reading, keys: Collection[tuple[Any, ...]]) -> Iterator[R]:
        """Those there are, in no order; nothing twice if no key is."""
        for found in self._lookup.rows(t, keys):
            yield self._row(*found)
