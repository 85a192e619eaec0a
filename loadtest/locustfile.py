"""
The realistic mix: people who come through the front door, stay in their A/B group, watch signed segments, and at
times come with a link that is expired, forged or cut short. Every answer is checked; a wrong one is a failure.

The node under load runs `examples/auth/auth.es` and `loadtest/scripts/visit.es` before any origin that answers
everything with 200 (see README.md).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from locust import FastHttpUser, between, task

from loadtest.cases import signed

TITLES: Final = 200
SEGMENTS: Final = 50
GROUPS: Final = frozenset({"a", "b"})


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


class Visitor(FastHttpUser):
    """One person with a browser: keep-alive and cookies."""

    wait_time = between(0.02, 0.2)

    def on_start(self) -> None:
        self.ab_group: str | None = None

    @task(3)
    def front_door(self) -> None:
        with self.client.get("/", allow_redirects=False, catch_response=True) as response:
            if response.status_code != HTTPStatus.FOUND:
                response.failure(f"status {response.status_code}, want 302")
            elif not (response.headers or {}).get("Location", "").endswith("/home"):
                response.failure(f"redirected to {(response.headers or {}).get('Location')}, want /home")

    @task(6)
    def home(self) -> None:
        with self.client.get("/home", catch_response=True) as response:
            headers = response.headers or {}
            group, cookie = headers.get("X-Group"), headers.get("Set-Cookie")
            if response.status_code != HTTPStatus.OK:
                response.failure(f"status {response.status_code}, want 200")
            elif group not in GROUPS:
                response.failure(f"group {group}, want a or b")
            elif self.ab_group not in {None, group}:
                response.failure(f"group {group}, was {self.ab_group} before")
            elif (self.ab_group is None) != (cookie is not None):
                response.failure(f"Set-Cookie is {cookie}, group was {self.ab_group} before")
            else:
                self.ab_group = group

    @task(6)
    def page(self) -> None:
        self._must_be_found(f"/page/{random.randrange(TITLES)}.html", "/page/[n].html")

    @task(20)
    def segment(self) -> None:
        self._must_be_found(signed("video", a_segment()), "/video/[digest]/[segment]")

    @task(3)
    def bad_link(self) -> None:
        bad = random.choice(BAD_LINKS)
        name = f"/video/... {bad.name}"
        with self.client.get(bad.path(a_segment()), name=name, catch_response=True) as response:
            said = (response.headers or {}).get("X-AUTH-MSG", "")
            if response.status_code != HTTPStatus.FORBIDDEN:
                response.failure(f"status {response.status_code}, want 403")
            elif bad.message not in said:
                response.failure(f"X-AUTH-MSG is {said!r}, want {bad.message!r} in it")
            else:
                response.success()

    def _must_be_found(self, path: str, name: str) -> None:
        with self.client.get(path, name=name, catch_response=True) as response:
            if response.status_code != HTTPStatus.OK:
                response.failure(f"status {response.status_code}, want 200")
            elif not response.content:
                response.failure("no body")
