"""
Names that a response may be purged by, from the fields in which origins state them.

Two spellings are in use: a list with commas, as in `Cache-Tag`, and words with spaces, as in `Surrogate-Key`; a line
with a comma is the former. Tags are compared as they are, case and all. A response whose tags are beyond the bounds is
not stored: without one of its names it would be served on after a purge that was about it.
"""

from collections.abc import Iterable
from typing import Final

from runtime.http.fields import Fields

MAX_TAGS: Final = 128
"""As many as the disk tier indexes."""
MAX_TAG_BYTES: Final = 256
MAX_PARTS: Final = 4 * MAX_TAGS
"""Of one line, those that are no tags included."""
USUAL_FIELDS: Final = frozenset({b"cache-tag", b"surrogate-key", b"xkey"})
"""Lower case."""


def tags_of(
    fields: Fields, stated: Iterable[str] = (), names: frozenset[bytes] = USUAL_FIELDS
) -> tuple[str, ...] | None:
    """
    The tags that a response has in its fields called `names` (lower case), those `stated` by scripts first; one code
    point a byte, each once. None when they are too many, or one is too long.
    """
    found: dict[str, None] = dict.fromkeys(tag for tag in stated if tag)
    for name, value in fields:
        lower = name.lower()
        if lower in names:
            words = value.split(b",", MAX_PARTS) if b"," in value else value.split(None, MAX_PARTS)
            if len(words) > MAX_PARTS:
                return None
            found |= dict.fromkeys(tag.decode("latin-1") for word in words if (tag := word.strip(b" \t")))
    if found and (len(found) > MAX_TAGS or max(map(len, found)) > MAX_TAG_BYTES):
        return None
    return tuple(found)
