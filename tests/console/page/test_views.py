"""What single views promise, each against the real console."""

import json

import pytest
from playwright.sync_api import expect

from tests.console.page.screen import LINE
from tests.support.follower import Follower


@pytest.fixture
def domain(api):
    return api.domain()


def test_a_wrong_token_is_refused(look, console):
    screen = look()
    screen.page.goto(console.url)
    screen.page.locator("input[name=token]").fill("est_x_wrong")
    screen.page.keyboard.press("Enter")
    screen.page.get_by_role("alert").get_by_text("not known").wait_for()


def test_signing_out_ends_the_session(look):
    screen = look().sign_in()
    screen.page.get_by_role("button", name="Sign out").click()
    screen.page.locator("input[name=token]").wait_for()
    screen.page.reload()
    screen.page.locator("input[name=token]").wait_for()


def test_a_reader_finds_no_button_to_write(look, api, domain):
    api.version(domain, "auth", "exit(403)\n")
    secret = api("POST", "/tokens", json={"label": "r", "grants": [{"domain": domain, "scope": "read"}]})[
        "secret"
    ]
    screen = look().sign_in(secret).open("domains", domain, "scripts", "auth")
    assert screen.page.get_by_role("button", name="Save draft").count() == 0
    assert screen.page.get_by_role("button", name="Publish…").count() == 0
    screen.click("Run")
    screen.page.locator(".decision").wait_for()


def test_a_view_of_nothing_says_so(look):
    screen = look().sign_in().open("domains", "not-there")
    expect(screen.page.locator("h1")).to_have_text("There is nothing here")
    screen.open("no", "such", "view")
    expect(screen.page.locator("h1")).to_have_text("There is nothing here")
    screen.sees("There is no such thing")


def test_production_wants_staging_first(look, api, domain):
    api.version(domain, "auth", "exit(403)\n")
    screen = look().sign_in().open("domains", domain)
    screen.click("Publish…")
    screen.dialog.get_by_label("Environment").select_option("production")
    screen.answer("Publish", Message="at once")
    screen.dialog.get_by_role("alert").get_by_text("never live in staging").wait_for()
    screen.dialog.get_by_role("checkbox", name="Without staging").check()
    screen.answer("Publish")
    screen.sees("completed")


def test_a_secret_dictionary_is_written_and_never_read(look, api, domain):
    screen = look().sign_in().open("domains", domain, "dictionaries")
    screen.click("New dictionary")
    screen.dialog.get_by_label("Name").fill("keys")
    screen.dialog.get_by_role("checkbox").check()
    screen.answer("Create")
    screen.page.locator("main").get_by_label("Key").fill("k1")
    screen.page.locator("main").get_by_label("Value").fill("very secret")
    screen.click("Save")
    screen.page.get_by_role("cell", name="k1").wait_for()
    screen.sees("hidden")
    assert "very secret" not in screen.page.content()
    assert api("GET", f"/domains/{domain}/dictionaries/keys")["keys"] == ["k1"]


def test_entries_of_a_dictionary(look, api, domain):
    api(
        "PUT",
        f"/domains/{domain}/dictionaries/flags",
        json={"entries": {"a": "1"}, "secret": False, "revision": 0},
    )
    screen = look().sign_in().open("domains", domain, "dictionaries", "flags")
    screen.page.locator("main").get_by_label("Key").fill("b")
    screen.page.locator("main").get_by_label("Value").fill("2")
    screen.click("Save")
    screen.page.get_by_role("row", name="b 2").wait_for()
    screen.page.get_by_role("row", name="a 1").get_by_role("button", name="Delete").click()
    screen.answer("Delete")
    expect(screen.page.get_by_role("row", name="a 1")).to_have_count(0)
    assert api("GET", f"/domains/{domain}/dictionaries/flags")["entries"] == {"b": "2"}


def test_a_token_is_shown_once(look, domain):
    screen = look().sign_in().open("domains", domain, "tokens")
    screen.click("New token")
    screen.answer("Create", Label="ci")
    secret = screen.dialog.get_by_label("Token").input_value()
    assert secret.startswith("est_")
    screen.answer("Close")
    screen.page.get_by_role("row", name="ci").wait_for()
    assert secret not in screen.page.content()
    look().sign_in(secret).open("domains", domain)
    screen.page.get_by_role("row", name="ci").get_by_role("button", name="Revoke").click()
    screen.answer("Revoke")
    screen.page.get_by_role("row", name="ci").get_by_text("revoked").wait_for()


def test_a_refused_setting_is_named(look, domain, editor):
    screen = look(editor).sign_in().open("domains", domain, "settings")
    screen.write(json.dumps({"hosts": [f"{domain}.example"], "orgin": "http://127.0.0.1"}))
    screen.click("Save")
    screen.page.locator(".errors").get_by_text("orgin").first.wait_for()
    screen.write("{,")
    screen.click("Save")
    screen.page.locator(".errors").get_by_text("not JSON").wait_for()


