"""What nodes ask: manifests as soon as there is a newer one, blobs, reports; and what people see of it."""

import asyncio
import itertools
import threading
import time

import pytest

from runtime.bundles.documents import blobs_of
from runtime.bundles.node_token import read_node_token
from runtime.bundles.report import (
    RefusedDomain,
    Report,
    ScriptCounter,
    SiteCounter,
    decode_answer,
    encode_report,
)
from runtime.bundles.verify import accept, open_document
from runtime.console.model.access import CONSOLE
from tests.console.api.asks import MSGPACK, counted, flush, manifest, report
from tests.console.api.conftest import is_problem
from tests.support.waiting import wait_until


@pytest.fixture
def staged(shop):
    """With a version live in staging, and a node's token as `shop.node`."""
    shop.version()
    shop.publish()
    shop.node = shop.node_token()
    return shop


def test_a_node_follows_from_its_token_alone(staged):
    token = read_node_token(staged.node)
    answer = manifest(staged, staged.node)
    assert answer.headers["content-type"] == "application/msgpack"
    assert answer.headers["cache-control"] == "no-store"
    found = accept(answer.content, [token.place.public_key], "staging")
    assert answer.headers["etag"] == f'"{found.generation}"'
    (entry,) = found.domains
    blob = staged.get(f"blobs/{entry.blob.name}", "")
    assert blob.headers["cache-control"] == "public, max-age=31536000, immutable"
    document = open_document(entry, blob.content)
    assert [script.name for script in document.releases[0].scripts] == ["auth"]
    for ref in blobs_of(document):
        assert staged.get(f"blobs/{ref.name}", "").status_code == 200
    assert manifest(staged, staged.node, found.generation).status_code == 204


def test_a_waiting_node_is_woken_by_a_publish(staged):
    known = int(manifest(staged, staged.node).headers["etag"].strip('"'))
    sync = staged.app.surface.sync
    url = f"/api/v1/nodes/n1/manifest?generation={known}&wait=30"
    headers = {"Authorization": f"Bearer {staged.node}"}
    waiting = asyncio.run_coroutine_threadsafe(staged.http.get(url, headers=headers), staged.loop.loop)
    wait_until(lambda: len(sync.waiters) == 1)
    staged.version("# other\n")
    began = time.monotonic()
    rollout = staged.publish()
    answer = waiting.result(10)
    assert time.monotonic() - began < 2
    assert answer.headers["etag"] == f'"{rollout["generation"]}"'


def test_a_node_sees_its_own_environment_alone(staged):
    other = staged.node_token("production")
    token = read_node_token(other)
    answer = manifest(staged, other)
    assert (
        answer.status_code == 204
        or not accept(answer.content, [token.place.public_key], "production").domains
    )


