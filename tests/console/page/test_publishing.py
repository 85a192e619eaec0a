"""What the page offers to publish and to go back to, and what it says of what it leaves out."""

import pytest
from playwright.sync_api import expect

OLD, NEW, WRONG = "exit(403)\n", "exit(401)\n", "exit(lenght('x'))\n"


@pytest.fixture
def domain(api):
    """With a script of which version 1 is `OLD`."""
    name = api.domain()
    api.version(name, "auth", OLD)
    return name


def live(api, domain, environment="staging"):
    return api("GET", f"/domains/{domain}")["environments"][environment]["live"]


def written(look, domain, text, editor="plain"):
    """The script's view, with `text` in the editor and `Publish…` clicked."""
    screen = look(editor).sign_in().open("domains", domain, "scripts", "auth")
    if text is not None:
        screen.write(text)
    screen.click("Publish…")
    return screen


def test_a_version_that_is_what_is_written_is_offered_at_once(look, api, domain, editor):
    api.draft(domain, "auth", OLD)
    screen = written(look, domain, None, editor)
    expect(screen.dialog.get_by_label("Version of auth")).to_have_value("1")
    screen.answer("Publish")  # why is nobody's duty to say, as on the command line
    screen.sees("completed")
    assert live(api, domain) == {"auth": 1}


@pytest.mark.parametrize("saved", [False, True], ids=["typed", "saved as a draft"])
def test_what_is_in_no_version_is_saved_and_published(look, api, domain, editor, saved):
    if saved:
        api.draft(domain, "auth", NEW)
    screen = written(look, domain, None if saved else NEW, editor)
    expect(screen.dialog).to_contain_text("newer than version 1")
    screen.answer("Save and publish", Message="ask who it is")
    expect(screen.dialog.get_by_label("Version of auth")).to_have_value("2")
    screen.answer("Publish")
    screen.sees("completed")
    assert live(api, domain) == {"auth": 2}
    version = api("GET", f"/domains/{domain}/scripts/auth/versions/2")
    assert (version["source"], version["message"]) == (NEW, "ask who it is")


def test_or_it_is_left_out_knowingly(look, api, domain):
    screen = written(look, domain, NEW)
    screen.answer("Publish version 1 as it is")
    screen.answer("Publish")
    screen.sees("completed")
    assert live(api, domain) == {"auth": 1}
    screen.open("domains", domain, "scripts", "auth")
    expect(screen.text_area).to_have_value(NEW)


def test_or_nothing_happens(look, api, domain):
    screen = written(look, domain, NEW)
    screen.answer("Cancel")
    expect(screen.page.locator("dialog")).to_have_count(0)
    assert live(api, domain) == {}


def test_a_text_with_errors_is_not_published_in_passing(look, api, domain):
    screen = written(look, domain, WRONG)
    screen.answer("Save and publish")
    screen.dialog.get_by_role("alert").get_by_text("The script has errors").wait_for()
    assert api("GET", f"/domains/{domain}/scripts/auth/draft")["source"] == WRONG
    assert live(api, domain) == {}


def test_a_first_text_has_no_older_version_to_offer(look, api):
    domain = api.domain()
    screen = written(look, domain, NEW)
    expect(screen.dialog.get_by_role("button")).to_have_text(["Cancel", "Save and publish"])
    screen.answer("Save and publish")
    screen.answer("Publish")
    screen.sees("completed")
    assert live(api, domain) == {"auth": 1}


def test_what_two_authors_wrote_is_settled_before_it_is_published(look, api, domain):
    api.draft(domain, "auth", OLD)
    screen = look().sign_in().open("domains", domain, "scripts", "auth")
    screen.write(NEW)
    api.draft(domain, "auth", "exit(400)\n", revision=1)
    screen.click("Publish…")
    screen.answer("Save and publish")
    screen.answer("Take theirs")
    screen.dialog.get_by_role("alert").get_by_text("nothing is published").wait_for()
    assert live(api, domain) == {}


def test_the_dialog_of_a_whole_domain_says_what_it_leaves_out(look, api, domain):
    api.draft(domain, "auth", NEW)
    api.version(domain, "other", OLD)
    screen = look().sign_in().open("domains", domain)
    screen.click("Publish…")
    expect(screen.dialog.get_by_role("row", name="auth")).to_contain_text("not in a version yet")
    expect(screen.dialog.get_by_role("row", name="other")).not_to_contain_text("not in a version yet")


def test_an_older_version_than_the_newest_is_called_so(look, api, domain):
    api.publish(domain)
    api.version(domain, "auth", NEW)
    screen = look().sign_in().open("domains", domain)
    screen.click("Publish…")
    row = screen.dialog.get_by_role("row", name="auth")
    expect(row).not_to_contain_text("There is version 2.")
    screen.dialog.get_by_label("Environment").select_option("production")
    expect(screen.dialog.get_by_label("Version of auth")).to_have_value("1")
    expect(row).to_contain_text("There is version 2.")


def test_going_past_staging_wants_a_reason(look, domain):
    screen = look().sign_in().open("domains", domain)
    screen.click("Publish…")
    screen.dialog.get_by_label("Environment").select_option("production")
    message = screen.dialog.locator("textarea")
    expect(message).not_to_have_attribute("required", "")
    screen.dialog.get_by_role("checkbox", name="Without staging").check()
    expect(message).to_have_attribute("required", "")
    screen.dialog.get_by_label("Environment").select_option("staging")
    expect(message).not_to_have_attribute("required", "")


def test_only_what_was_live_somewhere_is_offered_to_go_back_to(look, api, domain):
    api.publish(domain)  # release 1
    api.version(domain, "auth", NEW)
    api.publish(domain)  # release 2
    api.publish(domain, "production")  # release 3
    screen = look().sign_in().open("domains", domain, "rollouts")

    def offered(environment):
        screen.click(f"Roll back {environment}")
        screen.dialog.get_by_label("To").wait_for()
        options = screen.dialog.get_by_label("To").locator("option").all_inner_texts()
        hint = screen.dialog.locator("small").first.inner_text()
        screen.answer("Cancel")
        return [each.split(" ")[0] for each in options], hint

    numbers, hint = offered("Staging")
    assert (numbers, hint[:7]) == (["the", "#1"], "At once")
    numbers, hint = offered("Production")
    assert (numbers, hint) == (["the"], "No other release was ever live here.")
    screen.click("Roll back Staging")
    screen.dialog.get_by_label("To").select_option("1")
    screen.answer("Roll back")
    screen.toast("Rolled back to release 1")
    assert live(api, domain) == {"auth": 1}
