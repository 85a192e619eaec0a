"""What docs/ has operators do once in a while, done to a real console and real nodes."""

import contextlib
import shutil
import signal
import sqlite3
import subprocess

import pytest

from tests.operations.drill import Place
from tests.support.origin import RecordingOrigin
from tests.support.postgresql import Server, programs
from tests.support.waiting import wait_until

PASS = "set_cache_ttl('path', 1000)\n"


@pytest.fixture
def place(tmp_path):
    with Place(tmp_path) as place:
        yield place


def kept_apart(place):
    """A copy of the console's store and of its keys, somewhere else."""
    copies = place.folder / "copies"
    copies.mkdir()
    place.command("backup", copies / "console.db")
    shutil.copytree(place.data / "keys", copies / "keys")
    return copies


def put_back(place, copies):
    place.data.mkdir(mode=0o700)
    shutil.copytree(copies / "keys", place.data / "keys")
    return place.command("restore", copies / "console.db")


def heard_of(place):
    """The names of the nodes that have reported to the console."""
    return [node["id"] for node in place.get("/nodes?environment=production")["items"]]


def follows(place, edge):
    """Wait until the node has served, and told, the console's newest."""

    def current():
        nodes = place.get("/nodes?environment=production")["items"]
        return [node["state"] for node in nodes] == ["current"]

    wait_until(current, within_s=60)
    assert edge.standing()["error"] == ""


# --- backup and restore -----------------------------------------------------------------------------------------------


def test_what_a_restored_console_publishes_is_followed(place):
    place.start()
    token = place.node_token()
    with place.node("edge-1", token) as edge:
        place.publish("one")
        place.served(edge, "one")
        copies = kept_apart(place)
        place.publish("two")
        place.served(edge, "two")
        seen = edge.standing()["generation"]
        place.lose()
        assert "audit entries, intact" in put_back(place, copies)
        place.start()
        assert len(place.get("/domains/shop/scripts/main/versions")["items"]) == 1
        wait_until(lambda: heard_of(place) == ["edge-1"], within_s=60)
        wait_until(lambda: edge.standing()["reachable"], within_s=10)
        assert (edge.says(), edge.standing()["generation"]) == ((200, b"two"), seen)
        assert place.publish("three") == 2
        place.served(edge, "three")
        assert edge.standing()["generation"] > seen
        wait_until(lambda: edge.trouble() == [])
        assert place.get("/audit/verify")["intact"]
        assert place.end() == 0


def test_nodes_follow_a_console_whose_clock_ran_ahead_before_it_was_restored(place):
    place.start()
    with place.node("edge-1", place.node_token()) as edge:
        place.publish("one")
        place.served(edge, "one")
        begun = edge.standing()["generation"]
        copies = kept_apart(place)
        year_s = 365 * 86_400
        store = sqlite3.connect(place.data / "console.db", timeout=20)
        with contextlib.closing(store), store:  # as a clock a year ahead leaves it
            store.execute("UPDATE environments SET generation = generation + ?", (year_s,))
        place.publish("two")
        place.served(edge, "two")
        seen = edge.standing()["generation"]
        assert seen > begun + year_s
        place.lose()
        put_back(place, copies)
        place.start()
        wait_until(lambda: heard_of(place) == ["edge-1"], within_s=60)
        [node] = place.get("/nodes?environment=production")["items"]
        assert (node["state"], node["generation"]) == ("behind", seen)
        place.publish("three")
        place.served(edge, "three")
        assert edge.standing()["generation"] == seen + 1
        follows(place, edge)
        skipped = [each for each in place.get("/audit")["items"] if each["action"] == "generation.skip"]
        assert [each["details"]["above"] for each in skipped] == [seen]


def test_purges_of_a_restored_console_are_carried_out(place):
    """Their numbers are not those of purges that nodes have seen since the copy was made."""
    with RecordingOrigin(fields=[("Cache-Control", "max-age=1000")]) as origin:
        place.origin = origin.url
        place.start()
        with place.node("edge-1", place.node_token()) as edge:
            place.publish("through", PASS)
            wait_until(lambda: edge.says(target="/a")[0] == 200, within_s=30)
            copies = kept_apart(place)
            lost = [place.purge("/a") for _ in range(3)]
            place.lose()
            put_back(place, copies)
            place.start()
            made = [place.purge("/b") for _ in range(3)]
            assert made[0] > lost[-1]
            follows(place, edge)
            edge.says(target="/a")
            before = len(origin.asked)
            edge.says(target="/a")
            assert len(origin.asked) == before
            place.purge("/a")
            follows(place, edge)
            edge.says(target="/a")
            assert len(origin.asked) == before + 1


