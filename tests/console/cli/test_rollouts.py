"""Publishing to nodes that follow: how far it came, what failed, what was taken back, and who stopped watching."""

import json
import re
import time

import pytest

from tests.console.cli.people import OTHER, make_live, ok, stage_another, wait_for_nodes
from tests.console.cli.waiting import Waiting
from tests.support.console import ConsoleProcess
from tests.support.follower import Follower

HELD = ["publish", "auth", "--production", "--steps", "5,100", "--hold", "1h"]


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """One whose nodes are those of these tests alone."""
    running = ConsoleProcess(tmp_path_factory.mktemp("console"), "--quiet")
    yield running
    assert running.end() == 0, running.said()


@pytest.fixture
def live(ann):
    """auth@1 is live everywhere, auth@2 in staging."""
    return stage_another(make_live(ann))


def in_pool(nodes):
    """Options that keep a rollout to the nodes of one test."""
    return ["--pool", nodes[0].name.partition(".")[0]]


@pytest.fixture
def follow(live, console):
    """follow(number, refuses) begins so many nodes of production, in a pool of their own, until the test ends."""
    begun = []

    def begin(number, refuses=""):
        pool = live.domain
        place = ["--node", "production", "--pool", pool, "--region", "cn"]
        token = ok(live, "tokens", "create", "nodes", *place).stdout.strip()
        for each in range(1, number + 1):
            name = f"{pool}.{each}"
            begun.append(
                Follower(console.url, token, name, "production", pool=pool, region="cn", refuses=refuses)
            )
        wait_for_nodes(live, pool, number)
        return begun

    yield begin
    for each in begun:
        each.leave()
    for each in begun:
        each.stop()


@pytest.fixture
def nodes(follow):
    return follow(2)


def test_wait_tells_when_all_nodes_serve_it(live, nodes):
    result = ok(
        live, "publish", "auth", "--production", "--to", "5%", *in_pool(nodes), "--wait", "--timeout", "20s"
    )
    assert result.stdout.splitlines()[1] == "5% on 2 of 2 nodes"
    assert result.stderr.splitlines()[-1] == "to go on: edgescript publish --production --to 100%"
    listed = ok(live, "nodes", "-e", "production", "--pool", live.domain).stdout
    assert re.search(rf"^{live.domain}\.1 +production +{live.domain} +cn +current ", listed, re.MULTILINE)
    assert listed.splitlines()[-1] == "2 nodes: 2 current"


def test_to_on_the_same_version_takes_it_further(live, nodes):
    ok(live, "publish", "auth", "--production", "--steps", "5,25,100", *in_pool(nodes))
    first = json.loads(ok(live, "rollouts", "show", "--json").stdout)
    result = ok(live, "publish", "auth@2", "--production", "--to", "25%", "--wait", "--timeout", "20s")
    assert result.stdout.splitlines()[1] == "25% on 2 of 2 nodes"
    assert json.loads(ok(live, "rollouts", "show", "--json").stdout)["id"] == first["id"]
    other = live.run("publish", "auth@1", "--production", "--to", "50%")
    assert other.status == 1
    assert "edgescript rollouts shows it; promote it" in other.stderr


def test_the_same_command_again_waits_again(live, nodes):
    again = ["publish", "auth", "--production", "--to", "5%", *in_pool(nodes), "--wait", "--timeout", "20s"]
    ok(live, *again)
    first = json.loads(ok(live, "rollouts", "show", "--json").stdout)
    assert ok(live, *again).stdout.splitlines()[1] == "5% on 2 of 2 nodes"
    assert json.loads(ok(live, "rollouts", "show", "--json").stdout)["id"] == first["id"]


@pytest.mark.parametrize(
    "other", ["--pool elsewhere", "--region us", "--sticky cookie:id", "--hold 1m", "--abort-5xx 0.5"]
)
def test_a_rollout_is_not_taken_further_on_another_course_than_stated(live, nodes, other):
    ok(live, "publish", "auth", "--production", "--to", "5%", *in_pool(nodes))
    refused = live.run("publish", "auth", "--production", "--to", "50%", *other.split())
    assert refused.status == 2
    assert f"is under way with another {other.split()[0]}: leave it out" in refused.stderr
    assert json.loads(ok(live, "rollouts", "show", "--json").stdout)["percent"] == 5


