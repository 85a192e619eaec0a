"""
The realistic mix: people who come through the front door, stay in their A/B group, watch signed segments, at times with a link that is
expired, forged or cut short; people who shop; downloads; and an operator who purges, reloads and looks on. Every
answer is compared with the only right body of its URL; a wrong one is a failure.

The node has the sites of `mix.toml` before `odd_origin`. The operator works where `--admin` says; with `--release` it changes that
script before each reload.
"""

import itertools
import json
import random
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from locust import FastHttpUser, between, events, task
from locust.exception import StopUser

from loadtest.bodies import body_of
from loadtest.cases import signed

TITLES: Final = 200
SEGMENTS: Final = 50
GROUPS: Final = frozenset({"a", "b"})
NEWS: Final = 20
LOOKS: Final = 4
"""Connections on which the operator looks whether an order is carried out: with some luck at every worker."""


@dataclass(frozen=True, slots=True)
class BadLink:
    """A signed URL that must be refused: how it is made of a segment's name, and what X-AUTH-MSG has to say of it."""

    name: str
    path: Callable[[str], str]
    message: str


BAD_LINKS: Final = (
    BadLink("forged", lambda rest: signed("video", rest, secret="a guess"), "invalid digest"),
    BadLink("expired", lambda rest: signed("video", rest, expires="1000000000"), "expired"),
    BadLink("no time", lambda rest: signed("video", rest).partition("&t=")[0], "missing"),
    BadLink("no query", lambda rest: signed("video", rest).partition("?")[0], "missing"),
    BadLink("unknown key", lambda rest: signed("video", rest, key="1999"), "unknown key"),
    BadLink("time is text", lambda rest: signed("video", rest, expires="soon"), "invalid time"),
)


def a_segment() -> str:
    """The name of some segment; low titles are asked for more often, as popular ones are."""
    title = int(random.triangular(0, TITLES, 0))
    return f"title-{title}/{random.randrange(SEGMENTS)}.ts"


def add_arguments(parser: ArgumentParser) -> None:
    """What the operator needs to know."""
    parser.add_argument(
        "--admin", default="", help="URL of the node's admin listener; without it there is no operator"
    )
    parser.add_argument("--release", default="", help="script that the operator changes before each reload")


events.init_command_line_parser.add_listener(add_arguments)  # type: ignore[no-untyped-call]  # locust types it not


class Client(FastHttpUser):
    """Somebody whose requests are for `site`."""

    abstract = True
    site: str

    def asked(self, target: str, name: str, **headers: str) -> AbstractContextManager[Any]:
        """A GET whose answer is judged in the block."""
        wanted = {"Host": self.site, **headers}
        found: AbstractContextManager[Any] = self.client.get(
            target, name=name, headers=wanted, catch_response=True, allow_redirects=False
        )
        return found

    def must_have_its_body(self, response: Any, target: str) -> bool:
        """A failure unless the answer is 200 with the body of `target`."""
        headers: Mapping[str, str] = response.headers or {}
        version = int(headers.get("X-Version", 0))
        if response.status_code != HTTPStatus.OK:
            response.failure(f"status {response.status_code}, want 200")
        elif response.content != body_of(self.site, target, version):
            response.failure(f"a wrong body of {len(response.content or b'')} bytes")
        else:
            return True
        return False

    def must_be_found(self, target: str, name: str, **headers: str) -> None:
        with self.asked(target, name, **headers) as response:
            self.must_have_its_body(response, target)


