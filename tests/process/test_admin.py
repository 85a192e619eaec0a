"""The admin listener: what it answers, and what it does not do for pages and strangers."""

import asyncio
import json

import pytest

from runtime.io.admin.listener import MAX_BODY_BYTES, AdminListener
from runtime.io.admin.routes import Routes, UnreadyError, problem
from runtime.io.listen.bound import listen_at
from runtime.io.source import ReloadError


class Operations:
    """A node that can be told what to be."""

    def __init__(self):
        self.purged = []
        self.trouble = None
        self.ready = True

    def readiness(self):
        return {"ready": self.ready, "generation": 3}

    async def figures(self):
        return {("requests", ("2xx", "HIT")): 7, ("late", ("3",)): 2, ("late_seconds", ()): 0.01}

    async def purge(self, purge):
        self.purged.append((purge.kind, purge.value, purge.soft))
        if self.trouble:
            raise self.trouble
        return 4

    async def reload(self):
        if self.trouble:
            raise self.trouble
        return {"generation": 4}

    def config(self):
        return {"listen": "127.0.0.1:1"}


def exchange(*requests, node=None, probes=False):
    """The raw answers to raw requests, one connection each."""

    async def run():
        routes = Routes(node or Operations(), probes=probes)
        listener = AdminListener(routes.answer, problem, ["edge.example"])
        listening = listen_at("127.0.0.1", 0)
        await listener.open(listening)
        port = listening[0].getsockname()[1]
        answers = [await one(port, each) for each in requests]
        await listener.close()
        return answers

    return asyncio.run(run())


async def one(port, data):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return answer


def request(method, target, *fields, body=b"", host="localhost"):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def status(answer):
    return int(answer.split(b" ", 2)[1])


def body(answer):
    return json.loads(answer.partition(b"\r\n\r\n")[2])


JSON = "Content-Type: application/json"
ACCEPTED = {
    "alive": (request("GET", "/healthz"), 200),
    "ready": (request("GET", "/readyz?verbose"), 200),
    "figures": (request("GET", "/metrics"), 200),
    "settings": (request("GET", "/config"), 200),
    "head": (request("HEAD", "/healthz"), 200),
    "a known name": (request("GET", "/healthz", host="edge.example:9180"), 200),
    "an address": (request("GET", "/healthz", host="10.1.2.3:9180"), 200),
    "nobody, as a balancer in HTTP/1.0 does": (b"GET /readyz HTTP/1.0\r\n\r\n", 200),
    "an IPv6 address": (request("GET", "/healthz", host="[::1]:9180"), 200),
    "a form": (request("POST", "/purge", body=b"url=http://a/x"), 200),
    "the query": (request("POST", "/purge?tag=a"), 200),
    "JSON": (request("POST", "/purge", JSON, body=b'{"prefix": "http://a/", "soft": true}'), 200),
    "a reload": (request("POST", "/reload"), 200),
}
REFUSED = {
    "an unknown path": (request("GET", "/"), 404),
    "another method": (request("GET", "/purge"), 405),
    "a page": (request("POST", "/reload", "Origin: http://evil.example"), 403),
    "what a proxy forwarded, this node too": (request("GET", "/config", "Via: 1.1 edgescript"), 403),
    "a name that was rebound": (request("GET", "/config", host="evil.example"), 421),
    "no HTTP": (b"hello\r\n\r\n", 400),
    "two lengths": (request("POST", "/purge", "Content-Length: 3", body=b"tag=a"), 400),
    "a long head": (request("GET", "/healthz", "A: " + "a" * 40_000), 431),
    "a long body": (request("POST", "/purge", body=b"a" * (MAX_BODY_BYTES + 1)), 413),
    "nothing to purge": (request("POST", "/purge"), 400),
    "a URL without a host": (request("POST", "/purge", body=b"url=http:"), 400),
    "a prefix of everything": (request("POST", "/purge", body=b"prefix=http://"), 400),
    "two things to purge": (request("POST", "/purge", body=b"tag=a&url=http://a/"), 400),
    "a field twice": (request("POST", "/purge", body=b"tag=a&tag=b"), 400),
    "an unknown field": (request("POST", "/purge", body=b"host=a"), 400),
    "a purge of another kind": (request("POST", "/purge", JSON, body=b'{"tag": 1}'), 400),
    "no JSON": (request("POST", "/purge", JSON, body=b"{"), 400),
    "neither JSON nor a form": (request("POST", "/purge", "Content-Type: text/xml", body=b"<a/>"), 400),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(case):
    asked, wanted = ACCEPTED[case]
    (answer,) = exchange(asked)
    assert status(answer) == wanted
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize("case", REFUSED)
def test_refused_as_a_problem(case):
    asked, wanted = REFUSED[case]
    (answer,) = exchange(asked)
    assert status(answer) == wanted
    assert b"\r\nContent-Type: application/problem+json\r\n" in answer
    assert body(answer)["status"] == wanted


def test_head_has_no_body_and_405_says_what_is_allowed():
    head, wrong = exchange(request("HEAD", "/healthz"), request("DELETE", "/metrics"))
    assert head.endswith(b"\r\n\r\n")
    assert b"\r\nAllow: GET, HEAD\r\n" in wrong


def test_purges_are_understood():
    node = Operations()
    asked = [ACCEPTED[case][0] for case in ("a form", "the query", "JSON")]
    answers = exchange(*asked, request("POST", "/purge", body=b"all=true&soft=true"), node=node)
    assert [body(answer)["purged"] for answer in answers] == [4] * 4
    assert node.purged == [
        ("url", "http://a/x", False),
        ("tag", "a", False),
        ("prefix", "http://a/", True),
        ("all", "", True),
    ]


@pytest.mark.parametrize(
    ("trouble", "wanted"), [(ReloadError("errors in scripts"), 422), (UnreadyError("stopping"), 503)]
)
def test_a_reload_that_fails_says_why(trouble, wanted):
    node = Operations()
    node.trouble = trouble
    (answer,) = exchange(request("POST", "/reload"), node=node)
    assert (status(answer), body(answer)["detail"]) == (wanted, str(trouble))


def test_a_node_that_is_not_ready_is_503():
    node = Operations()
    node.ready = False
    ready, alive = exchange(request("GET", "/readyz"), request("GET", "/healthz"), node=node)
    assert (status(ready), status(alive)) == (503, 200)


def test_a_client_that_says_nothing_is_let_go(monkeypatch):
    monkeypatch.setattr("runtime.io.admin.listener.READ_S", 0.1)
    assert exchange(b"GET /healthz HTTP/1.1\r\n") == [b""]


def test_probes_change_nothing_and_tell_no_settings():
    node = Operations()
    asked = [("GET", path) for path in ("/healthz", "/readyz", "/metrics", "/config")]
    asked += [("POST", "/purge?all=true"), ("POST", "/reload")]
    answers = exchange(*(request(*each) for each in asked), node=node, probes=True)
    assert [status(each) for each in answers] == [200, 200, 200, 404, 404, 404]
    assert node.purged == []