@pytest.mark.skipif(programs() is None, reason="not installed: PostgreSQL")
def test_a_database_that_pg_restore_put_back_is_made_ready(tmp_path):
    server = Server(programs())
    try:
        name, anew = server.new_database(), server.new_database()
        dump = tmp_path / "console.dump"
        with Place(tmp_path, database=server.url(name)) as place:
            place.start()
            with place.node("edge-1", place.node_token()) as edge:
                place.publish("one")
                place.served(edge, "one")
                pg("pg_dump", "--format=custom", f"--file={dump}", place.database)
                lost = place.purge("/a")
                place.end(signal.SIGKILL)
                place.database = server.url(anew)
                pg("pg_restore", "--no-owner", f"--dbname={place.database}", dump)
                assert "intact" in place.command("restore")
                assert "want FILE" in place.command("restore", dump, status=2)
                place.start()
                assert place.purge("/a") > lost + 1
                place.publish("two")
                place.served(edge, "two")
    finally:
        server.stop()


def pg(program, *arguments):
    subprocess.run([programs() / program, *arguments], check=True, capture_output=True, timeout=60)


def test_restoring_overwrites_nothing_and_wants_the_right_keys(place, tmp_path):
    place.command("--check")
    copies = kept_apart(place)
    assert "exists: move it away first" in place.command("restore", copies / "console.db", status=1)
    database = place.data / "console.db"
    log = place.data / "console.db-wal"
    database.rename(log)
    assert "exists: move it away first" in place.command("restore", copies / "console.db", status=1)
    log.unlink()
    keys = place.data / "keys"
    shutil.move(keys, tmp_path / "away")
    assert "put the keys back first" in place.command("restore", copies / "console.db", status=1)
    shutil.copytree(tmp_path / "away", keys)
    (keys / "store.key").write_bytes(b"x" * 32)
    assert "not the key" in place.command("restore", copies / "console.db", status=1)
    assert [path.name for path in place.data.iterdir()] == ["keys"]
    shutil.rmtree(keys)
    shutil.move(tmp_path / "away", keys)
    (tmp_path / "text").write_text("no database\n" * 1000)
    assert "Traceback" not in place.command("restore", tmp_path / "text", status=1)
    assert not database.exists()
    place.command("restore", copies / "console.db")
    assert database.stat().st_mode & 0o777 == 0o600
    assert "want FILE" in place.command("restore", status=2)


# --- rotation of the signing key --------------------------------------------------------------------------------------


def test_nodes_follow_through_a_change_of_the_signing_key(place):
    place.start()
    token = place.node_token()
    with place.node("here", token) as here:
        with place.node("away", token) as away:
            place.publish("one")
            place.served(here, "one")
            place.served(away, "one")
        assert "signs from now on" in place.command("rotate")
        place.publish("two")
        place.served(here, "two")
        with place.node("away", token) as away:  # it was not there when the key was changed
            place.served(away, "two")
            place.command("rotate", "--drop-old")
            for edge in (here, away):
                place.publish("three")
                place.served(edge, "three")
                assert edge.standing()["error"] == ""


def test_a_node_that_was_away_for_both_steps_says_so_and_wants_a_new_token(place):
    place.start()
    token = place.node_token()
    with place.node("edge-1", token) as edge:
        place.publish("one")
        place.served(edge, "one")
    place.command("rotate")
    place.command("rotate", "--drop-old")
    place.publish("two")
    with place.node("edge-1", token) as edge:
        wait_until(lambda: "unsigned" in edge.standing()["error"])
        assert edge.says() == (200, b"one")
    with place.node("edge-1", place.node_token()) as edge:
        place.served(edge, "two")


# --- the console is lost ----------------------------------------------------------------------------------------------


def test_nodes_serve_and_start_without_a_console_and_follow_it_when_it_is_back(place):
    place.start()
    token = place.node_token()
    with place.node("edge-1", token) as edge:
        place.publish("one")
        place.served(edge, "one")
        copies = kept_apart(place)
        place.lose()
        wait_until(lambda: not edge.standing()["reachable"], within_s=60)
        assert edge.says() == (200, b"one")
        assert edge.admin("GET", "/readyz")[0] == 200
        edge.end(signal.SIGKILL)
    with place.node("edge-1", token) as edge:
        assert edge.says() == (200, b"one")
        assert edge.admin("GET", "/readyz")[0] == 200
        put_back(place, copies)
        place.start()
        place.publish("two")
        place.served(edge, "two")
        wait_until(lambda: edge.standing()["reachable"])
        wait_until(lambda: edge.trouble() == [])


def test_without_a_copy_a_new_console_is_followed_by_nodes_with_new_tokens(place):
    place.start()
    old = place.node_token()
    with place.node("edge-1", old) as edge:
        place.publish("one")
        place.served(edge, "one")
        place.lose()
        place.start()
        place.publish("two")
        wait_until(lambda: "token" in edge.standing()["error"], within_s=60)
        assert edge.says() == (200, b"one")
    with place.node("edge-1", place.node_token()) as edge:
        place.served(edge, "two")
