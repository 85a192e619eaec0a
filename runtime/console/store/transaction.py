"""
One transaction: what the functions of this package take first.

`Reading` sees one consistent moment; `Writing` is alone: no other writes between its first statement and its commit. A
type checker tells the two apart, so no function that writes is called with a `Reading`.

A statement that fails ends the transaction. Whoever catches the error and goes on gets it again at the next statement and
in place of the commit: PostgreSQL would refuse, SQLite would keep half.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from runtime.console.store.errors import StoreError
from runtime.console.store.failures import failure

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

Columns = tuple[Any, ...]


class Reading:
    """A view of one moment. `now` is the time it began, Unix seconds."""

    def __init__(self, connection: Connection, now: float) -> None:
        self.now: Final = now
        self._connection: Final = connection
        self.failed: StoreError | None = None

    def execute(self, statement: Executable, parameters: Parameters = None) -> CursorResult[*Columns]:
        """The result of `statement`. Raises StoreError, the same again once the transaction has failed."""
        if self.failed is not None:
            raise self.failed
        try:
            return self._connection.execute(statement, parameters)
        except SQLAlchemyError as error:
            found = failure(error)
            if found is None:
                raise
            self.failed = found
            raise found from error


class Writing(Reading):
    """The only one that writes. Times written are `now`."""

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that can say what happens where the row exists."""
        on_postgresql = self._connection.dialect.name == "postgresql"
        return postgresql.insert(table) if on_postgresql else sqlite.insert(table)

    def put(self, table: Table, rows: Sequence[Mapping[str, Any]], *, keep: Collection[str] = ()) -> None:
        """Each of `rows`, in place of the one with its key, of which only the columns in `keep` stay."""
        if not rows:
            return
        statement = self.insert(table)
        key = [column.name for column in table.primary_key]
        new = {name: statement.excluded[name] for name in rows[0] if name not in {*key, *keep}}
        self.execute(statement.on_conflict_do_update(index_elements=key, set_=new), rows)
