"""Two consoles over one PostgreSQL, with the same keys, as `deploy/kubernetes/components/postgresql` has them."""

import os
import signal

import pytest

from tests.operations.drill import Place
from tests.support.postgresql import Server, programs
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(programs() is None, reason="not installed: PostgreSQL")
OTHER = 65532
"""Somebody else's id, for key files that are not the console's own: only root can give files away."""


@pytest.fixture
def database():
    server = Server(programs())
    try:
        yield server.url(server.new_database())
    finally:
        server.stop()


@pytest.fixture
def pair(tmp_path, database):
    """Two, of which the first has made the keys; the other's are a secret that is mounted: links, not to be written."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with (
        Place(tmp_path / "one", database=database) as one,
        Place(tmp_path / "two", database=database) as two,
    ):
        one.start()
        mounted(one.data / "keys", two.data / "keys")
        two.operator = one.operator
        two.start()
        yield one, two


def mounted(keys, path):
    (path / "..now").mkdir(parents=True)
    (path / "..data").symlink_to("..now")
    for key in keys.iterdir():
        copy = path / "..now" / key.name
        copy.write_bytes(key.read_bytes())
        copy.chmod(0o440 if os.geteuid() == 0 else 0o400)
        if os.geteuid() == 0:
            os.chown(copy, OTHER, -1)
        (path / key.name).symlink_to(f"..data/{key.name}")


def states(place):
    return [(node["id"], node["state"]) for node in place.get("/nodes?environment=production")["items"]]


def test_what_one_publishes_the_other_brings_to_nodes_and_hears_of(pair):
    one, two = pair
    with two.node("edge-1", two.node_token()) as edge:
        one.publish("one")
        two.served(edge, "one")
        for each in pair:
            wait_until(lambda each=each: states(each) == [("edge-1", "current")])
        two.publish("two")
        one.served(edge, "two")
        number = one.purge("/a")
        assert two.purge("/b") == number + 1
        assert two.get("/audit/verify")["intact"]
        assert edge.trouble() == []


def test_either_goes_on_without_the_other_and_a_node_may_ask_any(pair):
    one, two = pair
    token = one.node_token()
    with one.node("edge-1", token) as edge:
        one.publish("one")
        one.served(edge, "one")
    one.end(signal.SIGKILL)
    two.publish("two")
    with two.node("edge-1", token) as edge:
        two.served(edge, "two")
        one.start()
        one.publish("three")
        two.served(edge, "three")


def test_either_makes_tokens_that_both_take(pair):
    one, two = pair
    one.operator = two.command("token", "after a loss").split()[-1]
    assert one.get("/domains")["items"][0]["name"] == "shop"
