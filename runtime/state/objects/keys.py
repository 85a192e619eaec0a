"""
Keys of the index: records in the order of their URLs, so that a URL's variants and a prefix are each one range.

    URL, its first 400 bytes | 0 | digest of the URL, 12 bytes | digest of Vary's names and values, 8 bytes

LMDB allows 511 bytes. Whatever is found by a key is compared with the whole URL in its record.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from runtime.cache.purge import UPSTREAM_MARK, Purge, both_schemes

_URL_BYTES: Final = 400
_DIGEST_BYTES: Final = 12
VARIANT_BYTES: Final = 8
_NO_VARY: Final = bytes(VARIANT_BYTES)
_TAG_BYTES: Final = 16


def url_key(primary: str) -> bytes:
    """What the keys of all variants of `primary` begin with, and no others."""
    url = primary.encode("latin-1")
    return b"%b\0%b" % (url[:_URL_BYTES], blake2b(url, digest_size=_DIGEST_BYTES).digest())


def variant_key(vary_names: Sequence[bytes], vary_values: Sequence[bytes | None]) -> bytes:
    """What a variant's key ends with; zeros for one without Vary."""
    if not vary_names:
        return _NO_VARY
    digest = blake2b(digest_size=VARIANT_BYTES)
    for name, value in zip(vary_names, vary_values, strict=True):
        digest.update(b"%b\0%b\0" % (name, b"-" if value is None else b"+" + value))
    return digest.digest()


def tag_key(tag: str) -> bytes:
    return blake2b(tag.encode(), digest_size=_TAG_BYTES).digest()


def ranges(purge: Purge) -> tuple[bytes, ...]:
    """Beginnings of keys among which everything is that a purge other than by tag is about."""
    if purge.kind == "all":
        return (b"",)
    found: list[bytes] = []
    for value in both_schemes(purge.value):
        url = value.encode("latin-1")
        if purge.kind == "prefix":
            found.append(url[:_URL_BYTES])
        else:
            found.append(url[:_URL_BYTES] + b"\0")
            # Cut short, it is the range of all URLs with these 400 bytes, this one's among them.
            found.append((url + UPSTREAM_MARK.encode())[:_URL_BYTES])
    return tuple(found)
