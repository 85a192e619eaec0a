"""What changes what is stored: a 304 (RFC 9111 §3.2, §4.3.4), a request that is not safe (§4.4)."""

from typing import Final

from runtime.http.fields import HOP_BY_HOP, Field, Fields

SAFE_METHODS: Final = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE"})

# The stored body is as it was encoded, ranged and measured then (RFC 9111 §3.2). What one client is told by a cookie
# is not for the next. Age spoke of the response that is replaced.
_NOT_UPDATED: Final = HOP_BY_HOP | {
    b"age",
    b"content-encoding",
    b"content-length",
    b"content-range",
    b"content-type",
    b"set-cookie",
}


def merge_304(stored_fields: Fields, fresh_fields: Fields) -> list[Field]:
    """
    The stored response's fields updated from a 304 (RFC 9111 §3.2, §4.3.4).

    Each name in the 304 replaces all stored lines of that name, save those of `_NOT_UPDATED`. What the 304 changes about
    storage itself (lifetime, no-store) is for `decide_storage` on the result.
    """
    fresh = [field for field in fresh_fields if field[0].lower() not in _NOT_UPDATED]
    replaced = {name.lower() for name, _ in fresh}
    replaced.add(b"age")
    return [field for field in stored_fields if field[0].lower() not in replaced] + fresh


def needs_invalidation(method: bytes, status: int) -> bool:
    """Whether what is stored for the target must go: an unsafe method got a 2xx or 3xx (RFC 9111 §4.4)."""
    return method not in SAFE_METHODS and 200 <= status < 400
