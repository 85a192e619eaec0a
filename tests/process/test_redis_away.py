"""A node whose Redis goes away serves on, and says so."""

import contextlib

from redis import Redis

from tests.support.edge import node
from tests.support.redis_server import serving_redis
from tests.support.waiting import wait_until

LIMITED = {"a.es": "limit_req($remote_addr, 1000, 10)\nexit(200, 'yes')\n"}


def test_its_url_may_come_from_the_environment_as_that_of_a_secret_does(tmp_path, monkeypatch):
    with serving_redis(tmp_path) as redis:
        monkeypatch.setenv("EDGESCRIPT_REDIS", redis.url)
        with node(tmp_path, LIMITED, redis="redis://127.0.0.1:1") as edge:
            assert edge.get("/") == (200, b"yes")
            wait_until(lambda: edge.metric("limiter_leased_keys") == 1)
            assert edge.metric("limiter_cut_off") == 0


def test_why_redis_is_lost_is_told(tmp_path):
    with (
        serving_redis(tmp_path) as redis,
        node(tmp_path, LIMITED, redis=redis.url, redis_lease_s=0.2) as edge,
        contextlib.closing(Redis.from_url(redis.url)) as operator,
    ):
        wait_until(lambda: operator.zcard("edgescript:members") == 1)
        operator.config_set("requirepass", "changed")
        operator.client_kill_filter(_type="normal", skipme=True)
        assert "authenticat" in edge.event("redis-lost")["reason"]
        wait_until(lambda: edge.metric("limiter_cut_off") == 1)
        assert edge.get("/") == (200, b"yes")


def test_redis_away_is_told_in_readyz_and_metrics_until_it_is_back(tmp_path):
    def trouble():
        status, said = edge.admin("GET", "/readyz")
        assert status == 200
        return said["trouble"]

    with (
        serving_redis(tmp_path) as redis,
        node(tmp_path, LIMITED, redis=redis.url, redis_lease_s=0.2) as edge,
    ):
        assert edge.get("/") == (200, b"yes")
        wait_until(lambda: edge.metric("limiter_leased_keys") == 1)
        assert (trouble(), edge.metric("limiter_cut_off")) == ([], 0)
        redis.kill()
        wait_until(lambda: edge.metric("limiter_cut_off") == 1)
        wait_until(lambda: [what.partition(":")[0] for what in trouble()] == ["redis"])
        assert edge.metric("limiter_lease_failures_total") >= 1
        assert edge.get("/") == (200, b"yes")
        redis.start()
        wait_until(lambda: edge.metric("limiter_cut_off") == 0)
        wait_until(lambda: trouble() == [])