def test_the_vendors_rules_come_in_as_drafts(look, domain):
    rule = {
        "name": "gate",
        "pos": "foot",
        "pri": "3",
        "enable": "on",
        "brk": "off",
        "testip": "",
        "option": "",
        "rule": "exit(410)\n",
    }
    screen = look().sign_in().open("domains", domain, "rules")
    screen.page.get_by_label("Rules", exact=False).fill(json.dumps([rule]))
    screen.click("Import")
    screen.page.get_by_role("link", name="gate").click()
    screen.text_area.wait_for()
    expect(screen.text_area).to_have_value("exit(410)\n")
    screen.tab("Rule")
    expect(screen.page.get_by_label("Priority")).to_have_value("3")


def test_a_purge(look, api, domain):
    api.version(domain, "auth", "exit(403)\n")
    api.publish(domain)
    screen = look().sign_in().open("domains", domain, "purge")
    screen.page.locator("main").get_by_label("Value").fill(f"http://{domain}.example/a")
    screen.click("Purge")
    screen.page.get_by_role("alert").get_by_text("nothing was published to production").wait_for()
    screen.page.locator("main").get_by_label("Environment").select_option("staging")
    screen.click("Purge")
    screen.toast("is on its way")
    screen.open("domains", domain, "audit")
    screen.sees("purge")


def test_versions_side_by_side(look, api, domain, editor):
    api.version(domain, "auth", "exit(403)\n", message="first")
    api.version(domain, "auth", "exit(404)\n", message="second")
    screen = look(editor).sign_in().open("domains", domain, "scripts", "auth", "versions")
    screen.page.get_by_role("link", name="with the one before").click()
    expect(screen.page.locator(".diff.two .gone").first).to_contain_text("exit(403)")
    expect(screen.page.locator(".diff.two .come").first).to_contain_text("exit(404)")
    screen.click("In one column")
    expect(screen.page.locator(".diff.two")).to_have_count(0)
    screen.open("domains", domain, "scripts", "auth", "versions", "1")
    screen.click("Put into the editor")
    screen.sees("not saved")
    screen.click("Save draft")
    screen.toast("Saved.")
    assert api("GET", f"/domains/{domain}/scripts/auth/draft")["source"] == "exit(403)\n"


def test_the_log_runs_and_can_be_held(look, api, domain, console):
    api.version(domain, "auth", "exit(403)\n")
    api.publish(domain)
    follower = Follower(console.url, api.node_token("staging"), f"log-{domain}", "staging")
    try:
        screen = (
            look().sign_in().open("domains", domain, "logs", args="?environment=staging&filter=status%3D403")
        )
        screen.sees("live")
        follower.until_read(domain)
        follower.tell(
            0,
            [
                {**LINE, "domain": domain, "uri": "/one"},
                {**LINE, "domain": domain, "uri": "/other", "status": 200},
            ],
        )
        screen.page.locator(".log .uri").get_by_text("/one").wait_for()
        assert screen.page.locator(".log .uri").get_by_text("/other").count() == 0
        screen.click("Pause")
        follower.tell(0, [{**LINE, "domain": domain, "uri": "/two"}])
        screen.sees("Lines waiting: 1")
        assert screen.page.locator(".log .uri").get_by_text("/two").count() == 0
        screen.click("Resume")
        screen.page.locator(".log .uri").get_by_text("/two").wait_for()
    finally:
        follower.stop()


def test_who_administers_a_domain_makes_its_tokens(look, api, domain):
    other = api.domain()
    grants = [{"domain": name, "scope": "admin"} for name in (domain, other)]
    mine = api("POST", "/tokens", json={"label": "mine", "grants": grants})["secret"]
    api("POST", "/tokens", json={"label": "theirs", "grants": [{"domain": api.domain(), "scope": "admin"}]})
    screen = look().sign_in(mine).open("domains", domain, "tokens")
    screen.click("New token")
    screen.answer("Create", Label="ci")
    screen.answer("Close")
    screen.page.get_by_role("row", name="ci").wait_for()
    screen.open("tokens")
    assert screen.page.locator("tbody tr strong").all_inner_texts() == ["ci", "mine"]


def test_a_dialog_is_sent_by_the_keyboard(look, api, domain):
    api.draft(domain, "auth", "exit(403)\n")
    screen = look().sign_in().open("domains", domain, "scripts", "auth")
    screen.click("Save version…")
    screen.dialog.get_by_label("Message").wait_for()
    screen.page.keyboard.type("of two")
    screen.page.keyboard.press("Enter")
    screen.page.keyboard.type("lines")
    screen.page.keyboard.press("Control+Enter")
    screen.toast("was made")
    versions = api("GET", f"/domains/{domain}/scripts/auth/versions")["items"]
    assert [version["message"] for version in versions] == ["of two\nlines"]


