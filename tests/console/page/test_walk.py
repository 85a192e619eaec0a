"""A day's work in the browser: from a mistake to a rollout, back again, and what the audit has of it."""

import contextlib
import re

from playwright.sync_api import expect

from tests.console.cli.running import Follower

MISTAKE = "if eq($uri, '/private') {\n    exit(403, lenght('x'))\n}\n"
GOOD = "if eq($uri, '/private') {\n    exit(403, 'no')\n}\n"
BETTER = GOOD.replace("403", "401")


@contextlib.contextmanager
def following(console, api, environment, name):
    """A node of `environment` that takes what it is offered."""
    follower = Follower(console.url, api.node_token(environment), name, environment)
    try:
        yield
    finally:
        follower.stop()


def acknowledged(screen, node):
    """Waits until the rollout's view shows that `node` serves it."""
    row = screen.page.locator("tbody tr").filter(has_text=node)
    expect(row.get_by_text("acknowledged")).to_be_visible(timeout=20_000)


def publish(screen, environment, message, steps=None):
    """Through the dialog; ends on the rollout's view."""
    screen.click("Publish…")
    screen.dialog.get_by_label("Environment").select_option(environment)
    if steps:
        screen.dialog.get_by_label("Steps in percent").fill(steps)
    screen.answer("Publish", Message=message)
    screen.page.locator(".steps").wait_for()


def promote(screen, to):
    screen.click(f"Promote to {to} %")
    screen.answer("Promote")


def save_version(screen, message):
    screen.click("Save version…")
    screen.answer("Save", Message=message)
    screen.toast("was made")


def test_from_a_mistake_to_a_rollout_and_back(look, editor, api, console):
    screen = look(editor).sign_in()
    domain = f"walk-{editor}"
    screen.click("New domain")
    screen.answer("Create", Name=domain, Hosts=f"{domain}.example", Origin="http://127.0.0.1:9")
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

    # Staging, with a node that follows it.
    with following(console, api, "staging", f"s-{domain}"):
        publish(screen, "staging", "try it")
        screen.sees("completed")
        acknowledged(screen, f"s-{domain}")

        # The first release in production goes to everybody; the next one by steps.
        with following(console, api, "production", f"p-{domain}"):
            screen.open("domains", domain, "scripts", "auth")
            publish(screen, "production", "the first one")
            screen.sees("completed")
            screen.open("domains", domain, "scripts", "auth")
            screen.write(BETTER)
            save_version(screen, "ask who it is")
            publish(screen, "staging", "second")
            screen.sees("completed")
            screen.open("domains", domain, "scripts", "auth")
            publish(screen, "production", "by steps", steps="5, 25, 100")
            screen.sees("running")
            acknowledged(screen, f"p-{domain}")
            promote(screen, 25)
            expect(screen.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")
            promote(screen, 100)
            screen.sees("completed")
            acknowledged(screen, f"p-{domain}")
            assert api("GET", f"/domains/{domain}")["environments"]["production"]["live"] == {"auth": 2}

            # And back.
            screen.click("Roll back…")
            screen.answer("Roll back", Message="they forgot their passwords")
            screen.toast("Rolled back to release")
            acknowledged(screen, f"p-{domain}")
            assert api("GET", f"/domains/{domain}")["environments"]["production"]["live"] == {"auth": 1}

    screen.open("domains", domain, "audit")
    expect(screen.page.locator("tbody tr").first).to_contain_text(re.compile("roll", re.IGNORECASE))
    screen.click("Verify the chain")
    screen.sees("chain intact")