class Visitor(Client):
    """One person with a browser: keep-alive and cookies."""

    site = "video.example"
    weight = 6
    wait_time = between(0.02, 0.2)

    def on_start(self) -> None:
        self.ab_group: str | None = None

    @task(3)
    def front_door(self) -> None:
        with self.asked("/", "/") as response:
            location = (response.headers or {}).get("Location", "")
            if response.status_code != HTTPStatus.FOUND:
                response.failure(f"status {response.status_code}, want 302")
            elif not location.endswith("/home"):
                response.failure(f"redirected to {location}, want /home")

    @task(6)
    def home(self) -> None:
        with self.asked("/home", "/home") as response:
            headers = response.headers or {}
            group, cookie = headers.get("X-Group"), headers.get("Set-Cookie")
            if not self.must_have_its_body(response, "/home"):
                return
            if group not in GROUPS:
                response.failure(f"group {group}, want a or b")
            elif self.ab_group not in {None, group}:
                response.failure(f"group {group}, was {self.ab_group} before")
            elif (self.ab_group is None) != (cookie is not None):
                response.failure(f"Set-Cookie is {cookie}, group was {self.ab_group} before")
            else:
                self.ab_group = group

    @task(6)
    def page(self) -> None:
        self.must_be_found(f"/page/{random.randrange(TITLES)}.html", "/page/[n].html")

    @task(20)
    def segment(self) -> None:
        self.must_be_found(signed("video", a_segment()), "/video/[digest]/[segment]")

    @task(3)
    def bad_link(self) -> None:
        bad = random.choice(BAD_LINKS)
        with self.asked(bad.path(a_segment()), f"/video/... {bad.name}") as response:
            said = (response.headers or {}).get("X-AUTH-MSG", "")
            if response.status_code != HTTPStatus.FORBIDDEN:
                response.failure(f"status {response.status_code}, want 403")
            elif bad.message not in said:
                response.failure(f"X-AUTH-MSG is {said!r}, want {bad.message!r} in it")
            else:
                response.success()


class Shopper(Client):
    """One with an id, who sees the same prices for ever and searches too often."""

    site = "shop.example"
    weight = 3
    wait_time = between(0.02, 0.2)
    _ids = itertools.count()

    def on_start(self) -> None:
        self.cookie = f"visitor=v{next(self._ids)}"
        self.price: str | None = None

    @task(10)
    def article(self) -> None:
        target = f"/tagged/6000/article-{random.randrange(TITLES)}"
        with self.asked(target, "/tagged/[article]", Cookie=self.cookie) as response:
            price = (response.headers or {}).get("X-Price")
            if not self.must_have_its_body(response, target):
                return
            if price not in {"high", "low"} or self.price not in {None, price}:
                response.failure(f"price {price}, was {self.price} before")
            self.price = price

    @task(4)
    def news(self) -> None:
        self.must_be_found(news(random.randrange(NEWS)), "/version/[news]", Cookie=self.cookie)

    @task(3)
    def offers(self) -> None:
        self.must_be_found(f"/brief/3000/offer-{random.randrange(10)}", "/brief/[offer]", Cookie=self.cookie)

    @task(3)
    def basket(self) -> None:
        self.must_be_found(f"/pass/2000/{self.cookie}", "/pass/[basket]", Cookie=self.cookie)

    @task(2)
    def search(self) -> None:
        target = f"/search/{random.randrange(20)}"
        with self.asked(
            f"{target}?q={random.randrange(1_000_000)}", "/search/[n]", Cookie=self.cookie
        ) as response:
            if response.status_code in {HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS}:
                response.success()  # the query is not in the cache key: the body is that of whoever asked first
            else:
                response.failure(f"status {response.status_code}, want 200 or 429")


class Downloader(Client):
    """Files of all sizes, some larger than memory keeps."""

    site = "img.static.example"
    weight = 1
    wait_time = between(0.1, 0.5)

    @task(8)
    def picture(self) -> None:
        self.must_be_found(f"/keep/40000/{random.randrange(400)}.jpg", "/keep/[picture]")

    @task(2)
    def film(self) -> None:
        self.must_be_found(f"/keep/1500000/{random.randrange(30)}.mp4", "/keep/[film]")

    @task(1)
    def part(self) -> None:
        target = f"/keep/1500000/{random.randrange(30)}.mp4"
        first = random.randrange(1_400_000)
        with self.asked(target, "/keep/[film] range", Range=f"bytes={first}-{first + 9999}") as response:
            whole = body_of(self.site, target)
            if response.status_code == HTTPStatus.OK:
                wanted = whole  # what is not stored yet may come whole (RFC 9110 section 14.2)
            elif response.status_code == HTTPStatus.PARTIAL_CONTENT:
                wanted = whole[first : first + 10_000]
            else:
                response.failure(f"status {response.status_code}, want 200 or 206")
                return
            if response.content != wanted:
                response.failure(f"a wrong part of {len(response.content or b'')} bytes")


