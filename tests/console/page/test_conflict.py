"""Two authors at once: both texts are shown, one is chosen, none is lost."""

import pytest
from playwright.sync_api import expect

THEIRS = "exit(401)\n"
MINE = "exit(403)\n"


@pytest.fixture
def torn(look, api, editor):
    """A draft that somebody else saved while it was being written."""
    domain = api.domain()
    api.draft(domain, "auth", "exit(400)\n")
    screen = look(editor).sign_in().open("domains", domain, "scripts", "auth")
    screen.write(MINE)
    api.draft(domain, "auth", THEIRS, revision=1)
    screen.click("Save draft")
    expect(screen.dialog.locator(".diff .gone")).to_contain_text(THEIRS.strip())
    expect(screen.dialog.locator(".diff .come")).to_contain_text(MINE.strip())
    return screen, domain


def source(api, domain):
    return api("GET", f"/domains/{domain}/scripts/auth/draft")["source"]


def test_mine_goes_on(torn, api):
    screen, domain = torn
    screen.answer("Save mine")
    screen.toast("Saved.")
    assert source(api, domain) == MINE


def test_theirs_goes_on_and_mine_is_kept(torn, api):
    screen, domain = torn
    screen.answer("Take theirs")
    screen.sees("Revision 2")
    assert source(api, domain) == THEIRS
    screen.tab("Kept texts")
    screen.click("Show")
    screen.answer("Put into the editor")
    screen.sees("not saved")
    screen.click("Save draft")
    screen.toast("Saved.")
    assert source(api, domain) == MINE


def test_writing_goes_on_and_a_reload_loses_nothing(torn, api):
    screen, domain = torn
    screen.answer("Keep editing")
    assert source(api, domain) == THEIRS
    screen.page.reload()
    screen.text_area.wait_for()
    screen.toast("back in the editor")
    screen.click("Save draft")
    screen.answer("Save mine")
    screen.toast("Saved.")
    assert source(api, domain) == MINE


def test_settings_of_two_authors(look, api, editor):
    domain = api.domain()
    screen = look(editor).sign_in().open("domains", domain, "settings")
    hosts = [f"{domain}.example"]
    screen.write(f'{{"hosts": ["{hosts[0]}"], "origin": "http://127.0.0.1:1"}}')
    theirs = {"hosts": hosts, "origin": "http://127.0.0.1:2"}
    api("PUT", f"/domains/{domain}/settings", json={"settings": theirs, "revision": 1, "message": "m"})
    screen.click("Save")
    expect(screen.dialog.locator(".diff .come").first).to_contain_text("127.0.0.1:1")
    screen.answer("Save mine")
    screen.toast("Saved. The settings")
    assert api("GET", f"/domains/{domain}")["settings"]["origin"] == "http://127.0.0.1:1"
