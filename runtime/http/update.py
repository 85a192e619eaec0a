"""What changes what is stored: a 304 (RFC 9111 §3.2, §4.3.4), HEAD (§4.3.5), requests that are not safe (§4.4)."""

import re
from typing import Final, Literal
from urllib.parse import urljoin

from runtime.http.conditional import Validators, contradicts, describes
from runtime.http.fields import Field, Fields, hop_by_hop, selected

SAFE_METHODS: Final = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE"})

# The stored body is as it was encoded, ranged, measured and digested then (RFC 9111 §3.2). What one client is told by a cookie
# is not for the next. Age spoke of the response that is replaced.
_NOT_UPDATED: Final = {
    b"age",
    b"content-encoding",
    b"content-length",
    b"content-md5",
    b"content-range",
    b"set-cookie",
}


def merge_304(stored_fields: Fields, fresh_fields: Fields) -> list[Field]:
    """
    The stored response's fields updated from a 304 (RFC 9111 §3.2, §4.3.4).

    Each name in the 304 replaces all stored lines of that name, save those of `_NOT_UPDATED` and what is hop-by-hop, of itself
    or by the 304's Connection (§3.1). What the 304 changes about
    storage itself (lifetime, no-store) is for `decide_storage` on the result.
    """
    dropped = hop_by_hop(fresh_fields) | _NOT_UPDATED
    fresh = [field for field in fresh_fields if field[0].lower() not in dropped]
    replaced = {name.lower() for name, _ in fresh}
    # Of both only the fresh response can tell: without a Date it is of the moment it comes (RFC 9110 §6.6.1), and an
    # Expires that came with it counts from there.
    replaced |= {b"age", b"date"}
    return [field for field in stored_fields if field[0].lower() not in replaced] + fresh


def needs_invalidation(method: bytes, status: int) -> bool:
    """Whether what is stored for the target must go: an unsafe method got a 2xx or 3xx (RFC 9111 §4.4)."""
    return method not in SAFE_METHODS and 200 <= status < 400


HeadEffect = Literal["update", "forget", "nothing"]


def head_effect(
    stored: Validators, size: int, headed: Validators, content_length: bytes | None
) -> HeadEffect:
    """
    What a 200 to HEAD does to the stored response of `size` bytes (RFC 9111 §4.3.5).

    Where validators or length differ it is out of date. It is updated only where a validator says that both are the same:
    without one the answer may be about other content, whose lifetime would be lent to the old.
    """
    if contradicts(stored, headed):
        return "forget"
    if content_length is not None and content_length.isdigit() and int(content_length[:20]) != size:
        return "forget"
    return "update" if describes(stored, headed) else "nothing"


_LOCATIONS: Final = frozenset({b"location", b"content-location"})
_AUTHORITY: Final = re.compile(r"[a-z]+://[^/? ]*").match
_MAX_LOCATION_BYTES: Final = 8192


def invalidated_keys(key: str, target: bytes, response_fields: Fields) -> list[str]:
    """
    The cache keys besides `key` that a successful unsafe request to `target` (origin-form) makes out of date: those of
    Location and Content-Location, where they are of the same origin (RFC 9111 §4.4).

    What a key has behind the URI (the upstream that a script chose) the others get too.
    """
    named = selected(response_fields, _LOCATIONS)
    if not named:
        return []
    authority = _AUTHORITY(key)
    if authority is None:
        return []
    origin = authority[0]
    _, mark, upstream = key.rpartition(" @")
    keys = []
    for value in named.values():
        resolved = resolve(origin, target, value)
        if resolved is not None:
            keys.append(f"{resolved}{mark}{upstream}" if mark else resolved)
    return [other for other in keys if other != key]


def resolve(origin: str, target: bytes, reference: bytes) -> str | None:
    """The URI that `reference` in an answer about `target` means, without fragment; None if of another origin."""
    if len(reference) > _MAX_LOCATION_BYTES:
        return None
    try:
        resolved = urljoin(origin + target.decode("latin-1"), reference.decode("latin-1"))
    except ValueError:  # an IPv6 address without its end, and the like
        return None
    uri = resolved.partition("#")[0]
    scheme, mark, rest = uri.partition("://")
    end = min(at for at in (rest.find("/"), rest.find("?"), len(rest)) if at >= 0)
    if not mark or f"{scheme.lower()}://{rest[:end].lower()}" != origin:
        return None
    path = rest[end:]
    return origin + (path if path.startswith("/") else f"/{path}")


def represents_target(key: str, target: bytes, response_fields: Fields) -> bool:
    """Whether Content-Location says that the content is a representation of the target itself (RFC 9110 §8.7)."""
    value = selected(response_fields, frozenset({b"content-location"})).get(b"content-location")
    authority = _AUTHORITY(key)
    if value is None or authority is None:
        return False
    return resolve(authority[0], target, value) == authority[0] + target.decode("latin-1")
