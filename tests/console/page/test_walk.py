"""
A day's work in the browser, with nodes that serve: from a mistake to a rollout, what clients are answered meanwhile, back again, and
what the audit has of it.
"""

import contextlib

import pytest
from playwright.sync_api import expect

from tests.console.page.screen import Api
from tests.support.edge import ask
from tests.support.origin import RecordingOrigin
from tests.support.waiting import wait_until
from tests.sync.console import following

MISTAKE = "if eq($uri, '/private') {\n    exit(403, lenght('x'))\n}\n"
GOOD = "if eq($uri, '/private') {\n    exit(403, 'no')\n}\n"
BETTER = GOOD.replace("403", "401")
CLIENTS = [f"client-{number}" for number in range(200)]


@pytest.fixture(scope="module")
def origin():
    with RecordingOrigin(body=b"public") as running:
        yield running


@pytest.fixture(scope="module")
def nodes(console, tmp_path_factory):
    """`edgescript serve`, one for staging and one for production, by environment."""
    api = Api(console)
    with contextlib.closing(api), contextlib.ExitStack() as running:
        started = {}
        for environment in ("staging", "production"):
            folder = tmp_path_factory.mktemp(environment)
            (folder / "own.token").write_text(api.node_token(environment))
            started[environment] = running.enter_context(
                following(
                    folder,
                    None,
                    url=console.url,
                    node_token_file="own.token",
                    node_name=f"{environment}-node",
                )
            )
        yield started


class Clients:
    """Who asks a node for `/private` of one host."""

    def __init__(self, nodes, host):
        self._nodes, self._host = nodes, host

    def _answer(self, environment, target, client):
        fields = {"Host": self._host, "X-Client": client}
        return ask(self._nodes[environment].port, "GET", target, fields)[0]

    def are_told(self, environment, private, public=200):
        """Wait until all of them are answered so."""
        wait_until(lambda: self._answer(environment, "/private", CLIENTS[0]) == private)
        assert {self._answer(environment, "/private", each) for each in CLIENTS[:20]} == {private}
        assert self._answer(environment, "/", CLIENTS[0]) == public

    def who_are_told(self, status):
        """Those whom production answers so."""
        return {each for each in CLIENTS if self._answer("production", "/private", each) == status}


def acknowledged(screen, environment):
    """Waits until the rollout's view shows that the environment's node serves it."""
    row = screen.page.locator("tbody tr").filter(has_text=f"{environment}-node")
    expect(row.get_by_text("acknowledged")).to_be_visible(timeout=20_000)


def publish(screen, environment, message, steps=None):
    """Through the dialog; ends on the rollout's view, when the node has acknowledged."""
    screen.click("Publish…")
    screen.dialog.get_by_label("Environment").select_option(environment)
    if steps:
        screen.dialog.get_by_label("Steps in percent").fill(steps)
        screen.dialog.get_by_label("A client stays on its side by").select_option("header")
        screen.dialog.get_by_label("Name", exact=True).fill("X-Client")
    screen.answer("Publish", Message=message)
    screen.sees("running" if steps else "completed")
    acknowledged(screen, environment)


def promote(screen, to):
    screen.click(f"Promote to {to} %")
    screen.answer("Promote")
    expect(screen.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", str(to))
    acknowledged(screen, "production")


def save_version(screen, message):
    screen.click("Save version…")
    screen.answer("Save", Message=message)
    screen.toast("was made")


def test_from_a_mistake_to_a_rollout_and_back(look, editor, nodes, origin):
    screen = look(editor).sign_in()
    domain = f"walk-{editor}"
    clients = Clients(nodes, f"{domain}.example")
    script = ("domains", domain, "scripts", "auth")
    screen.click("New domain")
    screen.answer("Create", Name=domain, Hosts=f"{domain}.example", Origin=origin.url)
    screen.sees("nothing published")

    # A script with a mistake is marked as it is typed, and is no version.
    screen.open("domains", domain, "scripts")
    screen.click("New script")
    screen.answer("Create", Name="auth")
    screen.text_area.wait_for()
    screen.write(MISTAKE)
    screen.findings.get_by_text("unknown function 'lenght'").wait_for()
    expect(screen.marks).to_have_text("lenght")
    screen.click("Save version…")
    screen.answer("Save", Message="not yet")
    screen.dialog.get_by_role("alert").get_by_text("The script has errors").wait_for()
    screen.answer("Cancel")

    # Mended, tried, kept as a version.
    screen.write(GOOD)
    expect(screen.marks).to_have_count(0)
    screen.page.get_by_label("URL").fill(f"http://{domain}.example/private")
    screen.click("Run")
    expect(screen.page.locator(".decision strong")).to_have_text("403")
    expect(screen.page.locator(".trace")).to_contain_text("taken")
    save_version(screen, "nobody sees /private")

    # Staging first; the first release in production goes to everybody.
    publish(screen, "staging", "try it")
    clients.are_told("staging", private=403)
    screen.open(*script)
    publish(screen, "production", "the first one")
    clients.are_told("production", private=403)

    # The next one by steps: more and more clients, and who has come over stays.
    screen.open(*script)
    screen.write(BETTER)
    save_version(screen, "ask who it is")
    publish(screen, "staging", "second")
    clients.are_told("staging", private=401)
    screen.open(*script)
    publish(screen, "production", "by steps", steps="5, 25, 100")
    wait_until(lambda: clients.who_are_told(401))
    few = clients.who_are_told(401)
    promote(screen, 25)
    wait_until(lambda: clients.who_are_told(401) > few)
    more = clients.who_are_told(401)
    assert clients.who_are_told(403) == set(CLIENTS) - more
    assert len(few) < len(CLIENTS) * 0.15 < len(more) < len(CLIENTS) * 0.4
    promote(screen, 100)
    screen.sees("completed")
    clients.are_told("production", private=401)

    # And back.
    screen.click("Roll back…")
    screen.answer("Roll back", Message="they forgot their passwords")
    screen.toast("Rolled back to release")
    acknowledged(screen, "production")
    clients.are_told("production", private=403)
    clients.are_told("staging", private=401)

    # What was done is told, by whom and in which order.
    screen.open("domains", domain, "audit")
    done = screen.page.locator("tbody tr td:nth-child(4)").all_inner_texts()
    assert done[:5] == ["rolled back", "rollout promoted", "rollout promoted", "published", "published"]
    expect(screen.page.locator("tbody tr").first).to_contain_text("release 2 Production")
    screen.click("Verify the chain")
    screen.sees("chain intact")
