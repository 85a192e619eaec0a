"""What somebody does with the page, in the words of the page."""

import itertools
import re

import httpx

SETTINGS = {"hosts": ["shop.example"], "origin": "http://127.0.0.1:9"}
EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of (401|403|404|409|422)")
"""Refusals are part of the work; a browser notes each one."""
WITHIN_MS = 10_000
LINE = {
    "time": 1.0,
    "client": "192.0.2.1",
    "method": "GET",
    "host": "h",
    "status": 403,
    "cache": "SYNTH",
    "scripts": [],
}
"""Of the access log, as a node tells it."""
names = (f"d{number}" for number in itertools.count(1))


class Api:
    """The operator's hand on the console, past the page."""

    def __init__(self, console):
        self._http = httpx.Client(
            base_url=f"{console.url}/api/v1",
            headers={"Authorization": f"Bearer {console.operator}"},
            timeout=30,
            trust_env=False,
        )

    def __call__(self, method, path, **given):
        answer = self._http.request(method, path, **given)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def close(self):
        self._http.close()

    def domain(self, **settings):
        """The name of a new domain."""
        name = next(names)
        self(
            "POST",
            "/domains",
            json={"name": name, "settings": {**SETTINGS, "hosts": [f"{name}.example"], **settings}},
        )
        return name

    def draft(self, domain, script, source, revision=0):
        body = {"source": source, "rule": {}, "tests": None, "revision": revision}
        return self("PUT", f"/domains/{domain}/scripts/{script}/draft", json=body)

    def version(self, domain, script, source, message="m"):
        return self(
            "POST",
            f"/domains/{domain}/scripts/{script}/versions",
            json={"message": message, "source": source},
        )

    def publish(self, domain, environment="staging"):
        return self("POST", f"/domains/{domain}/publish", json={"environment": environment, "message": "m"})

    def node_token(self, environment):
        node = {"pool": "p", "region": "r", "environment": environment}
        return self("POST", "/tokens", json={"label": "node", "node": node})["secret"]


class Screen:
    """A tab. With `plain` for an editor the page finds no built assets."""

    def __init__(self, context, console, editor):
        self.console, self.editor = console, editor
        self.context = context
        self.page = context.new_page()
        self.page.set_default_timeout(WITHIN_MS)
        self.asked, self.complaints = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)
        self.page.on("dialog", self._alerted)
        if editor == "plain":
            self.page.route("**/static/built/**", lambda route: route.fulfill(status=404, body=""))

    def _heard(self, message):
        if message.type in {"error", "warning"} and not EXPECTED.match(message.text):
            self.complaints.append(message.text)

    def _alerted(self, dialog):
        if dialog.type == "beforeunload":  # the browser asks whether to leave what is not saved
            dialog.accept()
            return
        self.complaints.append(f"the page opened a {dialog.type}: {dialog.message}")
        dialog.dismiss()

    def forgive(self, text):
        """What a test brought about is no complaint."""
        self.complaints = [each for each in self.complaints if text not in each]

    def close(self):
        self.context.close()

    def judge(self):
        """No script failed, no policy was broken, nobody else was asked."""
        assert self.complaints == []
        ours = (f"{self.console.url}/", "data:", "blob:")
        assert [url for url in self.asked if not url.startswith(ours)] == []

    def sign_in(self, token=None):
        self.page.goto(self.console.url)
        self.page.locator("input[name=token]").fill(token or self.console.operator)
        self.page.locator("form button").click()
        self.page.locator("#main:not([aria-busy]) h1").wait_for()
        return self

    def open(self, *segments, args=""):
        """The view of an address; back when it is there."""
        return self.visit(f"#/{'/'.join(segments)}{args}")

    def visit(self, address):
        """As `open`, by what stands behind the page's own address."""
        if self.page.evaluate("location.hash") != address:
            self.page.evaluate("document.querySelector('main').dataset.left = ''")
        self.page.goto(f"{self.console.url}/{address}")
        self.page.locator("#main:not([data-left]):not([aria-busy]) h1").wait_for()
        return self

    def click(self, name, within="main", exact=True):
        self.page.locator(within).get_by_role("button", name=name, exact=exact).first.click()

    def tab(self, name):
        self.page.get_by_role("tab", name=name).click()

    @property
    def dialog(self):
        return self.page.locator("dialog[open]").last

    def answer(self, button, **fields):
        """Fills the open dialog by labels and ends it with `button`."""
        for label, value in fields.items():
            self.dialog.get_by_label(re.compile(f"^{label}")).first.fill(value)
        self.dialog.get_by_role("button", name=button).last.click()

    @property
    def text_area(self):
        return self.page.locator(".cm-content, .editor textarea").first

    def write(self, text):
        """In place of all that is in the editor."""
        self.text_area.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)

    @property
    def marks(self):
        """What is underlined as wrong in the editor."""
        return self.page.locator(".cm-lintRange-error, .marks mark.error")

    @property
    def findings(self):
        return self.page.locator(".findings-panel li")

    def sees(self, text, within="main"):
        """Waits until `text` is shown."""
        self.page.locator(within).get_by_text(text, exact=False).first.wait_for()

    def toast(self, text):
        self.page.locator(".toast").get_by_text(text).first.wait_for()
