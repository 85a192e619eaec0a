"""
Rows by many keys of several columns, found by an index.

`(a, b) IN (VALUES …)` says it shortly, and SQLite reads the whole table for it; so it is `(a = … AND b = …) OR …`. Making such
a statement takes a hundred times as long as running it, so it is made once for a fixed number of keys, and a key comes
again where there are fewer.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Column, Select, and_, bindparam, or_
from sqlalchemy import Row as Found

from runtime.console.store.transaction import Columns, Reading

_SIZES: Final = (8, 100)
"""Keys of one statement. SQLite refuses expressions that are more than 1,000 deep."""


class Lookup:
    """What `query` gives where `columns` together are one of the keys asked for."""

    def __init__(self, query: Select[*Columns], columns: Sequence[Column[Any]]) -> None:
        self._query = query
        self._columns = columns
        self._made: dict[int, Select[*Columns]] = {}

    def rows(self, t: Reading, keys: Collection[tuple[Any, ...]]) -> Iterator[Found[*Columns]]:
        """In no order; nothing twice if no key is."""
        listed = list(keys)
        largest = _SIZES[-1]
        for start in range(0, len(listed), largest):
            part = listed[start : start + largest]
            size = next(size for size in _SIZES if size >= len(part))
            part += part[-1:] * (size - len(part))
            values = {f"k{i}_{j}": value for i, key in enumerate(part) for j, value in enumerate(key)}
            yield from t.execute(self._statement(size), values)

    def _statement(self, size: int) -> Select[*Columns]:
        made = self._made.get(size)
        if made is None:
            terms = (
                and_(
                    *(
                        column == bindparam(f"k{i}_{j}", type_=column.type)
                        for j, column in enumerate(self._columns)
                    )
                )
                for i in range(size)
            )
            made = self._made[size] = self._query.where(or_(*terms))
        return made
