"""A database is made, brought up to date, refused or copied."""

import itertools
import resource
import shutil
import stat
import threading
import time

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

from runtime.console.store import Store, StoreUnavailable, StoreUnusable, domains, facts, migrate, nodes
from runtime.console.store.tables import metadata
from tests.console.store.given import names


def steps():
    config = Config()
    config.set_main_option("script_location", str(migrate.STEPS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def engine(place):
    return create_engine(place.url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)


SHAPE = {
    # Everything the database says of its tables, less Alembic's own and what migrations alone make.
    "sqlite": ["SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'index')"],
    "postgresql": [
        """SELECT table_name, column_name, data_type, is_nullable, collation_name, column_default
        FROM information_schema.columns WHERE table_schema = 'public'""",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 't'""",
    ],
}


def shape(place):
    """What a place's database says of its tables, in no order of columns or clauses."""
    rows = itertools.chain.from_iterable(place.say(query) for query in SHAPE[place.kind])
    told = [tuple(_plain(cell) for cell in row) for row in rows if "alembic" not in str(row)]
    return sorted(told, key=repr)


def _plain(cell):
    if isinstance(cell, str) and cell.startswith("CREATE TABLE"):
        head, _, body = cell.partition("(")
        return head.replace('"', ""), sorted(line.strip(" \t,)") for line in body.splitlines())
    return cell


def test_migrations_and_tables_agree(empty):
    empty.open()
    migrated = shape(empty)
    with engine(empty).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        metadata.drop_all(connection)
        metadata.create_all(connection)
        connection.commit()
    assert shape(empty) == migrated
    assert len(migrated) > len(metadata.tables)


def test_the_newest_step_is_the_revision_of_this_release():
    assert steps().get_heads() == [migrate.REVISION]


def test_a_second_opening_finds_what_the_first_left(place):
    with place.open().write() as t:
        domains.add(t, "shop", "ann")
    with place.open().read() as t:
        assert names(t) == ["shop"]


def test_two_replicas_open_an_empty_database_at_once(empty):
    failures = []

    def opening():
        try:
            empty.open()
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=opening) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


SECOND = """
from alembic import op
import sqlalchemy as sa
revision = "0004"
down_revision = "0003"

def upgrade():
    op.create_table("notes", sa.Column("text", sa.Text, nullable=False))
    with op.batch_alter_table("domains") as table:
        table.add_column(sa.Column("colour", sa.Text, nullable=False, server_default="grey"))
"""


@pytest.fixture
def next_release(monkeypatch, tmp_path):
    """From its call on, the release after this one, whose step to revision 0004 is `text`."""

    def release(text):
        folder = tmp_path / "steps"
        shutil.copytree(migrate.STEPS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "versions" / "second.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(migrate, "STEPS", folder)
        monkeypatch.setattr(migrate, "REVISION", "0004")

    return release


def test_an_older_database_is_brought_up_to_date(empty, next_release):
    with empty.open().write() as t:
        domains.add(t, "shop", "ann")
    next_release(SECOND)
    empty.open()
    assert empty.say("SELECT name, colour FROM domains") == [("shop", "grey")]
    assert empty.say("SELECT count(*) FROM notes") == [(0,)]
    assert empty.say("SELECT version_num FROM alembic_version") == [("0004",)]


def test_nodes_of_the_first_release_refuse_nothing_and_have_said_nothing_of_generations(empty, monkeypatch):
    with monkeypatch.context() as first:
        first.setattr(migrate, "REVISION", "0001")
        empty.open().close()
    row = {"id": "n", "environment": "production", "pool": "", "region": "", "version": "", "token": "t"}
    counted = dict.fromkeys(("generation", "started", "first_seen", "seen"), 1)
    with engine(empty).begin() as connection:
        connection.execute(metadata.tables["nodes"].insert().values(**row, **counted, error=""))
    with empty.open().read() as t:
        found = nodes.get(t, "n")
    assert (found.refused, found.highest) == ({}, 0)


def test_a_step_that_fails_leaves_the_older_database(empty, next_release):
    with empty.open().write() as t:
        domains.add(t, "shop", "ann")
    before = shape(empty)
    next_release(SECOND + "    raise OSError('in the middle')\n")
    with pytest.raises(OSError, match="in the middle"):
        empty.open()
    assert shape(empty) == before
    assert empty.say("SELECT name FROM domains") == [("shop",)]
    assert empty.say("SELECT version_num FROM alembic_version") == [("0003",)]


def test_a_newer_database_is_refused_and_left_alone(empty):
    empty.open().close()
    empty.say("UPDATE alembic_version SET version_num = '0777'")
    with pytest.raises(StoreUnusable, match="has tables of revision 0777, this release knows 0003 and older"):
        empty.open()
    assert empty.say("SELECT version_num FROM alembic_version") == [("0777",)]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("console.db", "is not a URL"),
        ("", "is not a URL"),
        ("mysql://root@localhost/c", "must be sqlite or postgresql, got mysql"),
        ("sqlite+aiosqlite:///c.db", "must be sqlite or postgresql"),
        ("sqlite://", "is a file, got none"),
        ("sqlite:///:memory:", "is a file, got none"),
        ("sqlite:///c.db?mode=ro", "has no options"),
        ("sqlite:////proc/none/c.db", "cannot be opened: No such file or directory"),
        ("sqlite:////proc", "cannot be opened: Is a directory"),
    ],
)
def test_address_that_is_no_database(url, why):
    with pytest.raises(StoreUnusable, match=why):
        Store.open(url, clock=float)


def test_a_password_in_an_address_is_in_no_message():
    with pytest.raises(StoreUnavailable) as caught:
        Store.open("postgresql://ann:hunter2@127.0.0.1:1/db", clock=float, wait_s=1)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "c.db"
    path.write_bytes(b"dear diary " * 1000)
    with pytest.raises(StoreUnavailable, match="the database file is not one of SQLite"):
        Store.open(f"sqlite:///{path}", clock=float)
    assert path.read_bytes() == b"dear diary " * 1000


def test_the_files_are_their_owners_only(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'c.db'}", clock=float)
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["c.db", "c.db-shm", "c.db-wal"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    store.close()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)],
)
def test_sqlite_is_opened_to_keep_what_it_is_given(tmp_path, pragma, value):
    store = Store.open(f"sqlite:///{tmp_path / 'c.db'}", clock=float)
    with store.read() as t:
        assert t._connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    store.close()


