"""
A program that starts writers at a store and kills each at a moment of its own: `killing.py URL ROUNDS [opening]`.

It forks, so that a round costs milliseconds. A writer says when its first change is kept, and is killed some time
after; with `opening` it only opens the store, and is killed in the middle of that.
"""

import hashlib
import itertools
import json
import os
import random
import signal
import sys
import time

import alembic.command
import psycopg

from runtime.console.store import Store, audit, blobs, facts, generations, releases
from tests.console.store.conftest import Clock
from tests.console.store.given import version

LOADED = (alembic.command, psycopg)  # before the forks: not to be timed
LONGEST_S = {"writing": 0.05, "opening": 0.04}


def hash_of(row):
    told = [row.n, row.at, row.subject, row.details, row.previous]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def change(t):
    """One publication: each of these rows has its number."""
    made = version(t, code=b"code" * 2000)
    releases.add(t, "shop", settings_revision=1, scripts={"auth": made.number}, author="ann", message="why")
    blobs.put(t, [(f"sealed {made.number}", f"plain {made.number}", b"sealed" * 2000)])
    generations.advance(t, "production")
    facts.put(t, "published", str(made.number).encode())
    head = audit.head(t)
    row = audit.AuditRow(
        head.n + 1, t.now, "ann", "", "shop", "publish", "auth", {"to": made.number}, head.hash, ""
    )
    audit.append(t, audit.AuditRow(*list(row.fields().values())[:-1], hash_of(row)))


def write(url, told):
    store = Store.open(url, clock=Clock())
    for number in itertools.count():
        store.transact(change)
        if number == 0:
            os.write(told, b"!")


def kill_one(url, what, random_s):
    """Start a writer, wait until it writes, and kill it `random_s` later."""
    hear, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if what == "writing":
                write(url, told)
            else:
                os.write(told, b"!")
                Store.open(url, clock=Clock()).close()
        except BaseException as error:  # noqa: BLE001 - its last word
            sys.stderr.write(repr(error))
            sys.stderr.flush()
        finally:
            os._exit(1)
    os.close(told)
    begun = os.read(hear, 1)
    os.close(hear)
    time.sleep(random_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not begun:
        sys.exit("a writer ended before it wrote")


def main(url, rounds, what="writing"):
    chance = random.Random(5)
    for _ in range(int(rounds)):
        kill_one(url, what, chance.uniform(0, LONGEST_S[what]))


if __name__ == "__main__":
    main(*sys.argv[1:])