def test_a_request_to_try_is_one_of_the_domain(look, api):
    domain = api.domain(hosts=["*.shop.example"])
    screen = look().sign_in().open("domains", domain, "scripts", "auth")
    expect(screen.page.get_by_label("URL")).to_have_value("http://www.shop.example/")


SERIES = """async ([points, step, now]) => {
  const {axis, summed, timePerRun} = await import('/static/lib/series.js')
  const times = axis([{points}], step, now)
  const rows = summed([{points}], times)
  return [times, rows.map(row => row[1]), timePerRun(rows)]
}"""
"""Times, hits and microseconds of a run, as the metrics page plots them."""


@pytest.mark.parametrize(
    ("points", "now", "plotted"),
    [
        # A step in which nothing was counted is one of nothing, not a slope.
        ([(100, 4, 4), (130, 2, 10)], 200, [[100, 110, 120, 130], [4, 0, 0, 2], [1, None, None, 5]]),
        # One run of many is timed, for all of them: the mean is that of the runs since the one before.
        (
            [(100, 20, 0), (110, 20, 0), (120, 24, 640)],
            200,
            [[100, 110, 120], [20, 20, 24], [None, None, 10]],
        ),
        # A step that goes on would look like a fall.
        ([(100, 4, 8), (110, 1, 0)], 115, [[100], [4], [2]]),
        ([(100, 4, 8)], 105, [[100], [4], [2]]),
        ([], 105, [[], [], []]),
    ],
)
def test_what_was_counted_as_it_is_plotted(look, console, points, now, plotted):
    screen = look()
    screen.page.goto(console.url)
    rows = [[at, hits, 0, 0, 0, 0, 0, 0, spent] for at, hits, spent in points]
    assert screen.page.evaluate(SERIES, [rows, 10, now]) == plotted


def test_a_console_that_is_away_is_told_in_words_and_loses_no_text(look, api, domain, editor):
    screen = look(editor).sign_in().open("domains", domain, "scripts", "auth")
    screen.write("exit(403)")
    screen.page.route("**/api/v1/**", lambda route: route.abort())
    screen.click("Save draft")
    expect(screen.page.locator(".toast span")).to_have_text("The console cannot be reached")
    screen.page.unroute_all()
    screen.click("Save draft")
    screen.toast("Saved.")
    assert api("GET", f"/domains/{domain}/scripts/auth/draft")["source"] == "exit(403)"
    screen.forgive("net::ERR_FAILED")


def test_metrics_have_a_table(look, domain, editor):
    screen = look(editor).sign_in().open("domains", domain, "metrics")
    screen.sees("Nothing was counted in this time.")
    expect(screen.page.locator("figure")).to_have_count(4)
    expect(screen.page.locator(".plot")).to_have_count(0)
    now = screen.page.evaluate("Math.floor(Date.now() / 60000) * 60")
    point = [now - 300, 5, 1, 0, 0, 0, 6, 60, 30]
    series = [{"script": "auth", "version": 1, "release": 1, "points": [point]}]
    told = {"step_s": 60, "series": series}
    screen.page.route("**/metrics?*", lambda route: route.fulfill(json=told))
    screen.page.get_by_label("Period").select_option("3600")
    if editor == "plain":
        expect(screen.page.locator("figure table").first).to_be_visible()
    else:
        expect(screen.page.locator("figure .plot canvas")).to_have_count(4)


AXIS = """async ([times, period]) => {
  const {plot} = await import('/static/built/charts.js')
  const place = document.body.appendChild(document.createElement('div'))
  place.style.width = '600px'
  const marked = []
  const clock = time => { marked.push(time); return '' }
  plot(place, {times, period, unit: '', lines: [{name: 'a', values: times.map(() => 1)}], words: {time: 't', clock}})
  await new Promise(requestAnimationFrame)
  return [Math.min(...marked), Math.max(...marked)]
}"""
"""The first and the last time that is written below a plot."""


@pytest.mark.parametrize("times", [[9000], [8990, 9000], [5400, 9000]])
def test_a_plot_shows_the_period_that_was_asked_for(look, times):
    screen = look("rich").sign_in()
    first, last = screen.page.evaluate(AXIS, [times, [5400, 9000]])
    assert 5400 <= first <= 6300
    assert 8100 <= last <= 9000