def news(number: int) -> str:
    """A page that changes with each fetch, so that what a purge has left behind is seen."""
    return f"/version/700/news-{number}"


class Operator(Client):
    """One alone, who changes what is served while it is served."""

    site = "shop.example"
    fixed_count = 1
    wait_time = between(0.2, 0.6)
    cookie = "visitor=operator"
    release = 0

    def on_start(self) -> None:
        options = self.environment.parsed_options
        self.admin = getattr(options, "admin", "")
        self.script = Path(options.release) if getattr(options, "release", "") else None
        if not self.admin:
            raise StopUser
        for each in (self.purge, self.reload, self.purge_softly, self.look_on):
            each()  # so that a short run has all of them

    def order(self, path: str, name: str, wish: Mapping[str, Any] | None = None) -> Any:
        """What the admin listener answers, from JSON; None, and a failure, if not 200."""
        data = json.dumps(wish) if wish is not None else None
        headers = {"Content-Type": "application/json", "Connection": "close"}
        with self.client.post(
            f"{self.admin}{path}", data=data, name=name, headers=headers, catch_response=True
        ) as response:
            if response.status_code != HTTPStatus.OK:
                response.failure(f"status {response.status_code}, want 200: {response.text}")
                return None
            return response.json()

    @task(6)
    def purge(self) -> None:
        """After it every worker serves what the origin has now."""
        number = random.randrange(NEWS)
        address = f"http://{self.site}{news(number)}"
        wish = random.choice(({"url": address}, {"prefix": address}, {"tag": "news"}))
        before = self.version(number)
        if self.order("/purge", f"purge by {next(iter(wish))}", wish) is None:
            return
        for _ in range(LOOKS):
            self.version(number, more_than=before)

    def version(self, number: int, more_than: int = -1) -> int:
        """The version that some worker serves: each connection may come to another."""
        target = news(number)
        headers = {"Cookie": self.cookie, "Connection": "close"}
        with self.asked(target, "/version/[news] by operator", **headers) as response:
            version = int((response.headers or {}).get("X-Version", 0))
            if self.must_have_its_body(response, target) and version <= more_than:
                response.failure(f"version {version} after version {more_than} was purged")
        return version

    @task(2)
    def purge_softly(self) -> None:
        self.order("/purge", "purge softly", {"tag": "article", "soft": True})

    @task(3)
    def reload(self) -> None:
        """After it every worker runs the new script."""
        if self.script is not None:
            self.release += 1
            text = f"# position: foot\nadd_rsp_header('X-Release', '{self.release}')\n"
            self.script.write_text(text, encoding="utf-8")
        if self.order("/reload", "reload") is None or self.script is None:
            return
        for _ in range(LOOKS):
            target = news(0)
            headers = {"Cookie": self.cookie, "Connection": "close"}
            with self.asked(target, "/version/[news] by operator", **headers) as response:
                found = (response.headers or {}).get("X-Release")
                if self.must_have_its_body(response, target) and found != str(self.release):
                    response.failure(f"release {found}, want {self.release}")

    @task(2)
    def look_on(self) -> None:
        for path in ("/readyz", "/metrics", "/healthz"):
            with self.client.get(
                f"{self.admin}{path}", name=path, headers={"Connection": "close"}, catch_response=True
            ) as response:
                if response.status_code != HTTPStatus.OK:
                    response.failure(f"status {response.status_code}, want 200")
