"""Readers see one moment, writers take turns, and what fails is not kept."""

import threading
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from runtime.console.store import (
    Conflict,
    Missing,
    Store,
    StoreUnavailable,
    audit,
    dictionaries,
    domains,
    drafts,
    facts,
    hosts,
    scripts,
    sessions,
    settings,
    versions,
)
from runtime.console.store.database import OVERFLOW, POOL
from runtime.console.store.store import ATTEMPTS
from tests.console.store.given import names


def stored(store):
    with store.read() as t:
        return names(t)


def test_a_reader_sees_the_moment_it_began(store):
    with store.read() as reader:
        assert names(reader) == []
        with store.write() as t:
            domains.add(t, "shop", "ann")
        assert names(reader) == []
    assert stored(store) == ["shop"]


def test_a_writer_sees_what_the_one_before_wrote(place):
    # The transaction of the second waits for that of the first, in another process as it were.
    first, second = place.open(), place.open()
    with first.write() as t:
        domains.add(t, "shop", "ann")
        found = []
        thread = threading.Thread(target=lambda: found.extend(second.transact(names)))
        thread.start()
        thread.join(0.1)
        assert thread.is_alive()
    thread.join(10)
    assert found == ["shop"]


def test_the_time_of_a_transaction_stands_still(store, clock):
    clock.now = 5.25
    with store.write() as t:
        clock.now = 6.0
        assert domains.add(t, "shop", "ann").created == 5.25
    with store.read() as t:
        assert domains.get(t, "shop").created == 5.25


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, StoreUnavailable])
def test_an_error_in_the_block_keeps_nothing(store, error):
    def operation(t):
        domains.add(t, "shop", "ann")
        raise error("in the middle")

    with pytest.raises(error, match="in the middle"):
        store.transact(operation)
    assert stored(store) == []