REFUSED = {
    "nobody": ("GET", "nodes/n/manifest", "", {}, 401, "unauthorized"),
    "a person": ("GET", "nodes/n/manifest", None, {}, 403, "forbidden"),
    "a token that is none": ("GET", "nodes/n/manifest", "esn_a_b_c", {}, 401, "unauthorized"),
    "a generation that is none": ("GET", "nodes/n/manifest?generation=-1", "node", {}, 422, "invalid"),
    "a wait that is none": ("GET", "nodes/n/manifest?wait=nan", "node", {}, 422, "invalid"),
    "a name that is none": ("GET", "nodes/a%20b/manifest", "node", {}, 404, "not-found"),
    "a blob that is none": ("GET", f"blobs/{'0' * 64}", "", {}, 404, "not-found"),
    "a digest that is none": ("GET", "blobs/x", "", {}, 404, "not-found"),
    "a report that is none": (
        "POST",
        "nodes/n/report",
        "node",
        {"content": b"\xff", "headers": MSGPACK},
        422,
        "invalid",
    ),
    "a report in JSON": ("POST", "nodes/n/report", "node", {"json": {}}, 415, "unsupported-type"),
    "a report without end": (
        "POST",
        "nodes/n/report",
        "node",
        {"content": b"x" * (5 << 20), "headers": MSGPACK},
        413,
        "too-large",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(staged, case):
    method, path, token, given, status, code = REFUSED[case]
    is_problem(staged.ask(method, path, staged.node if token == "node" else token, **given), status, code)


def test_a_report_is_of_its_own_node(staged):
    body = encode_report(Report("other", "0.1", 1.0, "staging"))
    answer = staged.post("nodes/n1/report", staged.node, content=body, headers=MSGPACK)
    is_problem(answer, 422, "invalid")
    is_problem(report(staged, staged.node, environment="production"), 422, "invalid")


def test_a_node_that_dies_while_it_waits_was_last_seen_when_it_asked(staged, clock):
    generation = int(manifest(staged, staged.node).headers["etag"].strip('"'))
    report(staged, staged.node, generation=generation)
    asking = threading.Thread(target=manifest, args=(staged, staged.node, generation, 60))
    asking.start()
    wait_until(lambda: len(staged.app.surface.sync.waiters))
    asked, clock.now = clock.now, clock.now + 30
    staged.loop.loop.call_soon_threadsafe(staged.app.surface.sync.waiters.wake)
    asking.join(10)
    flush(staged)
    [found] = staged.get("nodes?environment=staging").json()["items"]
    assert (found["seen"], found["state"]) == (asked, "offline")


def test_a_name_is_not_taken_from_a_node_that_is_there(staged, clock):
    assert report(staged, staged.node).status_code == 200
    elsewhere = staged.node_token(pool="q")
    is_problem(report(staged, elsewhere), 409, "conflict")
    clock.now += 120
    assert report(staged, elsewhere).status_code == 200


def test_states_of_nodes(staged, clock):
    generation = int(manifest(staged, staged.node).headers["etag"].strip('"'))
    report(staged, staged.node, "a", generation=generation)
    report(staged, staged.node, "b", generation=generation - 1)
    report(staged, staged.node, "c", generation=1, refused=generation, error="no room")
    flush(staged)
    found = staged.get("nodes?environment=staging").json()
    assert {each["id"]: each["state"] for each in found["items"]} == {
        "a": "current",
        "b": "behind",
        "c": "failed",
    }
    assert found["counts"] == {"current": 1, "partly": 0, "behind": 1, "offline": 0, "failed": 1}
    assert found["generations"]["staging"] == generation
    assert staged.get("pools").json()["items"][0]["name"] == "p"
    rollout = staged.get("domains/shop/rollouts").json()["items"][0]
    assert rollout["progress"] == {"nodes": 3, "acked": 1, "failed": 1, "offline": 0}
    clock.now += 3600
    assert staged.get("nodes").json()["counts"]["offline"] == 3


def test_nodes_after_the_consoles_clock_was_set_back(staged, clock):
    """Who is heard of is there; who is not is offline and holds no name, though last heard of in time to come."""
    generation = int(manifest(staged, staged.node).headers["etag"].strip('"'))
    for name in ("alive", "dead", "moved"):
        report(staged, staged.node, name, generation=generation)
    flush(staged)
    elsewhere = staged.node_token(pool="q")
    clock.now -= 86_400
    assert report(staged, staged.node, "alive", generation=generation).status_code == 200
    assert report(staged, elsewhere, "moved", generation=generation).status_code == 200
    flush(staged)
    found = staged.get("nodes?environment=staging").json()
    assert {each["id"]: (each["state"], each["pool"]) for each in found["items"]} == {
        "alive": ("current", "p"),
        "dead": ("offline", "p"),
        "moved": ("current", "q"),
    }


def test_a_node_whose_clock_is_wrong_is_as_any_other(staged):
    generation = int(manifest(staged, staged.node).headers["etag"].strip('"'))
    report(staged, staged.node, "past", generation=generation, started=1.0)
    report(staged, staged.node, "future", generation=generation, started=9e9)
    flush(staged)
    assert staged.get("nodes").json()["counts"]["current"] == 2


def test_counters_become_metrics(staged, clock):
    for hits in (5, 7):
        assert report(staged, staged.node, **counted(10, hits)).status_code == 200
    flush(staged)
    found = staged.get("domains/shop/metrics?environment=staging").json()
    assert found["step_s"] == 10
    series = {each["script"]: each["points"] for each in found["series"]}
    assert series == {
        "": [[clock.now, 0, 0, 0, 0, 0, 10, 0, 0]],
        "auth": [[clock.now, 7, 0, 0, 0, 0, 0, 9, 8]],
    }
    assert staged.get("domains/shop/metrics").json()["series"] == []
    assert (
        staged.get(f"domains/shop/metrics?environment=staging&since={clock.now - 9e5}").json()["step_s"]
        == 3600
    )


def test_a_rollout_that_raises_errors_goes_back_by_itself(staged):
    node = staged.node_token("production")
    staged.publish("production")
    staged.version("# new\n")
    staged.publish("staging")
    rollout = staged.publish("production", steps=[50, 100], abort={"min_requests": 10})
    counts = {
        "counters": (
            ScriptCounter("shop", 1, "auth", 1, {"ExecutedAndHit": 100}, 900, 8.0),
            ScriptCounter("shop", 2, "auth", 2, {"ExecutedAndHit": 50, "Exception": 50}, 900, 8.0),
        ),
        "sites": (
            SiteCounter("shop", rollout["from_release"], 100),
            SiteCounter("shop", rollout["to_release"], 100),
        ),
    }
    counts["counters"] = tuple(
        ScriptCounter("shop", number, "auth", 1, each.states, each.fuel, each.time_us)
        for number, each in zip(
            (rollout["from_release"], rollout["to_release"]), counts["counters"], strict=True
        )
    )
    report(staged, node, "p1", "production", **counts)
    flush(staged)
    place = f"domains/shop/rollouts/{rollout['id']}"
    wait_until(lambda: staged.get(place).json()["state"] == "aborted")
    found = staged.get(place).json()
    assert "script errors" in found["reason"]
    assert found["figures"]["after"] == {
        "requests": 100,
        "exceptions": 50,
        "errors_5xx": 0,
        "executions": 100,
        "fuel": 900,
    }
    assert staged.get("audit?domain=shop").json()["items"][0]["who"] == "console"


def test_a_rollout_is_ended_by_its_figures_though_the_clock_is_set_back(staged, clock):
    node = staged.node_token("production")
    staged.publish("production")
    staged.version("# new\n")
    staged.publish("staging")
    rollout = staged.publish("production", steps=[50, 100], abort={"min_requests": 10})
    clock.now -= 86_400
    place = f"domains/shop/rollouts/{rollout['id']}"

    def ended():
        number = next(requests)
        report(staged, node, "p1", "production", **counted(number, 0, number, rollout["to_release"]))
        flush(staged)
        clock.now += 1
        return staged.get(place).json()["state"] == "aborted"

    requests = itertools.count(100, 100)
    wait_until(ended)


def test_a_token_that_was_revoked_ends_with_the_next_request(staged):
    assert report(staged, staged.node).status_code == 200
    staged.delete(f"tokens/{staged.node.split('_')[1]}")
    is_problem(report(staged, staged.node), 401, "unauthorized")
    is_problem(manifest(staged, staged.node), 401, "unauthorized")


def test_logs_are_asked_for_while_somebody_reads(staged):
    assert decode_answer(report(staged, staged.node).content).tail == ()
    assert staged.get("domains/shop/logs?environment=staging").json() == {"items": [], "dropped": 0}
    answer = decode_answer(report(staged, staged.node).content)
    assert (answer.tail, answer.interval_s) == (("shop",), 1.0)
    lines = ({"domain": "shop", "status": 200, "uri": "/a"}, {"domain": "shop", "status": 500, "uri": "/b"})
    report(staged, staged.node, logs=lines)
    found = staged.get("domains/shop/logs?environment=staging&filter=status=5xx").json()
    assert found["items"] == [{"domain": "shop", "status": 500, "uri": "/b", "node": "n1"}]
    is_problem(staged.get("domains/shop/logs?filter=nonsense"), 422, "invalid")


def test_a_node_that_is_removed_is_let_in_no_more_even_where_it_waits(staged):
    newest = accept_generation(staged)
    report(staged, staged.node, generation=newest)
    flush(staged)
    waiting = threading.Thread(target=lambda: found.append(manifest(staged, staged.node, newest, wait=20)))
    found = []
    waiting.start()
    wait_until(lambda: len(staged.app.surface.sync.waiters))
    assert staged.delete("nodes/n1").status_code == 204
    staged.version("# another\nreturn true\n")
    staged.publish()
    waiting.join(20)
    is_problem(found[0], 401, "unauthorized")
    is_problem(manifest(staged, staged.node), 401, "unauthorized")
    is_problem(report(staged, staged.node), 401, "unauthorized")
    flush(staged)
    assert staged.get("nodes").json()["items"] == []
    is_problem(staged.delete("nodes/n1"), 404, "not-found")
    is_problem(staged.delete("nodes/n1", staged.token("admin")), 403, "forbidden")


def accept_generation(running):
    return int(manifest(running, running.node).headers["etag"].strip('"'))


def test_nodes_that_share_a_token_are_removed_by_intent(staged):
    for name in ("n1", "n2"):
        report(staged, staged.node, name)
    flush(staged)
    assert is_problem(staged.delete("nodes/n1"), 409, "conflict")["nodes"] == ["n2"]
    assert report(staged, staged.node).status_code == 200
    assert staged.delete("nodes/n1?shared=true").status_code == 204
    is_problem(report(staged, staged.node, "n2"), 401, "unauthorized")


def test_a_domain_that_a_node_cannot_load_is_told_of_that_node(staged):
    newest = accept_generation(staged)
    refused = (RefusedDomain("shop", "origin: no upstream"), RefusedDomain("blog", "secret of others"))
    report(staged, staged.node, generation=newest, refused_domains=refused)
    flush(staged)
    (mine,) = staged.get("nodes", staged.token("read")).json()["items"]
    assert (mine["state"], mine["refused"]) == (
        "partly",
        [{"domain": "shop", "why": "origin: no upstream", "reason": None}],
    )
    (every,) = staged.get("nodes").json()["items"]
    assert [each["domain"] for each in every["refused"]] == ["blog", "shop"]
    assert staged.get("nodes").json()["counts"]["partly"] == 1
    report(staged, staged.node, generation=newest)
    flush(staged)
    assert staged.get("nodes").json()["items"][0]["state"] == "current"


@pytest.mark.parametrize("revoked_here", [True, False])
def test_who_follows_a_log_is_ended_with_the_token_whichever_console_revokes_it(shop, revoked_here):
    made = shop.post("tokens", json={"label": "t", "grants": [{"domain": "shop", "scope": "read"}]}).json()
    tail = shop.app.surface.sync.tail
    asked = threading.Thread(
        target=lambda: found.append(
            shop.get("domains/shop/logs", made["secret"], headers={"Accept": "text/event-stream"})
        )
    )
    found = []
    asked.start()
    wait_until(lambda: tail.tokens() == {made["id"]})
    if revoked_here:
        shop.delete(f"tokens/{made['id']}")
    else:
        shop.console.tokens.revoke(CONSOLE, made["id"])
    began = time.monotonic()
    asked.join(10)
    # At once, or with the next look at the tokens of all who read, which takes place every second.
    assert time.monotonic() - began < 4.0
    assert found[0].text.endswith('data: {"code":"ended"}\n\n')
