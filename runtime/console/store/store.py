"""
The store: transactions over a database that is opened, brought up to date and closed.

Writers take turns, in this process by a lock and among processes by the database, each for as long as its transaction
lasts: nothing slow belongs into one.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import literal, select
from sqlalchemy.exc import SQLAlchemyError

from runtime.console.store.database import Database, open_database
from runtime.console.store.errors import StoreUnavailable
from runtime.console.store.failures import failure
from runtime.console.store.migrate import migrate
from runtime.console.store.transaction import Reading, Writing

T = TypeVar("T")
Clock = Callable[[], float]
WAIT_S: Final = 5.0
_READS, _WRITES = "reads", "writes"
ATTEMPTS: Final = 4
"""How often a transaction is run that the database asks to run again."""


class _Stage:
    """How far a transaction has come."""

    committing = False


class Store:
    """Made by `open`. Safe to use from many threads."""

    def __init__(self, database: Database, clock: Clock, wait_s: float) -> None:
        self._database = database
        self._clock = clock
        self._wait_s = wait_s
        self._turn = threading.Lock()
        self._writer: int | None = None
        self._troubles: dict[str, str] = {}
        self.on_trouble: Callable[[str], None] = lambda _reason: None
        """Told of each new `trouble`, from the thread that met it."""

    @classmethod
    def open(cls, url: str, *, clock: Clock, wait_s: float = WAIT_S) -> "Store":
        """
        The store at `url`, its tables made or brought up to date.

        `clock` tells Unix seconds; `wait_s` bounds each wait. Raises StoreUnusable, StoreUnavailable.
        """
        store = cls(open_database(url, wait_s), clock, wait_s)
        try:
            store._migrate()
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        self._database.reading.dispose()

    @property
    def trouble(self) -> str:
        """Why the last change, or else the last look, was not to be had; empty where it was."""
        return self._troubles.get(_WRITES) or self._troubles.get(_READS, "")

    def ping(self) -> None:
        """Raise StoreUnavailable unless the database answers."""
        with self.read() as t:
            t.execute(select(literal(1)))

    def backup(self, path: Path) -> None:
        """
        Write a copy as of one moment to the new file `path`, while others read and write.

        Raises StoreUnusable on PostgreSQL, whose copies `pg_dump` makes, StoreUnavailable, FileExistsError and other
        OSError.
        """
        try:
            self._database.backup(path)
        except BaseException as error:
            if not isinstance(error, FileExistsError):
                path.unlink(missing_ok=True)
            raise

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """One consistent view. Raises StoreUnavailable."""
        with (
            self._told_apart(_READS),
            self._database.reading.connect() as connection,
            connection.begin(),
        ):
            yield Reading(connection, self._clock())

    @contextmanager
    def write(self) -> Iterator[Writing]:
        """
        A transaction of the only writer: kept as a whole at the end, or not at all where an error leaves the block.

        Raises StoreUnavailable, also where its turn does not come in time; RuntimeError inside another of the same thread.
        """
        with (
            self._told_apart(_WRITES) as stage,
            self._own_turn(),
            self._database.writing.connect() as connection,
            connection.begin() as transaction,
        ):
            self._database.start_writing(connection)
            t = Writing(connection, self._clock())
            yield t
            if t.failed is not None:
                raise t.failed
            stage.committing = True
            transaction.commit()

    def transact(self, operation: Callable[[Writing], T]) -> T:
        """What `operation` returns from a transaction as of `write`; run again where the database asks for it."""
        for _ in range(ATTEMPTS - 1):
            try:
                with self.write() as t:
                    return operation(t)
            except StoreUnavailable as error:
                if not error.again:
                    raise
        with self.write() as t:
            return operation(t)

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        me = threading.get_ident()
        if self._writer == me:
            raise RuntimeError("a transaction that writes is begun within another")
        if not self._turn.acquire(timeout=self._wait_s):
            raise StoreUnavailable("the database is busy with another change")
        self._writer = me
        try:
            yield
        finally:
            self._writer = None
            self._turn.release()

    def _migrate(self) -> None:
        with self._told_apart(_WRITES), self._database.writing.begin() as connection:
            self._database.start_writing(connection)
            migrate(connection)

    @contextmanager
    def _told_apart(self, kind: str) -> Iterator[_Stage]:
        """Errors of the database as those of the store; those of its state are remembered by the `kind` of transaction."""
        stage = _Stage()
        try:
            yield stage
        except SQLAlchemyError as error:
            found = failure(error)
            if found is None:
                raise
            if isinstance(found, StoreUnavailable):
                found.uncertain = stage.committing and not found.again
                self._note(kind, str(found))
            raise found from error
        except StoreUnavailable as error:
            self._note(kind, str(error))
            raise
        self._note(kind, "")

    def _note(self, kind: str, trouble: str) -> None:
        if trouble == self._troubles.get(kind, ""):
            return
        if trouble:
            self._troubles[kind] = trouble
            self.on_trouble(trouble)
        else:
            self._troubles.pop(kind, None)
