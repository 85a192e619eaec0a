"""The same operations over a PostgreSQL server: published, rolled back, isolated, audited."""

import pytest

from runtime.console.store import Store
from tests.console.service.world import OPERATOR, World, refused
from tests.support.postgresql import Server, programs


@pytest.fixture(scope="module")
def server():
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL here")
    made = Server(found)
    yield made
    made.stop()


class Elsewhere(World):
    """A world whose store is not a file."""

    def __init__(self, folder, url):
        self.url = url
        super().__init__(folder)

    def open_store(self):
        return Store.open(self.url, clock=lambda: self.now)


@pytest.fixture
def world(tmp_path, server):
    made = Elsewhere(tmp_path, server.url(server.new_database()))
    yield made
    made.close()


def test_from_a_draft_to_production_and_back(world):
    me = world.domain()
    number = world.live(me)
    world.console.scripts.save(me, "shop", "auth", "x = 1\n", {}, None, 0)
    assert refused(world.console.scripts.save, me, "shop", "auth", "x = 2\n", {}, None, 0).code == "conflict"
    world.console.versions.make(me, "shop", "auth", "why", revision=1)
    world.publish(me)
    rollout = world.publish(me, "production")
    assert [each.number for each in world.document().releases] == [number, rollout.to_release]
    world.console.publishing.promote(me, "shop", rollout.id, 100)
    assert world.console.publishing.rollback(me, "shop", "production").to_release == number
    world.console.dictionaries.put(me, "shop", "keys", {"a": "1"}, secret=True)
    assert [each.name for each in world.document().dictionaries] == ["keys"]
    assert world.console.purges.make(me, "shop", "production", "tag", "a").seq == 1
    world.close()
    world.open()
    verified = world.console.audit.verify(OPERATOR)
    assert (verified.intact, verified.entries) == (True, 13)


def test_a_neighbour_is_told_nothing(world):
    world.live(world.domain())
    stranger = world.domain("blog")
    for name in ("shop", "nowhere", "shop\0"):
        assert refused(world.console.domains.get, stranger, name).detail == "no such domain"
        assert refused(world.console.audit.list, stranger, name).detail == "no such domain"


def test_tokens_and_sessions(world):
    secret = world.console.tokens.bootstrap()
    cookie, _ = world.console.tokens.open_session(secret)
    assert world.console.tokens.session(cookie).operator
    world.console.tokens.revoke(OPERATOR, world.console.tokens.authenticate(secret).id)
    assert refused(world.console.tokens.session, cookie).code == "unauthorized"
