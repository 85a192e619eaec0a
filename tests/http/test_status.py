"""Reason phrases and default pages."""

import pytest

from runtime.http.status import default_page, has_no_content, reason_phrase


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (200, b"OK"),
        (404, b"Not Found"),
        (413, b"Content Too Large"),
        (414, b"URI Too Long"),
        (431, b"Request Header Fields Too Large"),
        (299, b"Success"),
        (599, b"Server Error"),
        (999, b"Unknown"),
    ],
)
def test_reason_phrase(status, phrase):
    assert reason_phrase(status) == phrase


@pytest.mark.parametrize("status", [200, 403, 502, 777])
def test_a_default_page_says_the_status_and_nothing_else(status):
    title = f"{status} {reason_phrase(status).decode()}"
    page = default_page(status).decode("ascii")
    assert page.count(title) == 2
    assert len(page) < 200
    assert default_page(status) == default_page(status)


def test_statuses_without_content():
    assert [status for status in range(100, 600) if has_no_content(status)] == [*range(100, 200), 204, 304]
