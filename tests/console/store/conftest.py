"""Each test of the store runs on SQLite and on a real PostgreSQL."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from runtime.console.store import Store
from runtime.console.store.tables import metadata
from tests.support.postgresql import Server, programs

T0 = 1_750_000_000.0


class Clock:
    """Stands still until told."""

    def __init__(self):
        self.now = T0

    def __call__(self):
        return self.now


class Place:
    """A database that stores are opened at; all of them are closed at the end."""

    def __init__(self, kind, url, say):
        self.kind, self.url, self.say = kind, url, say
        self._opened = []

    def open(self, clock=None, wait_s=5.0):
        store = Store.open(self.url, clock=clock or Clock(), wait_s=wait_s)
        self._opened.append(store)
        return store

    def close(self):
        for store in self._opened:
            store.close()


@pytest.fixture(scope="session")
def postgresql():
    """A server with a database `filled` that has the tables."""
    folder = programs()
    if folder is None:
        if os.environ.get("CI"):
            pytest.fail("want PostgreSQL: apt-get install -y postgresql")
        pytest.skip("PostgreSQL is not installed (apt-get install -y postgresql): tested on SQLite alone")
    server = Server(folder)
    try:
        server.say("CREATE DATABASE filled TEMPLATE template0")
        Store.open(server.url("filled"), clock=Clock()).close()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory):
    """A SQLite database that has the tables."""
    path = tmp_path_factory.mktemp("filled") / "console.db"
    Store.open(f"sqlite:///{path}", clock=Clock()).close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request):
    return request.param


@pytest.fixture
def empty(kind, tmp_path, request):
    """A database of the test's own, without tables."""
    if kind == "sqlite":
        found = _in_file(tmp_path)
    else:
        server = request.getfixturevalue("postgresql")
        found = _on_server(server, server.new_database())
    yield found
    found.close()


@pytest.fixture
def place(kind, tmp_path, request):
    """A database whose tables are empty. Only rows may be changed: the next test may get it too."""
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("filled_file"), tmp_path)
        found = _in_file(tmp_path)
        yield found
        found.close()
        return
    server = request.getfixturevalue("postgresql")
    found = _on_server(server, "filled")
    yield found
    found.close()
    # As a replica, for which triggers do not run: the audit can be emptied, and nothing is looked up.
    emptied = "; ".join(f"DELETE FROM {name}" for name in metadata.tables)
    found.say(f"SET session_replication_role = replica; {emptied}")


def _in_file(folder):
    path = folder / "console.db"

    def say(statement):
        with closing(sqlite3.connect(path, isolation_level=None)) as there:
            return there.execute(statement).fetchall()

    return Place("sqlite", f"sqlite:///{path}", say)


def _on_server(server, name):
    return Place("postgresql", server.url(name), lambda statement: server.say(statement, name))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(place, clock):
    return place.open(clock)


@pytest.fixture
def t(store):
    """One transaction that writes, for the whole test."""
    with store.write() as transaction:
        yield transaction
