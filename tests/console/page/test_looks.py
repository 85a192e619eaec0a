"""Languages, themes, narrow windows, the keyboard."""

import json
import re

import pytest
from playwright.sync_api import expect

from runtime.console.app import PAGE

IN_DOMAIN = (
    "",
    "scripts",
    "scripts/auth",
    "scripts/auth/versions",
    "scripts/auth/versions/1",
    "scripts/auth/diff",
)
MORE = (
    "rollouts",
    "dictionaries",
    "dictionaries/flags",
    "metrics",
    "logs",
    "purge",
    "settings",
    "rules",
    "tokens",
    "audit",
)
LONG = "a_name_that_is_as_long_as_a_name_may_be_and_has_no_space_at_all_"
KEYS = set(json.loads((PAGE / "texts" / "en.json").read_text(encoding="utf-8")))
NARROW = {"viewport": {"width": 360, "height": 640}}


@pytest.fixture
def full(api):
    """A domain that has something in every view."""
    domain = api.domain()
    api.version(domain, "auth", "# " + "x" * 300 + "\nexit(403)\n", message=LONG)
    api.draft(domain, "auth", "exit(404)\n")
    api.publish(domain)
    entries = {LONG: LONG * 3}
    api(
        "PUT",
        f"/domains/{domain}/dictionaries/flags",
        json={"entries": entries, "secret": False, "revision": 0},
    )
    return domain


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_no_view_scrolls_sideways_in_360_pixels(look, full, locale, editor):
    screen = look(editor, locale=locale, **NARROW).sign_in()
    views = [["domains", full, *view.split("/")] for view in (*IN_DOMAIN, *MORE)]
    for view in [["domains"], ["nodes"], ["tokens"], ["audit"], *views]:
        screen.open(*[part for part in view if part])
        width = screen.page.evaluate("document.documentElement.scrollWidth")
        assert (view, width) == (view, 360)
        assert screen.page.locator("main h1").inner_text()
        # A text without a translation would show as its key.
        shown = set(re.findall(r"[a-z_0-9-]+(?:\.[a-z_0-9-]+)+", screen.page.inner_text("body")))
        assert shown & KEYS == set()


def test_the_menu_of_a_narrow_window(look, full):
    screen = look(**NARROW).sign_in().open("domains", full)
    menu = screen.page.get_by_role("navigation", name="Menu")
    expect(menu).to_be_hidden()
    screen.page.get_by_role("button", name="Menu").click()
    menu.get_by_role("link", name="Scripts").click()
    expect(screen.page.locator("h1")).to_have_text("Scripts")
    expect(menu).to_be_hidden()


@pytest.mark.parametrize(
    ("locale", "title"), [("en-GB", "Domains"), ("zh-CN", "域名"), ("zh-TW", "域名"), ("de-DE", "Domains")]
)
def test_the_page_speaks_as_the_browser_does(look, locale, title):
    screen = look(locale=locale).sign_in().open("domains")
    expect(screen.page.locator("h1")).to_have_text(title)


def test_a_chosen_language_is_remembered_and_loses_no_text(look, api):
    domain = api.domain()
    screen = look().sign_in().open("domains", domain, "scripts", "auth")
    screen.write("exit(403)")
    screen.page.get_by_label("Language").select_option("zh")
    expect(screen.page.get_by_role("button", name="保存草稿")).to_be_visible()
    expect(screen.text_area).to_have_value("exit(403)")
    assert screen.page.evaluate("document.documentElement.lang") == "zh-CN"
    screen.open("domains")
    screen.page.reload()
    expect(screen.page.locator("h1")).to_have_text("域名")


def test_themes_follow_the_system_unless_one_is_chosen(look):
    screen = look(color_scheme="dark").sign_in()

    def ground():
        return screen.page.evaluate("getComputedStyle(document.body).backgroundColor")

    dark = ground()
    screen.page.get_by_label("Theme").select_option("light")
    light = ground()
    assert light != dark
    screen.page.reload()
    screen.page.locator("h1").wait_for()
    assert ground() == light


CONTRAST = """() => {
  const luminance = text => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const probe = document.body.appendChild(document.createElement('span'))
  const colour = name => { probe.style.color = `var(${name})`; return luminance(getComputedStyle(probe).color) }
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
  const pairs = []
  for (const ground of ['--ground', '--surface', '--raised'])
    for (const text of ['--text', '--muted', '--accent', '--good', '--warn', '--bad', '--code-comment', '--code-keyword', '--code-string', '--code-number', '--code-function', '--code-variable'])
      pairs.push([text, ground])
  for (const kind of ['good', 'warn', 'bad', 'accent']) pairs.push([`--${kind}`, `--${kind}-soft`])
  pairs.push(['--on-accent', '--accent'])
  return pairs.map(([text, ground]) => [text, ground, ratio(colour(text), colour(ground))]).filter(row => row[2] < 4.5)
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(look, scheme):
    # WCAG 2.2 AA, 1.4.3: 4.5 to 1.
    screen = look(color_scheme=scheme).sign_in()
    assert screen.page.evaluate(CONTRAST) == []


def test_keys(look, full):
    screen = look().sign_in().open("domains", full)
    keyboard = screen.page.keyboard
    keyboard.press("?")
    expect(screen.dialog).to_contain_text("Keyboard")
    keyboard.press("Escape")
    expect(screen.page.locator("dialog")).to_have_count(0)
    keyboard.press("g")
    keyboard.press("s")
    expect(screen.page.locator("h1")).to_have_text("Scripts")
    # While somebody writes, letters are letters.
    screen.open("domains", full, "purge")
    screen.page.locator("main").get_by_label("Value").focus()
    keyboard.type("g?s")
    expect(screen.page.locator("main").get_by_label("Value")).to_have_value("g?s")


def test_single_keys_can_be_turned_off(look, full):
    screen = look().sign_in().open("domains", full)
    screen.page.keyboard.press("?")
    screen.dialog.get_by_role("checkbox").uncheck()
    screen.answer("Close")
    screen.page.keyboard.press("g")
    screen.page.keyboard.press("s")
    screen.page.keyboard.press("?")
    expect(screen.page.locator("dialog")).to_have_count(0)
    expect(screen.page.locator("h1")).to_have_text(full)


def test_everything_that_can_be_used_has_a_name(look, full, editor):
    screen = look(editor).sign_in()
    for view in (*IN_DOMAIN, *MORE):
        screen.open("domains", full, *[part for part in view.split("/") if part])
        nameless = screen.page.evaluate(
            """() => [...document.querySelectorAll('button, a[href], input, select, textarea')].filter(one =>
              !(one.getAttribute('aria-label') || one.labels?.[0]?.textContent.trim() || one.textContent.trim())
            ).map(one => one.outerHTML)"""
        )
        assert (view, nameless) == (view, [])
