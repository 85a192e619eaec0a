"""The console in process: store, service and application as `edgescript console` puts them together."""

import asyncio
import io
import itertools
import json
import secrets
import threading

import httpx
import pytest

import stdlib
from runtime.console.api.journal import Journal
from runtime.console.app import Clocks, application
from runtime.console.service.console import Console
from runtime.console.service.keys import Keys
from runtime.console.store import Store

T0 = 1_750_000_000.0
SOURCE = "# position: head\nif eq($uri, '/private') {\n    exit(403)\n}\n"
SETTINGS = {"hosts": ["shop.example"], "origin": "http://192.0.2.1"}


class Clock:
    """Moves when told; monotonic time with it."""

    def __init__(self):
        self.now = T0

    def __call__(self):
        return self.now


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine, within_s=30):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(within_s)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class Lifespan:
    """Has an application open and close, as a server does."""

    def __init__(self, app):
        self._app = app

    async def open(self):
        self._asked, self._said = asyncio.Queue(), asyncio.Queue()
        self._task = asyncio.create_task(self._app({"type": "lifespan"}, self._asked.get, self._said.put))
        return await self._ask("startup")

    async def close(self):
        await self._ask("shutdown")
        await self._task

    async def _ask(self, what):
        await self._asked.put({"type": f"lifespan.{what}"})
        said = await self._said.get()
        assert said["type"] == f"lifespan.{what}.complete", said


class Running:
    """A console and clients of it. Use as a context."""

    def __init__(self, folder, clock):
        self.folder, self.clock = folder, clock
        self.log = io.StringIO()
        self.keys = Keys.open(folder / "keys", secrets.token_bytes)
        self.store = Store.open(f"sqlite:///{folder / 'console.db'}", clock=clock)
        self.console = Console(
            self.store,
            self.keys,
            now=clock,
            monotonic=clock,
            random=secrets.token_bytes,
            registry=stdlib.registry(),
        )
        self.operator = self.console.tokens.bootstrap("root")
        page = folder / "page"
        page.mkdir(exist_ok=True)
        (page / "index.html").write_text("<!doctype html><title>console</title>" + "x" * 2000)
        (page / "app.js").write_text("export {};")
        (folder / "secret.js").write_text("not for anyone")
        numbers = itertools.count(1)
        self.journal = Journal(self.log, clock)
        self.app = application(
            self.console,
            self.store,
            self.journal,
            Clocks(clock, clock, lambda: f"r{next(numbers)}"),
            page,
        )
        self.loop = Loop()
        self._lifespan = Lifespan(self.app)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://console.test")

    def __enter__(self):
        self.loop.run(self._lifespan.open())
        return self

    def __exit__(self, *_):
        self.loop.run(self.http.aclose())
        self.loop.run(self._lifespan.close())
        self.loop.close()
        self.journal.close()
        self.store.close()

    def ask(self, method, path, token=None, **given):
        """The answer to a request of the operator, or of whoever has `token` ('' for nobody)."""
        text = self.operator if token is None else token
        headers = {**({"Authorization": f"Bearer {text}"} if text else {}), **given.pop("headers", {})}
        url = path if path.startswith("/") else f"/api/v1/{path}"
        return self.loop.run(self.http.request(method, url, headers=headers, **given))

    def get(self, path, token=None, **given):
        return self.ask("GET", path, token, **given)

    def post(self, path, token=None, **given):
        return self.ask("POST", path, token, **given)

    def put(self, path, token=None, **given):
        return self.ask("PUT", path, token, **given)

    def delete(self, path, token=None, **given):
        return self.ask("DELETE", path, token, **given)

    def token(self, scope, domain="shop"):
        """The text of a new token with `scope` on `domain`."""
        grants = [{"domain": domain, "scope": scope}]
        made = self.post("tokens", json={"label": scope, "grants": grants})
        assert made.status_code == 201, made.text
        return made.json()["secret"]

    def node_token(self, environment="staging", pool="p", region="r"):
        node = {"pool": pool, "region": region, "environment": environment}
        made = self.post("tokens", json={"label": "node", "node": node})
        assert made.status_code == 201, made.text
        return made.json()["secret"]

    def domain(self, name="shop", host="shop.example"):
        settings = {**SETTINGS, "hosts": [host]}
        made = self.post("domains", json={"name": name, "settings": settings})
        assert made.status_code == 201, made.text
        return made.json()

    def version(self, source=SOURCE, script="auth", domain="shop"):
        made = self.post(
            f"domains/{domain}/scripts/{script}/versions", json={"message": "m", "source": source}
        )
        assert made.status_code == 201, made.text
        return made.json()

    def publish(self, environment="staging", domain="shop", **given):
        made = self.post(f"domains/{domain}/publish", json={"environment": environment, **given})
        assert made.status_code == 202, made.text
        return made.json()

    def logged(self):
        self.journal.close()
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def running(tmp_path, clock):
    with Running(tmp_path, clock) as made:
        yield made


@pytest.fixture
def shop(running):
    """With a domain `shop`."""
    running.domain()
    return running


def is_problem(answer, status, code):
    """Whether the answer is the problem `code`, and whole."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found = answer.json()
    assert (answer.status_code, found["status"], found["code"]) == (status, status, code), answer.text
    assert found["title"]
    assert found["detail"]
    assert found["request_id"] == answer.headers["x-request-id"]
    return found
