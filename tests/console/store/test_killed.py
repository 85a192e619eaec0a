"""A console killed at any moment leaves whole changes, an unbroken audit, and a store that the next one opens."""

import subprocess
import sys
from pathlib import Path

from runtime.console.store import (
    audit,
    blobs,
    facts,
    generations,
    releases,
    scripts,
    settings,
    versions,
)
from runtime.console.store.tables import metadata
from tests.console.store.given import names, shop
from tests.console.store.killing import hash_of

ROOT = Path(__file__).resolve().parents[3]
ROUNDS = 12


def kill(place, rounds, *what):
    done = subprocess.run(
        [sys.executable, "-m", "tests.console.store.killing", place.url, str(rounds), *what],
        cwd=ROOT,
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_writers_killed_at_random_moments(place):
    store = place.open()
    with store.write() as t:
        shop(t)
        settings.save(t, "shop", {}, author="ann", message="")
    kill(place, ROUNDS)
    with place.open().write() as t:
        kept = scripts.get(t, "shop", "auth").latest
        assert kept > 2 * ROUNDS
        assert facts.get(t, "published") == str(kept).encode()
        assert generations.get(t, "production").generation >= kept
        assert len(blobs.by_plain(t, [f"plain {n}" for n in range(kept + 2)])) == kept
        assert len(releases.many(t, [("shop", n) for n in range(kept + 2)])) == kept
        assert len(versions.codes(t, [("shop", "auth", n) for n in range(kept + 2)])) == kept
        entries = audit.chain(t, 0, kept + 2)
        assert [row.n for row in entries] == list(range(1, kept + 1))
        assert [row.previous for row in entries] == ["", *(row.hash for row in entries[:-1])]
        assert [row.hash for row in entries] == [hash_of(row) for row in entries]
    if place.kind == "sqlite":
        assert place.say("PRAGMA integrity_check") == [("ok",)]
        assert place.say("PRAGMA foreign_key_check") == []


def test_a_console_killed_while_it_makes_its_tables(empty):
    kill(empty, ROUNDS, "opening")
    with empty.open().write() as t:
        assert names(t) == []
        for table in metadata.tables.values():
            assert t.execute(table.select()).first() is None