def test_no_server(tmp_path):
    # Nobody listens in an empty folder.
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="does not answer"):
        Store.open(f"postgresql://postgres@/c?host={tmp_path}", clock=float, wait_s=1)
    assert time.monotonic() - began < 10


def test_a_copy_is_of_one_moment_while_others_write(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'c.db'}", clock=float)
    done = threading.Event()

    def writing():
        number = 0
        while not done.is_set():
            number += 1
            with store.write() as t:
                facts.put(t, "first", str(number).encode())
                facts.put(t, "second", str(number).encode())

    writer = threading.Thread(target=writing)
    writer.start()
    try:
        for number in range(5):
            copy = tmp_path / f"copy{number}.db"
            store.backup(copy)
            assert stat.S_IMODE(copy.stat().st_mode) == 0o600
            restored = Store.open(f"sqlite:///{copy}", clock=float)
            with restored.read() as t:
                assert facts.get(t, "first") == facts.get(t, "second")
            restored.close()
    finally:
        done.set()
        writer.join(10)
    store.close()


def test_a_copy_replaces_nothing(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'c.db'}", clock=float)
    (tmp_path / "old.db").write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        store.backup(tmp_path / "old.db")
    assert (tmp_path / "old.db").read_bytes() == b"precious"
    store.close()


def test_a_copy_that_has_no_room_is_told_and_removed(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'c.db'}", clock=float)
    with store.write() as t:
        facts.put(t, "large", bytes(1 << 20))
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A file that grows beyond this is what a full disk is; Python ignores the signal.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, limit[1]))
    try:
        with pytest.raises(StoreUnavailable, match="the copy could not be made"):
            store.backup(tmp_path / "copy.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not (tmp_path / "copy.db").exists()
    store.close()


def test_postgresql_is_copied_by_its_own_program(postgresql, tmp_path):
    store = Store.open(postgresql.url("filled"), clock=float)
    with pytest.raises(StoreUnusable, match="pg_dump"):
        store.backup(tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    store.close()
