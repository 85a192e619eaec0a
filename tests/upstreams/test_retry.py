"""RFC 9110 section 9.2.2: what may be asked again of another server."""

import pytest

from runtime.upstreams.retry import may_try_another


@pytest.mark.parametrize(
    ("failure", "sent", "method", "has_content", "may"),
    [
        ("refused", False, b"GET", False, True),
        ("refused", False, b"POST", True, True),
        ("timeout", False, b"POST", True, True),
        ("unresolved", False, b"PATCH", True, True),
        ("tls", False, b"POST", True, True),
        ("cut", True, b"GET", False, True),
        ("timeout", True, b"HEAD", False, True),
        ("cut", True, b"OPTIONS", False, True),
        ("cut", True, b"DELETE", False, True),
        ("cut", True, b"PUT", False, True),
        ("cut", True, b"PUT", True, False),
        ("cut", True, b"GET", True, False),
        ("cut", True, b"POST", False, False),
        ("cut", True, b"PATCH", False, False),
        ("cut", True, b"PURGE", False, False),
        ("malformed", True, b"GET", False, False),
    ],
)
def test_another_server_may_be_tried(failure, sent, method, has_content, may):
    assert may_try_another(failure, sent=sent, method=method, has_content=has_content) is may
