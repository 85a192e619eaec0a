"""The store goes away: what needs it says so, nodes are served from memory, and what they say is kept."""

import pytest

from runtime.console.model.refusal import Refused
from runtime.console.store import StoreUnavailable
from tests.console.api.asks import counted, flush, manifest, report
from tests.console.api.conftest import is_problem
from tests.support.waiting import wait_until


@pytest.fixture
def staged(shop):
    shop.version()
    shop.publish()
    shop.node = shop.node_token()
    assert manifest(shop, shop.node).status_code == 200
    return shop


@pytest.fixture
def away(staged, monkeypatch):
    """The store answers nothing until `away.come_back()`."""

    def none(*_args, **_given):
        raise StoreUnavailable("the database does not answer")

    with monkeypatch.context() as patch:
        for name in ("read", "write", "transact", "ping"):
            patch.setattr(staged.store, name, none)
        staged.come_back = patch.undo
        yield staged


def test_people_are_told_to_come_back(away):
    for answer in (
        away.get("domains"),
        away.post("session", "", json={"token": away.operator}),
        away.get("/readyz"),
    ):
        is_problem(answer, 503, "store-unavailable")
        assert answer.headers["retry-after"] == "2"
    assert away.get("/healthz").status_code == 200
    assert away.get("/", "").status_code == 200


def test_nodes_are_served_from_memory(away):
    answer = manifest(away, away.node)
    assert answer.status_code == 200
    generation = int(answer.headers["etag"].strip('"'))
    assert manifest(away, away.node, generation).status_code == 204
    assert report(away, away.node, generation=generation).status_code == 200


def test_who_is_not_known_is_not_let_in(away):
    is_problem(manifest(away, "esn_a_" + "b" * 32 + "_c"), 401, "unauthorized")
    other = away.node.replace("esn_", "esn_0", 1)
    assert manifest(away, other).status_code in {401, 503}


def test_what_nodes_said_is_written_when_the_store_is_back(away):
    assert report(away, away.node, **counted(10, 5)).status_code == 200
    with pytest.raises((StoreUnavailable, Refused)):
        flush(away)
    assert report(away, away.node, **counted(12, 6)).status_code == 200
    away.come_back()
    flush(away)
    series = away.get("domains/shop/metrics?environment=staging").json()["series"]
    assert sum(point[6] for each in series for point in each["points"]) == 12
    assert [each["id"] for each in away.get("nodes").json()["items"]] == ["n1"]


def test_a_change_of_another_replica_is_found(staged):
    """One that this process was not told of."""
    staged.console.on_change = lambda *_: None
    before = staged.app.surface.sync.manifests.generation("staging")
    staged.version("# other\n")
    staged.publish()
    wait_until(lambda: staged.app.surface.sync.manifests.generation("staging") > before)


def test_a_duty_that_fails_is_told_once_and_tried_again(away):
    sync = away.app.surface.sync
    wait_until(lambda: "poll" in sync.ticker.failing)
    assert "console_duties_failing 0.0" not in away.get("/metrics").text
    away.come_back()
    wait_until(lambda: "poll" not in sync.ticker.failing)
    failed = [line for line in away.logged() if line["event"] == "duty-failed" and line["duty"] == "poll"]
    assert len(failed) == 1


def test_a_file_that_was_moved_away_takes_no_change_and_who_runs_it_is_told_why(shop):
    file, moved = shop.folder / "console.db", shop.folder / "moved.db"
    file.rename(moved)
    is_problem(shop.post("domains", json={}), 503, "store-unavailable")
    is_problem(shop.get("/readyz"), 503, "store-unavailable")
    assert "console_store_failing 1.0" in shop.get("/metrics").text
    assert not file.exists()
    moved.rename(file)
    assert shop.get("/readyz").json() == {"status": "ready"}
    assert "console_store_failing 0.0" in shop.get("/metrics").text
    failed = [line["reason"] for line in shop.logged() if line["event"] == "store-failed"]
    assert failed == ["the database file was taken away or replaced: start the console again"]


def test_readiness_says_which_trouble_changes_meet(shop):
    """The console is ready all the same: it answers, and nodes are served."""
    shop.store._wait_s = 0.05
    with shop.store._turn:
        is_problem(shop.post("session", "", json={"token": shop.operator}), 503, "store-unavailable")
    assert shop.get("/readyz").json() == {
        "status": "ready",
        "trouble": "the database is busy with another change",
    }
    shop.token("read")
    assert shop.get("/readyz").json() == {"status": "ready"}
