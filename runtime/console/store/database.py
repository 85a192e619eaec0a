"""
The two databases behind one face: how each is opened, how a transaction begins, how writers are kept apart.

SQLite keeps one writer by itself, once a transaction begins as one (`BEGIN IMMEDIATE`); in WAL mode readers neither wait nor
hold it up. PostgreSQL does by a lock of ours that a writer takes first and the commit gives back: with writers one after the
other no transaction has to be run again, and a number that grows has no gap.

Every wait is bounded by `wait_s`: for a connection from the pool, for the server to accept one, for the writer before, and twice
as long for one statement.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from runtime.console.store.errors import StoreUnavailable, StoreUnusable

POOL: Final = 5
OVERFLOW: Final = 15
"""Connections kept, and more while they are needed: PostgreSQL allows 100 unless told otherwise, for all replicas."""
_WRITERS: Final = 0x45646765
"""The number of PostgreSQL's advisory lock that writers take: one for all replicas, in each database its own."""
_WRITES: Final = "console_writes"


class Database(Protocol):
    """What differs between the databases."""

    @property
    def reading(self) -> Engine:
        """Where transactions that only read begin."""
        ...

    @property
    def writing(self) -> Engine:
        """Where transactions that write begin."""
        ...

    def start_writing(self, connection: Connection) -> None:
        """Wait until no other writes; held to the end of the transaction."""
        ...

    def backup(self, path: Path) -> None:
        """Write a copy as of one moment to `path`, a new file."""
        ...


def open_database(text: str, wait_s: float) -> Database:
    """The database at a URL `sqlite:///PATH` or `postgresql://…`. Raises StoreUnusable for any other."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise StoreUnusable("the address of the database is not a URL") from None
    kind = url.drivername.partition("+")[0]
    if kind == "sqlite" and url.drivername in {"sqlite", "sqlite+pysqlite"}:
        return Sqlite(url, wait_s)
    if kind in {"postgresql", "postgres"}:
        return Postgresql(url.set(drivername="postgresql+psycopg"), wait_s)
    raise StoreUnusable(f"the database must be sqlite or postgresql, got {kind}")


def _engine(url: URL, wait_s: float, **arguments: Any) -> Engine:
    # Errors and logs never show what was written: there are secrets among it.
    return create_engine(
        url,
        pool_size=POOL,
        max_overflow=OVERFLOW,
        pool_timeout=wait_s,
        hide_parameters=True,
        **arguments,
    )


class Sqlite:
    """
    A file, readable by its owner only, with its log and index beside it (`-wal`, `-shm`).

    `synchronous = FULL`: a change that was answered is on the disk. A file that was moved away would take changes too, and lose
    them with the process: so each transaction looks whether it is still there.
    """

    def __init__(self, url: URL, wait_s: float) -> None:
        if not url.database or url.database == ":memory:":
            raise StoreUnusable("the database of a console is a file, got none")
        if url.query:
            raise StoreUnusable("the address of a SQLite database has no options")
        self._path = Path(url.database)
        self._wait_s = wait_s
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            self._file = _identity(self._path)
        except OSError as error:
            raise StoreUnusable(f"the database file cannot be opened: {error.strerror}") from error
        engine = _engine(url, wait_s, connect_args={"timeout": wait_s})
        event.listen(engine, "do_connect", self._judge_file)
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "begin", self._begin)
        self.reading = engine
        self.writing = engine.execution_options(**{_WRITES: True})

    def start_writing(self, connection: Connection) -> None:
        pass  # BEGIN IMMEDIATE has waited.

    def backup(self, path: Path) -> None:
        self._judge_file()
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        try:
            with (
                closing(sqlite3.connect(self._path, timeout=self._wait_s)) as source,
                closing(sqlite3.connect(path)) as copy,
            ):
                source.backup(copy)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"the copy could not be made: {error}") from error

    def _connected(self, connection: sqlite3.Connection, _record: object) -> None:
        # The driver begins no transaction by itself: `_begin` says which kind.
        connection.isolation_level = None
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StoreUnusable(f"the file system of the database cannot share memory: journal mode {mode}")
        for pragma in (
            "synchronous = FULL",
            "foreign_keys = ON",
            "trusted_schema = OFF",
            "journal_size_limit = 67108864",
        ):
            connection.execute(f"PRAGMA {pragma}")

    def _judge_file(self, *_connecting: object) -> None:
        """Raise StoreUnavailable unless the file is the one that was opened; none is made in its place."""
        try:
            same = _identity(self._path) == self._file
        except OSError:
            same = False
        if not same:
            raise StoreUnavailable("the database file was taken away or replaced: start the console again")

    def _begin(self, connection: Connection) -> None:
        self._judge_file()
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _identity(path: Path) -> tuple[int, int]:
    """Which file it is, whatever it is called. Raises OSError."""
    found = path.stat()
    return found.st_dev, found.st_ino


class Postgresql:
    """A server. Readers see one moment (`REPEATABLE READ`, read only); writers take turns."""

    def __init__(self, url: URL, wait_s: float) -> None:
        wait_ms = int(wait_s * 1000)
        options = {
            "statement_timeout": 2 * wait_ms,
            "lock_timeout": wait_ms,
            # A replica that stops in the middle of a change must not keep the others from writing.
            "idle_in_transaction_session_timeout": 6 * wait_ms,
        }
        connect: dict[str, Any] = {
            "application_name": "edgescript-console",
            "client_encoding": "utf8",
            "connect_timeout": max(2, round(wait_s)),
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            # A server that has gone without a word: RFC 5482, in milliseconds.
            "tcp_user_timeout": 2 * wait_ms,
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        }
        given = {name: value for name, value in connect.items() if name not in url.query}
        engine = _engine(url, wait_s, pool_pre_ping=True, connect_args=given)
        self.reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self.writing = engine.execution_options(isolation_level="READ COMMITTED")

    def start_writing(self, connection: Connection) -> None:
        # READ COMMITTED: each statement behind the lock sees what the writer before has committed.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")

    def backup(self, path: Path) -> None:
        raise StoreUnusable(f"a PostgreSQL database is copied by pg_dump, not to {path.name} by the console")
