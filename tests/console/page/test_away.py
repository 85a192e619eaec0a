"""A console that is away: said once and for as long as it lasts, and everything goes on by itself afterwards."""

import json

import pytest
from playwright.sync_api import expect

from tests.console.page.screen import LINE
from tests.support.console import ConsoleProcess
from tests.support.follower import Follower

REFUSED = "net::ERR_"
AWAY = "The console cannot be reached. Trying again"


class Restarted:
    """A console that goes and comes back, at the same address with the same data."""

    def __init__(self, folder):
        self._process = ConsoleProcess(folder, "--quiet")
        self.url, self.operator = self._process.url, self._process.operator

    def go(self):
        self._process.kill()

    def end(self):
        assert self._process.end() == 0

    def come_back(self):
        self._process = ConsoleProcess(self._process.folder, "--quiet", port=self._process.port)


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    running = Restarted(tmp_path_factory.mktemp("console"))
    yield running
    running.end()


@pytest.fixture
def screen(look):
    made = look().sign_in()
    yield made
    made.forgive(REFUSED)
    made.forgive("503")


def banner(screen):
    return screen.page.locator("#banner")


def says_once(screen):
    """One banner, and no toast besides, after every poll of the view has failed or could have."""
    expect(banner(screen)).to_contain_text(AWAY)
    screen.page.wait_for_timeout(2500)
    expect(banner(screen)).to_contain_text(AWAY)
    assert screen.page.locator(".toast").all_inner_texts() == []


def test_what_polls_goes_on(screen, console, api):
    token = api.node_token("staging")
    screen.open("nodes")
    console.go()
    says_once(screen)
    console.come_back()
    expect(banner(screen)).to_be_hidden(timeout=15_000)
    follower = Follower(console.url, token, "late", "staging")
    try:
        screen.page.get_by_role("row", name="late").wait_for()
    finally:
        follower.stop()


@pytest.mark.parametrize("how", ["killed", "ended"])
def test_a_followed_log_goes_on(screen, console, api, how):
    domain = api.domain()
    token = api.node_token("staging")
    screen.open("domains", domain, "logs", args="?environment=staging")
    expect(screen.page.locator("main .badge")).to_have_text("live")
    if how == "killed":
        console.go()
    else:
        console.end()
    expect(screen.page.locator("main .badge")).to_have_text("disconnected, retrying")
    console.come_back()
    expect(screen.page.locator("main .badge")).to_have_text("live", timeout=15_000)
    follower = Follower(console.url, token, f"log-{domain}", "staging")
    try:
        while domain not in follower.tell(0):
            screen.page.wait_for_timeout(50)
        follower.tell(0, [{**LINE, "domain": domain, "uri": "/afterwards"}])
        screen.page.locator(".log .uri").get_by_text("/afterwards").wait_for()
        assert screen.page.locator(".log li").count() == 1
    finally:
        follower.stop()


def test_a_log_that_is_no_more_for_this_reader_ends(look, api):
    domain = api.domain()
    made = api("POST", "/tokens", json={"label": "r", "grants": [{"domain": domain, "scope": "read"}]})
    screen = look().sign_in(made["secret"]).open("domains", domain, "logs")
    expect(screen.page.locator("main .badge")).to_have_text("live")
    screen.page.route("**/logs?*", lambda route: route.fulfill(status=404, json={"code": "not-found"}))
    screen.click("Apply")
    expect(screen.page.locator("main .badge")).to_have_text("ended")
    screen.toast("There is no such thing")


def test_a_view_that_was_asked_for_meanwhile_comes(screen, console, api):
    domain = api.domain()
    screen.open("domains", domain)
    console.go()
    expect(banner(screen)).to_contain_text(AWAY)
    screen.page.evaluate(f"location.hash = '#/domains/{domain}/purge'")
    expect(screen.page.locator("h1")).to_have_text("This did not work")
    console.come_back()
    expect(screen.page.locator("h1")).to_have_text("Purge", timeout=15_000)


def test_a_text_is_checked_again(screen, console, api):
    domain = api.domain()
    screen.open("domains", domain, "scripts", "auth")
    console.go()
    screen.write("exit(lenght('x'))")
    expect(banner(screen)).to_contain_text(AWAY)
    console.come_back()
    screen.findings.get_by_text("unknown function 'lenght'").wait_for(timeout=15_000)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (502, "<h1>Bad Gateway</h1>", AWAY),
        (503, json.dumps({"code": "store-unavailable"}), "The console cannot reach its store. Trying again"),
    ],
    ids=["a proxy answers for it", "its store is away"],
)
def test_what_is_said_of_a_console_that_answers_nothing(look, status, body, said):
    screen = look().sign_in()
    kind = "application/problem+json" if body.startswith("{") else "text/html"

    def refuse(route):
        route.fulfill(status=status, body=body, content_type=kind)

    screen.page.route("**/readyz", refuse)
    screen.page.route("**/api/v1/nodes*", refuse)
    screen.page.evaluate("location.hash = '#/nodes'")
    expect(banner(screen)).to_contain_text(said)
    screen.page.unroute_all()
    expect(screen.page.locator("h1")).to_have_text("Nodes", timeout=15_000)
    expect(banner(screen)).to_be_hidden()
    screen.forgive(str(status))
