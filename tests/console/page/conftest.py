"""A console in a process of its own, and a browser that looks at its page."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from runtime.console.app import PAGE
from tests.console.page.screen import Api, Screen
from tests.support.console import ConsoleProcess

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"]
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
EDITORS = ("plain", "rich")


@pytest.fixture(scope="session")
def console(tmp_path_factory):
    running = ConsoleProcess(tmp_path_factory.mktemp("console"), "--quiet")
    yield running
    running.end()


@pytest.fixture
def api(console):
    made = Api(console)
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser():
    """It has a loop of its own in this thread while it lives, beside which no other can run: gone with the module's tests."""
    if not BROWSER and not os.environ.get("CI"):
        pytest.skip("no chromium on this machine")
    assert BROWSER, "no chromium: apt-get install chromium"
    with sync_playwright() as player:
        launched = player.chromium.launch(executable_path=BROWSER, headless=True, args=FLAGS + QUIET)
        yield launched
        launched.close()


@pytest.fixture
def look(browser, console):
    """Opens tabs on the console's page; what they saw is judged at the end."""
    screens = []

    def opened(editor="plain", **context):
        if editor == "rich" and not (Path(PAGE) / "built" / "editor.js").exists():
            pytest.skip("the page's comforts are not built: make page")
        made = Screen(browser.new_context(**{"locale": "en-GB", **context}), console, editor)
        screens.append(made)
        return made

    yield opened
    for screen in screens:
        screen.close()
    for screen in screens:
        screen.judge()


@pytest.fixture(params=EDITORS)
def editor(request):
    return request.param