def test_completion_and_hover_know_the_language(look, domain):
    screen = look("rich").sign_in().open("domains", domain, "scripts", "auth")
    screen.write("x = subst")
    screen.page.keyboard.type("r")
    screen.page.locator(".cm-tooltip-autocomplete li").get_by_text("substr").wait_for()
    screen.page.keyboard.press("Escape")
    screen.write("x = md5($uri)")
    screen.page.locator(".cm-line").get_by_text("md5").hover()
    screen.page.locator(".cm-tooltip-hover").get_by_text("md5(").wait_for()


def test_a_block_is_indented_as_it_is_typed(look, domain):
    screen = look("rich").sign_in().open("domains", domain, "scripts", "auth")
    screen.write("")
    screen.page.keyboard.type("if true {")
    screen.page.keyboard.press("Enter")
    screen.page.keyboard.type("exit(403)")
    assert screen.page.locator(".cm-content").first.inner_text() == "if true {\n    exit(403)\n}"


def test_findings_of_a_long_script_come_fast(look, domain, editor):
    # 500 lines; the bound is far above what it takes.
    screen = look(editor).sign_in().open("domains", domain, "scripts", "auth")
    screen.write("x = concat($uri, 'a')\n" * 499 + "y = lenght(x)")
    screen.findings.get_by_text("lenght").wait_for(timeout=3000)
    screen.page.get_by_role("button", name="500:5").click()


def test_a_node_that_is_gone_leaves_the_list(look, api, console):
    """With its token; those that came with the same one are named first."""
    token = api.node_token("staging")
    for name in ("old-1", "old-2"):
        Follower(console.url, token, name, "staging").stop()
    screen = look().sign_in()

    def aged(route):
        answer = route.fetch()
        told = answer.json()
        for each in told["items"]:
            each["state"] = "offline" if each["id"].startswith("old-") else each["state"]
        route.fulfill(response=answer, json=told)

    screen.page.route("**/api/v1/nodes?*", aged)
    screen.open("nodes")
    row = screen.page.get_by_role("row", name="old-1")
    row.get_by_role("button", name="Remove").click()
    screen.answer("Remove")
    expect(screen.dialog).to_contain_text("old-2")
    screen.answer("Remove")
    expect(row).to_have_count(0)
    assert "old-1" not in [node["id"] for node in api("GET", "/nodes")["items"]]


def test_what_a_node_does_not_take_is_told(look):
    screen = look().sign_in()
    node = {"id": "n", "environment": "staging", "pool": "p", "region": "", "version": "1", "error": ""}
    node |= {"generation": 5, "seen": 1.0, "state": "partly"}
    node |= {"refused": [{"domain": "shop", "why": "no such upstream"}]}
    counts = {"current": 0, "partly": 1, "behind": 0, "offline": 0, "failed": 0}
    told = {"items": [node], "next": None, "counts": counts}
    screen.page.route("**/api/v1/nodes?*", lambda route: route.fulfill(json=told))
    screen.open("nodes")
    row = screen.page.get_by_role("row", name="n partly")
    expect(row).to_contain_text("shop: no such upstream")


def test_versions_are_compared_without_a_draft_too(look, api, domain):
    api.version(domain, "auth", "exit(403)\n")
    api.version(domain, "auth", "exit(404)\n")
    screen = look().sign_in().open("domains", domain, "scripts", "auth", "diff", args="?from=1&to=draft")
    expect(screen.page.get_by_label("To")).to_have_value("2")
    expect(screen.page.locator(".diff .come").first).to_contain_text("exit(404)")


def test_a_step_is_named_where_it_has_room(look, api, domain):
    api.version(domain, "auth", "exit(403)\n")
    api.publish(domain)
    api.publish(domain, "production")
    api.version(domain, "auth", "exit(404)\n")
    asked = {"environment": "production", "steps": [1, 2, 5, 50, 100], "message": "m", "scripts": {"auth": 2}}
    rollout = api("POST", f"/domains/{domain}/publish", json={**asked, "skip_staging": True})
    screen = look().sign_in().open("domains", domain, "rollouts", str(rollout["id"]))
    marks = screen.page.locator(".steps .mark")
    assert marks.all_inner_texts() == ["", "", "5 %", "50 %", "100 %"]
    titles = [marks.nth(at).get_attribute("title") for at in range(5)]
    assert titles == ["1 %", "2 %", "5 %", "50 %", "100 %"]


def test_where_nothing_was_published_there_is_nothing_to_go_back_from(look, api, domain):
    screen = look().sign_in().open("domains", domain, "rollouts")
    expect(screen.page.get_by_role("button", name="Roll back")).to_have_count(0)
    api.version(domain, "auth", "exit(403)\n")
    api.publish(domain)
    screen.open("domains", domain).open("domains", domain, "rollouts")
    expect(screen.page.get_by_role("button", name="Roll back")).to_have_text(["Roll back Staging"])
