"""Texts of others are shown as they are and never become part of the page."""

import contextlib

import pytest

from tests.support.follower import Follower

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>${alert(3)}"
LINE = {
    "time": 1.0,
    "client": HOSTILE,
    "method": HOSTILE,
    "host": "h",
    "status": 200,
    "cache": HOSTILE,
    "scripts": [],
}


@pytest.fixture
def hostile(api, console):
    """A domain in which every text that may be free is an attack."""
    domain = api.domain()
    source = f"# {HOSTILE}\nexit(403, '<script>alert(4)</script>')\n"
    api.version(domain, "auth", source, message=HOSTILE)
    api.draft(domain, "auth", f"{source}x = {HOSTILE}\n")
    api("POST", f"/domains/{domain}/publish", json={"environment": "staging", "message": HOSTILE})
    entries = {HOSTILE: HOSTILE}
    api(
        "PUT",
        f"/domains/{domain}/dictionaries/flags",
        json={"entries": entries, "secret": False, "revision": 0},
    )
    api("POST", "/tokens", json={"label": HOSTILE, "grants": [{"domain": domain, "scope": "read"}]})
    with contextlib.closing(Following(console, api)) as node:
        node.follower.tell(0, [{**LINE, "domain": domain, "uri": f"/{HOSTILE}"}])
        yield domain


class Following:
    """A node whose every word is an attack."""

    def __init__(self, console, api):
        self.follower = Follower(
            console.url, api.node_token("staging"), "hostile", "staging", refuses=HOSTILE
        )

    def close(self):
        self.follower.stop()


VIEWS = (
    (),
    ("scripts", "auth"),
    ("scripts", "auth", "versions"),
    ("scripts", "auth", "versions", "1"),
    ("scripts", "auth", "diff"),
    ("rollouts",),
    ("rollouts", "1"),
    ("dictionaries", "flags"),
    ("metrics",),
    ("logs",),
    ("rules",),
    ("tokens",),
    ("audit",),
)


def test_texts_stay_texts(look, hostile, editor):
    screen = look(editor).sign_in()
    shown = 0
    for view in (("nodes",), *(("domains", hostile, *view) for view in VIEWS)):
        screen.open(*view)
        screen.page.wait_for_timeout(100)  # nothing is to happen
        made = screen.page.locator("main img, main script, main iframe, dialog img").count()
        assert (view, made) == (view, 0)
        shown += HOSTILE[:28] in screen.page.inner_text("main")
    assert shown >= 6


def test_what_a_script_answers_is_text(look, hostile):
    screen = look().sign_in().open("domains", hostile, "scripts", "auth")
    screen.write(
        "add_rsp_header('X-A', '<img src=x onerror=alert(1)>')\nexit(403, '<script>alert(4)</script>')\n"
    )
    screen.click("Run")
    screen.page.locator("pre.body").get_by_text("<script>alert(4)</script>").wait_for()
    assert screen.page.locator("main img, main script").count() == 0


def test_an_address_is_no_code(look):
    screen = look().sign_in()
    for address in (
        "#/domains/%3Cimg src=x onerror=alert(1)%3E",
        "#/domains/%",
        "#//",
        "#/javascript:alert(1)",
        "#/__proto__",
    ):
        screen.visit(address)
    assert screen.page.locator("main img").count() == 0


def test_the_policy_holds(look, console):
    # A script that got into the page all the same would not run.
    screen = look()
    answer = screen.page.goto(console.url)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
