"""The page's files: the page, what it needs, and nothing else of the disk."""

import pytest

from tests.console.api.conftest import is_problem


def test_the_page(running):
    answer = running.get("/", "")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_file_that_has_not_changed_is_not_sent_again(running):
    first = running.get("/static/app.js", "")
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    again = running.get("/static/app.js", "", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    (running.folder / "page" / "app.js").write_text("export const changed = 1;")
    changed = running.get("/static/app.js", "", headers={"If-None-Match": first.headers["etag"]})
    assert (changed.status_code, changed.text) == (200, "export const changed = 1;")


def test_a_large_file_is_packed_for_who_takes_it(running):
    packed = running.get("/", "", headers={"Accept-Encoding": "gzip"})
    plain = running.get("/", "", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


def test_head_has_no_body(running):
    answer = running.ask("HEAD", "/", "")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret.js",
        "/static/%2e%2e/secret.js",
        "/static/..%2fsecret.js",
        "/static//etc/passwd",
        "/static/%00.js",
        "/static/",
        "/static/nothing.exe",
        "/static/" + "a" * 300 + ".js",
        "/secret.js",
    ],
)
def test_nothing_else(running, path):
    is_problem(running.get(path, ""), 404, "not-found")


def test_a_link_out_of_the_folder_is_not_followed(running):
    (running.folder / "page" / "out.js").symlink_to(running.folder / "secret.js")
    is_problem(running.get("/static/out.js", ""), 404, "not-found")
