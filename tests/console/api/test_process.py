"""The console as a process on a real socket: starts, ends, is killed in the middle of changes, and is whole afterwards."""

import asyncio
import http.client
import json
import os
import signal
import socket
import stat
import threading
import time
import urllib.request

import pytest

from runtime.bundles.report import Report, encode_report
from tests.console.api.conftest import SETTINGS, SOURCE
from tests.support.console import ConsoleProcess
from tests.support.waiting import wait_until


@pytest.fixture
def start(tmp_path):
    begun = []

    def start_(*arguments):
        begun.append(ConsoleProcess(tmp_path / "data", *arguments))
        return begun[-1]

    yield start_
    for each in begun:
        each.kill()


def test_the_first_start_makes_a_token_for_its_user_alone(start):
    first = start()
    path = first.folder / "operator.token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.folder.stat().st_mode) == 0o700
    assert first.ask("GET", "session")[1]["operator"] is True
    text = path.read_text()
    too_large(first)
    head_without_end(first)
    no_request(first)
    hosts(first)
    assert first.end() == 0
    assert text.strip() not in first.said()
    second = start("--quiet")
    assert path.read_text() == text
    assert second.ask("GET", "domains")[0] == 200
    assert second.end(signal.SIGINT) == 0
    assert '"event":"request"' not in second.said()


def too_large(console):
    """Ten megabytes are answered with 413, and the next request as any other."""
    status, found = console.ask("POST", "domains", {"name": "x" * (10 << 20), "settings": {}})
    assert (status, found["code"]) == (413, "too-large")
    assert console.ask("GET", "domains")[0] == 200


def no_request(console):
    """What the application is never asked with is answered with a problem too."""
    with socket.create_connection(("127.0.0.1", console.port), 10) as client:
        client.sendall(b"GET / HTTP/9.9\r\n\r\n")
        answer = http.client.HTTPResponse(client)
        answer.begin()
        found = json.loads(answer.read())
    assert answer.getheader("content-type") == "application/problem+json"
    assert (answer.status, found["status"], found["code"]) == (400, 400, "bad-request")


HOSTS = {
    b"": 400,
    b"Host: a\r\n": 200,
    b"Host: a.example:8090\r\n": 200,
    b"Host: [::1]:8090\r\n": 200,
    b"Host:\r\n": 200,
    b"Host: a\r\nHost: b\r\n": 400,
    b"Host: a\r\nhost: a\r\n": 400,
    b"Host: a b\r\n": 400,
    b"Host: me@a\r\n": 400,
    b"Host: a/b\r\n": 400,
}


def hosts(console):
    """A request of HTTP/1.1 says once whom it is for (RFC 9112 section 3.2), one of HTTP/1.0 need not."""
    for version, table in ((b"1.1", HOSTS), (b"1.0", {b"": 200, b"Host: a\r\nHost: b\r\n": 400})):
        for fields, status in table.items():
            with socket.create_connection(("127.0.0.1", console.port), 10) as client:
                client.sendall(b"GET /healthz HTTP/" + version + b"\r\n" + fields + b"\r\n")
                answer = http.client.HTTPResponse(client)
                answer.begin()
                assert answer.status == status, (version, fields)
                if status != 200:
                    assert json.loads(answer.read())["code"] == "bad-request"
                    assert answer.getheader("connection") == "close"


