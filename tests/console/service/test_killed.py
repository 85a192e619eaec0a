"""
The console killed in the middle of what it does: afterwards all of it is there or nothing, and it goes on.

A child process does one thing and kills itself before its n-th statement, before the commit, or after it; or it publishes on and
on until it is killed at some moment. Then the store is opened anew and looked at as nodes and people see it.
"""

import os
import shutil
import signal
import time

import pytest
from sqlalchemy import Engine, event

from runtime.console.model.access import EVERY, Grant
from runtime.console.model.refusal import Refused
from tests.console.service.world import OPERATOR, SCRIPT, START, World

STRIDE = {"publish": 1}
"""Of how many statements one is a point to be killed at; commits always are."""


def prepared(folder):
    """A console with something live, and something to come."""
    world = World(folder)
    me = world.domain()
    world.live(me)
    world.version(me)
    world.publish(me)
    world.close()
    return me


def running(world, me):
    """A rollout that is under way, for what is done to one."""
    return world.publish(me, "production").id


OPERATIONS = {
    "publish": (None, lambda world, me, _: world.publish(me, "production")),
    "promote": (running, lambda world, me, number: world.console.publishing.promote(me, "shop", number)),
    "complete": (
        running,
        lambda world, me, number: world.console.publishing.promote(me, "shop", number, 100),
    ),
    "abort": (running, lambda world, me, number: world.console.publishing.abort(me, "shop", number)),
    "rollback": (running, lambda world, me, _: world.console.publishing.rollback(me, "shop", "production")),
    "version": (None, lambda world, me, _: world.version(me, "more")),
    "save": (None, lambda world, me, _: world.console.scripts.save(me, "shop", "auth", SCRIPT, {}, None, 0)),
    "dictionary": (
        None,
        lambda world, me, _: world.console.dictionaries.put(me, "shop", "d", {"a": "1"}, True),
    ),
    "token": (
        None,
        lambda world, _me, _: world.console.tokens.create(OPERATOR, "op", [Grant(EVERY, "admin")]),
    ),
    "delete": (None, lambda world, me, _: world.console.domains.delete(me, "shop")),
    "keys": (None, lambda world, _me, _: world.console.signing.rotate(OPERATOR)),
}


def kill_self(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def in_child(work):
    """How the child that does `work` ended: 0 by itself, -9 killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a child must not go on as a test run of its own
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def doing(folder, operation, arm):
    """What the child does: opens the store, arms the trap, does it."""
    before, act = operation

    def work():
        world = reopened(folder)
        me = world.actor()
        given = None if before is None else before(world, me)
        arm(world)
        act(world, me, given)

    return work


def at_statement(number):
    def arm(_world):
        seen = iter(range(number))

        def look(*_):
            if next(seen, None) is None:
                kill_self()

        event.listen(Engine, "before_cursor_execute", look)

    return arm


def at_commit(_world):
    event.listen(Engine, "commit", kill_self)


def after_commit(world):
    world.console.on_change = kill_self


def seen_by_all(world, me):
    """What people and nodes see, once it was found to be whole."""
    verified = world.console.audit.verify(OPERATOR)
    assert verified.intact
    try:
        view = world.console.domains.get(me, "shop")
    except Refused:
        assert world.document() is None
        return None, verified.entries
    for environment, shown in view.environments.items():
        document = world.document(environment=environment)
        wanted = [shown.release] + ([shown.rollout.to_release] if shown.rollout else [])
        assert [each.number for each in document.releases] == wanted
        for release in document.releases:
            for script in release.scripts:
                world.text(script.code)
        for dictionary in document.dictionaries:
            world.text(dictionary.blob)
    scripts = world.console.scripts.list(me, "shop").items
    dictionaries = world.console.dictionaries.list(me, "shop").items
    releases = world.console.publishing.releases(me, "shop").items
    return (view, scripts, dictionaries, releases), verified.entries


def reopened(folder):
    world = World.__new__(World)
    world.folder, world.now, world.told = folder, START, []
    world.open()
    return world


@pytest.mark.parametrize("name", OPERATIONS)
def test_killed_at_each_step(tmp_path, name):
    operation = OPERATIONS[name]
    start = tmp_path / "start"
    start.mkdir()
    me = prepared(start)
    before, _ = operation
    if before is not None:
        world = reopened(start)
        given = before(world, me)
        world.close()
        operation = (lambda *_: given, operation[1])
    world = reopened(start)
    states = [seen_by_all(world, me)]
    world.close()

    def tried(arm, label):
        folder = tmp_path / label
        shutil.copytree(start, folder)
        code = in_child(doing(folder, operation, arm))
        world = reopened(folder)
        found = seen_by_all(world, me)
        world.close()
        shutil.rmtree(folder)
        return code, found

    code, done = tried(lambda _world: None, "done")
    assert code == 0
    assert done[1] > states[0][1], "it is in the audit"
    number, outcomes = 0, set()
    while True:
        code, found = tried(at_statement(number), f"s{number}")
        outcomes.add(code)
        assert found in (states[0], done)
        if code == 0:
            break
        assert (code, found) == (-signal.SIGKILL, states[0])
        number += STRIDE.get(name, 10)
    assert outcomes == {0, -signal.SIGKILL}
    assert tried(at_commit, "commit") == (-signal.SIGKILL, states[0])
    code, found = tried(after_commit, "after")
    assert found == done, "what was committed is there, told or not"


def test_killed_at_any_moment_it_goes_on(tmp_path):
    me = prepared(tmp_path)

    def work():
        world = reopened(tmp_path)
        while True:
            world.version(me, source=f"{SCRIPT}# {time.monotonic()}\n")
            world.publish(me)
            rollout = world.publish(me, "production")
            world.console.publishing.promote(me, "shop", rollout.id, 100)
            world.console.publishing.rollback(me, "shop", "production")

    entries = 0
    for round_ in range(5):
        child = os.fork()
        if child == 0:
            work()
        time.sleep(0.15 + 0.037 * round_)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        world = reopened(tmp_path)
        _, now = seen_by_all(world, me)
        if world.environment(me).rollout is not None:
            world.console.publishing.rollback(me, "shop", "production")
        world.close()
        assert now >= entries
        entries = now
    assert entries > 10