FAILURES = {
    "a name that is taken": (Conflict, lambda t: domains.add(t, "shop", "bob")),
    "a host of another": (Conflict, lambda t: hosts.replace(t, "other", ["a.example"])),
    "a script of no domain": (Missing, lambda t: scripts.add(t, "nowhere", "auth")),
    "a session of no token": (Missing, lambda t: sessions.add(t, b"h", "nobody", 9.0)),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failed_statement_ends_the_transaction(store, case):
    kind, operation = FAILURES[case]
    with store.write() as t:
        domains.add(t, "shop", "ann")
        domains.add(t, "other", "ann")
        hosts.replace(t, "shop", ["a.example"])

    def going_on_as_if_nothing_had_been(t):
        facts.put(t, "half", b"1")
        with pytest.raises(kind):
            operation(t)
        with pytest.raises(kind):
            facts.get(t, "half")

    with pytest.raises(kind):
        store.transact(going_on_as_if_nothing_had_been)
    with store.read() as t:
        assert facts.get(t, "half") is None


NOWHERE = {
    "settings": lambda t: settings.save(t, "nowhere", {}, author="", message=""),
    "a draft": lambda t: drafts.save(
        t, "shop", "none", source="", rule={}, tests="", digest="", diagnostics=[], author=""
    ),
    "a version": lambda t: versions.add(
        t,
        "shop",
        "none",
        source="",
        rule={},
        tests="",
        digest="",
        code=b"",
        author="",
        message="",
        evidence={},
    ),
    "entries": lambda t: dictionaries.change(t, "shop", "none", set_={}, remove=[], digest="", author=""),
}


@pytest.mark.parametrize("what", NOWHERE)
def test_what_belongs_to_nothing_is_missing(store, what):
    with store.write() as t:
        domains.add(t, "shop", "ann")
    with pytest.raises(Missing, match=r"there is no (domain nowhere|script none|dictionary none)"):
        store.transact(NOWHERE[what])


def test_a_mistake_of_ours_is_not_called_trouble_of_the_database(store):
    with pytest.raises(DBAPIError, match="no_such_column"):
        store.transact(lambda t: t.execute(text("SELECT no_such_column FROM domains")))


def test_a_transaction_within_one_is_refused(store):
    with pytest.raises(RuntimeError, match="within another"), store.write(), store.write():
        pass
    with store.write() as t:
        assert names(t) == []


def test_numbers_have_no_gap_whoever_writes(place):
    # Six threads over two stores; each raises one counter by reading and writing it.
    stores = [place.open(wait_s=30), place.open(wait_s=30)]

    def raise_ten(store):
        for _ in range(10):
            with store.write() as t:
                before = int(facts.get(t, "count") or b"0")
                facts.put(t, "count", str(before + 1).encode())

    threads = [threading.Thread(target=raise_ten, args=(stores[number % 2],)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with stores[0].read() as t:
        assert facts.get(t, "count") == b"60"


def busy_for(store):
    """Seconds until a writer gives up, and why."""
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught, store.write():
        pass
    return time.monotonic() - began, str(caught.value)


@pytest.mark.parametrize("where", ["the same process", "another process"])
def test_a_turn_that_does_not_come_is_given_up(place, where):
    store = place.open(wait_s=0.3)
    other = store if where == "the same process" else place.open()
    in_it, leave = threading.Event(), threading.Event()

    def holding():
        with other.write():
            in_it.set()
            leave.wait(30)

    thread = threading.Thread(target=holding)
    thread.start()
    assert in_it.wait(10)
    try:
        waited, why = busy_for(store)
    finally:
        leave.set()
        thread.join(10)
    assert why == "the database is busy with another change"
    assert 0.2 < waited < 5
    with store.write() as t:
        assert names(t) == []


def test_connections_that_are_all_in_use(place):
    store = place.open(wait_s=0.2)
    views = [store.read() for _ in range(POOL + OVERFLOW)]
    for view in views:
        view.__enter__()
    with pytest.raises(StoreUnavailable, match="all connections to the database are in use"), store.read():
        pass
    for view in views:
        view.__exit__(None, None, None)
    store.ping()


def test_a_full_disk_is_told_and_leaves_no_half(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'c.db'}", clock=float)

    def operation(t):
        t.execute(text("PRAGMA max_page_count = 1"))
        facts.put(t, "small", b"1")
        facts.put(t, "large", bytes(1 << 20))

    with pytest.raises(StoreUnavailable, match="no room on its disk"):
        store.transact(operation)
    with store.read() as t:
        assert facts.get(t, "small") is None
    store.close()


CUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'edgescript-console' AND datname = current_database()"""


class TestPostgresql:
    @pytest.fixture
    def kind(self):
        return "postgresql"

    def test_a_connection_that_breaks_keeps_nothing_and_the_next_works(self, place, store):
        def operation(t):
            domains.add(t, "shop", "ann")
            place.say(CUT)
            names(t)

        with pytest.raises(StoreUnavailable) as caught:
            store.transact(operation)
        assert not caught.value.uncertain
        assert stored(store) == []

    def test_a_connection_that_breaks_at_the_commit_leaves_it_open(self, place, store):
        def operation(t):
            domains.add(t, "shop", "ann")
            place.say(CUT)

        with pytest.raises(StoreUnavailable) as caught:
            store.transact(operation)
        assert caught.value.uncertain

    def test_a_statement_that_takes_too_long_is_ended(self, place):
        store = place.open(wait_s=0.2)
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="took too long"), store.read() as t:
            t.execute(text("SELECT pg_sleep(20)"))
        assert time.monotonic() - began < 5

    def test_a_reader_cannot_write(self, store):
        with pytest.raises(StoreUnavailable, match="takes no changes now"), store.read() as t:
            t.execute(text("DELETE FROM domains"))

    def test_a_transaction_is_run_again_where_the_database_asks_for_it(self, store):
        runs = []

        def operation(t):
            runs.append(len(runs))
            domains.add(t, f"shop{len(runs)}", "ann")
            if len(runs) < ATTEMPTS:
                t.execute(text("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"))
            return "done"

        assert store.transact(operation) == "done"
        assert stored(store) == [f"shop{ATTEMPTS}"]

    def test_it_is_not_run_for_ever(self, store):
        runs = []

        def operation(t):
            runs.append(t)
            t.execute(text("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"))

        with pytest.raises(StoreUnavailable, match="run the transaction again"):
            store.transact(operation)
        assert len(runs) == ATTEMPTS


def test_other_failures_are_not_tried_again(store):
    runs = []

    def operation(t):
        runs.append(t)
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable, match="away"):
        store.transact(operation)
    assert len(runs) == 1


def test_no_message_shows_what_was_written(store):
    def operation(t):
        domains.add(t, "shop", "hunter2")
        domains.add(t, "shop", "hunter2")

    with pytest.raises(Conflict) as caught:
        store.transact(operation)
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize("statement", ["UPDATE audit SET who = who", "DELETE FROM audit"])
def test_the_audit_can_only_grow(store, statement):
    with store.write() as t:
        audit.append(t, audit.AuditRow(1, t.now, "ann", "", "", "start", "", {}, "", "aa"))
    with pytest.raises(DBAPIError, match="the audit can only grow"):
        store.transact(lambda t: t.execute(text(statement)))