def head_without_end(console):
    """A head that goes on and on is cut off."""
    received = b""
    with socket.create_connection(("127.0.0.1", console.port), 10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        try:
            for _ in range(64):
                client.sendall(b"X: " + b"x" * 65536 + b"\r\n")
            received = client.recv(100)
        except OSError:
            return
    assert received == b"" or b" 431 " in received


def test_who_waits_does_not_hold_up_the_end(start):
    console = start("--quiet")
    console.ask("POST", "domains", {"name": "shop", "settings": SETTINGS})
    node = {"pool": "p", "region": "r", "environment": "staging"}
    token = console.ask("POST", "tokens", {"label": "n", "node": node})[1]["secret"]

    async def scenario():
        follower, writer = await opened(
            console,
            b"/domains/shop/logs?environment=staging",
            console.operator,
            b"Accept: text/event-stream\r\n",
        )
        head = await asyncio.wait_for(follower.readuntil(b"the log begins\n\n"), 10)
        assert b"text/event-stream" in head
        log(console, token, {"domain": "shop", "uri": "/seen"})
        line = await asyncio.wait_for(follower.readuntil(b"}\n\n"), 10)
        assert b'data: {"domain":"shop","uri":"/seen","node":"n"}' in line
        waiting, other = await opened(console, b"/nodes/n/manifest?generation=999999999999&wait=60", token)
        await asyncio.to_thread(wait_until, lambda: b"console_nodes_waiting 1.0" in figures(console))
        began = time.monotonic()
        ended = asyncio.get_running_loop().run_in_executor(None, console.end)
        assert b'event: notice\ndata: {"code":"ended"}' in await asyncio.wait_for(follower.read(), 20)
        assert (await asyncio.wait_for(waiting.read(), 20)).startswith(b"HTTP/1.1 204 ")
        assert await ended == 0
        assert time.monotonic() - began < 8
        for each in (writer, other):
            each.close()

    asyncio.run(scenario())


def figures(console):
    """What /metrics says."""
    with urllib.request.urlopen(f"{console.url}/metrics", timeout=10) as answer:
        return answer.read()


def log(console, token, line):
    """A node's report with a line of its log."""
    connection = http.client.HTTPConnection("127.0.0.1", console.port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/msgpack"}
    connection.request(
        "POST",
        "/api/v1/nodes/n/report",
        encode_report(Report("n", "1", 1.0, "staging", "p", "r", logs=(line,))),
        headers,
    )
    assert connection.getresponse().status == 200
    connection.close()


async def opened(console, path, token, fields=b""):
    reader, writer = await asyncio.open_connection("127.0.0.1", console.port)
    writer.write(
        b"GET /api/v1%s HTTP/1.1\r\nHost: a\r\n%sAuthorization: Bearer %s\r\n\r\n"
        % (path, fields, token.encode())
    )
    return reader, writer


def publishing(console, stop, done):
    """Change all the time, as fast as it goes; `done` has what was published."""
    number = 0
    while not stop.is_set():
        number += 1
        try:
            made = console.ask(
                "POST",
                "domains/shop/scripts/auth/versions",
                {"source": SOURCE + f"# {number} {os.urandom(4).hex()}\n"},
            )
            if made[0] == 201:
                done.append(console.ask("POST", "domains/shop/publish", {"environment": "staging"}))
        except (OSError, http.client.HTTPException, ValueError):
            return


def require_whole(console):
    """No version, release or audit entry is lost, doubled or half there."""
    assert console.ask("GET", "audit/verify")[1]["intact"] is True
    status, page = console.ask("GET", "domains/shop/scripts/auth/versions?limit=200")
    numbers = [each["number"] for each in page["items"]] if status == 200 else []
    assert numbers == list(range(len(numbers), 0, -1))
    releases = console.ask("GET", "domains/shop/releases?limit=200")[1]["items"]
    assert [each["number"] for each in releases] == list(range(len(releases), 0, -1))
    assert {number for each in releases for number in each["scripts"].values()} <= set(numbers)
    live = console.ask("GET", "domains/shop")[1]["environments"]["staging"]
    assert live["rollout"] is None
    assert live["release"] == (releases[0]["number"] if releases else None)
    return len(releases)


def test_killed_in_the_middle_of_publishing_it_is_whole_afterwards(start):
    console = start("--quiet")
    assert console.ask("POST", "domains", {"name": "shop", "settings": SETTINGS})[0] == 201
    known = 0
    for publishes in (1, 5, 9):
        assert console.ask("POST", "check", {"source": SOURCE})[0] == 200, "it works"
        stop, done = threading.Event(), []
        threads = [threading.Thread(target=publishing, args=(console, stop, done)) for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_until(lambda done=done, publishes=publishes: len(done) >= publishes)
        console.kill()
        stop.set()
        for thread in threads:
            thread.join(30)
        console = start("--quiet")
        releases = require_whole(console)
        assert releases >= known
        known = releases
    assert known > 0, "nothing was published before the console was killed"
    made = console.ask("POST", "domains/shop/scripts/auth/versions", {"source": SOURCE})
    assert made[0] == 201
    assert console.ask("POST", "domains/shop/publish", {"environment": "staging"})[0] == 202
    assert console.end() == 0
