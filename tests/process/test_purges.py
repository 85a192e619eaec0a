"""A purge is in force in every worker when the call returns."""

import pytest

from tests.support.edge import ask, node
from tests.support.origin import RecordingOrigin

FRESH = [("Cache-Control", "max-age=600"), ("Cache-Tag", "red, blue")]
WISHES = {
    "its URL": "url=http://{host}/a",
    "a prefix": "prefix=http://{host}/",
    "a tag": "tag=blue",
    "everything": "all=true",
}


@pytest.mark.parametrize("state", ["", "state"], ids=["in memory", "on disk"])
def test_purges_reach_all_workers(tmp_path, state):
    with (
        RecordingOrigin(200, FRESH, b"old") as origin,
        node(tmp_path, workers=3, origin=origin.url, state_dir=state) as edge,
    ):
        host = f"127.0.0.1:{edge.port}"
        for number, wish in enumerate(WISHES.values()):
            old, new = f"{number}".encode(), f"{number + 1}".encode()
            origin.says(200, FRESH, old)
            edge.admin("POST", "/purge", "all=true")
            assert {edge.get("/a")[1] for _ in range(20)} == {old}
            origin.says(200, FRESH, new)
            status, answer = edge.admin("POST", "/purge", wish.format(host=host))
            assert (status, answer["purged"] > 0) == (200, True), wish
            assert {edge.get("/a")[1] for _ in range(20)} == {new}, wish


@pytest.mark.parametrize("state", ["", "state"], ids=["in memory", "on disk"])
def test_an_unsafe_request_reaches_all_workers(tmp_path, state):
    """RFC 9111 section 4.4, whichever worker the next request comes to."""
    with (
        RecordingOrigin(200, FRESH, b"old") as origin,
        node(tmp_path, workers=3, origin=origin.url, state_dir=state) as edge,
    ):
        for number in range(5):
            old, new = f"{number}".encode(), f"{number + 1}".encode()
            origin.says(200, FRESH, old)
            edge.admin("POST", "/purge", "all=true")
            assert {edge.get("/a")[1] for _ in range(20)} == {old}
            origin.says(200, FRESH, new)
            assert ask(edge.port, "PUT", "/a", body=b"x")[0] == 200
            assert {edge.get("/a")[1] for _ in range(20)} == {new}


def test_a_soft_purge_has_the_origin_asked_again(tmp_path):
    with (
        RecordingOrigin(200, [*FRESH, ("ETag", '"1"')], b"x") as origin,
        node(tmp_path, origin=origin.url) as edge,
    ):
        assert edge.get("/a") == edge.get("/a") == (200, b"x")
        assert len(origin.asked) == 1
        status, _ = edge.admin(
            "POST", "/purge", '{"tag": "red", "soft": true}', Content_Type="application/json"
        )
        assert status == 200
        origin.says(304, [("ETag", '"1"')])
        assert edge.get("/a") == (200, b"x")
        assert origin.asked[1].values("if-none-match") == ['"1"']
