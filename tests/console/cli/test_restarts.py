"""A console that is killed and started again while a command waits: the command goes on where it was."""

import pytest

from tests.console.cli.people import begin_domain, make_live, ok, stage_another, wait_for_nodes
from tests.console.cli.waiting import Waiting
from tests.support.console import ConsoleProcess
from tests.support.follower import Follower


class Place:
    """A console that can be killed, and started again at its address."""

    def __init__(self, folder):
        self._folder = folder
        self._console = ConsoleProcess(folder, "--quiet")
        self.url, self.operator = self._console.url, self._console.operator

    def kill(self):
        self._console.kill()

    def start_again(self):
        self._console = ConsoleProcess(self._folder, "--quiet", port=self._console.port)


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "console")
    yield made
    made.kill()


@pytest.fixture
def ann(person, place):
    """In a domain with auth@1 live everywhere, auth@2 in staging."""
    return stage_another(make_live(begin_domain(person, place)))


@pytest.fixture
def node(ann, place):
    token = ok(ann, "tokens", "create", "nodes", "--node", "production").stdout.strip()
    made = Follower(place.url, token, "edge-1", "production")
    wait_for_nodes(ann, "default", 1)
    yield made
    made.stop()


@pytest.mark.usefixtures("node")
def test_publish_waits_on_when_the_console_is_killed(ann, place):
    steps = ["--steps", "5,100", "--hold", "2s", "--wait"]
    with Waiting(ann, "publish", "auth", "--production", *steps) as publish:
        assert publish.complains().startswith("5% on ")
        place.kill()
        while not (line := publish.complains()).startswith("waiting for the console: cannot reach "):
            assert line.startswith("5% on "), line
        place.start_again()
        status, printed, _ = publish.rest()
    assert (status, printed.splitlines()[-1]) == (0, "100% on 1 of 1 node")


def test_the_log_is_followed_through_a_restart_and_no_line_comes_twice(ann, node, place):
    with Waiting(ann, "logs", "--follow") as logs:
        node.until_read(ann.domain)
        log(ann, node, "/one")
        assert logs.says().endswith(" /one")
        place.kill()
        assert logs.complains().startswith("connection lost, retrying: ")
        place.start_again()
        assert logs.complains().startswith("following again, after ")
        node.until_read(ann.domain)
        log(ann, node, "/two")
        assert logs.says().endswith(" /two")


def log(person, node, uri):
    node.tell(0, [{"domain": person.domain, "time": 1.5e9, "status": 200, "method": "GET", "uri": uri}])