def test_to_does_not_take_an_older_version_further_by_mistake(live, nodes):
    ok(live, "publish", "auth", "--production", "--to", "5%", *in_pool(nodes))
    live.write("auth.es", OTHER.replace("401", "402"))
    ok(live, "push", "auth.es")
    refused = live.run("publish", "--production", "--to", "25%")
    assert refused.status == 2
    assert re.search(r"rollout \d+ is under way with auth@2, the latest is auth@3: say which", refused.stderr)


def test_a_node_that_cannot_take_it_is_told(live, follow):
    nodes = follow(1, refuses="disk full")
    result = live.run(
        "publish", "auth", "--production", "--to", "5%", *in_pool(nodes), "--wait", "--timeout", "20s"
    )
    assert (result.status, result.stdout.splitlines()[1]) == (1, "5% on 0 of 1 node, 1 failed")
    assert "disk full" in ok(live, "nodes", "--state", "failed").stdout


def test_an_aborted_rollout_is_a_no(live, nodes):
    ok(live, "publish", "auth", "--production", "--to", "5%", *in_pool(nodes))
    aborted = ok(live, "rollouts", "abort", "-m", "people complain").stdout
    assert re.fullmatch(r"release \d+ to production: auth@2: aborted: people complain\n", aborted)
    number = re.search(r"^(\d+) .* aborted ", ok(live, "rollouts").stdout, re.MULTILINE)[1]
    assert live.run("rollouts", "show", number, "--wait").status == 1
    assert re.search(r"auth +2 +2 +1 ", ok(live, "versions").stdout)


def test_one_who_waits_sees_it_aborted(live, nodes):
    with Waiting(live, *HELD, *in_pool(nodes), "--wait") as publish:
        assert publish.complains().startswith("5% on")
        ok(live, "rollouts", "abort", "-m", "enough")
        status, printed, _ = publish.rest()
    assert (status, printed.splitlines()[-1]) == (1, "aborted: enough")


def test_rollback_is_at_once_and_for_all(live, nodes):
    ok(live, "publish", "auth", "--production", "--steps", "100", *in_pool(nodes))
    ok(live, "rollouts", "promote")
    assert re.search(r"auth +2 +2 +2 ", ok(live, "versions").stdout)
    begun = time.monotonic()
    result = ok(live, "rollback", "--production", "-m", "back", "--json")
    assert time.monotonic() - begun < 5
    assert json.loads(result.stdout)["state"] == "completed"
    assert re.search(r"auth +2 +2 +1 ", ok(live, "versions").stdout)


def test_time_runs_out(live, nodes):
    result = live.run(*HELD, *in_pool(nodes), "--wait", "--timeout", "1s")
    assert result.status == 1
    assert re.search(r"still going on after 1 second: edgescript rollouts show \d+\n", result.stderr)


def test_ctrl_c_leaves_the_rollout_running_and_says_so(live, nodes):
    with Waiting(live, *HELD, *in_pool(nodes), "--wait") as publish:
        assert publish.complains().startswith("5% on")
        publish.interrupt()
        status, _, told = publish.rest()
    assert status == 130
    assert re.search(r"the rollout goes on without you: edgescript rollouts show \d+\n$", told)
    assert json.loads(ok(live, "rollouts", "show", "--json").stdout)["state"] == "running"


def test_the_log_is_followed_as_lines_come(live, nodes):
    with Waiting(live, "logs", "--follow", "--filter", "status=403") as logs:
        nodes[0].until_read(live.domain)
        about = {
            "domain": live.domain,
            "time": 1.5e9,
            "method": "GET",
            "host": "shop.example",
            "client": "192.0.2.1",
        }
        nodes[0].tell(0, [about | {"status": 200, "uri": "/a"}, about | {"status": 403, "uri": "/\x1b[2J"}])
        line = logs.says()
        logs.interrupt()
        status, _, _ = logs.rest()
    assert line == "02:40:00Z 403 192.0.2.1 GET shop.example/\N{REPLACEMENT CHARACTER}[2J"
    assert status == 130
