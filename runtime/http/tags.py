"""
Names that a response may be purged by, from the fields in which origins state them.

Two spellings are in use: a list with commas, as in `Cache-Tag`, and words with spaces, as in `Surrogate-Key`; a line
with a comma is the former. Tags are compared as they are, case and all. What is beyond the bounds is left out: a
response is stored all the same.
"""

from collections.abc import Iterable
from typing import Final

from runtime.http.fields import Fields

MAX_TAGS: Final = 64
MAX_TAG_BYTES: Final = 256
MAX_PARTS: Final = 4 * MAX_TAGS
"""Of one line, those that are no tags included."""
USUAL_FIELDS: Final = frozenset({b"cache-tag", b"surrogate-key", b"xkey"})
"""Lower case."""


def tags_of(
    fields: Fields, stated: Iterable[str] = (), names: frozenset[bytes] = USUAL_FIELDS
) -> tuple[str, ...]:
    """
    The tags that a response has in its fields called `names` (lower case), those `stated` by scripts first; one code
    point a byte, each once.
    """
    found: dict[str, None] = {}
    for tag in stated:
        _add(found, tag)
    for name, value in fields:
        lower = name.lower()
        if lower in names:
            words = value.split(b",", MAX_PARTS) if b"," in value else value.split(None, MAX_PARTS)
            for part in words:
                _add(found, part.strip(b" \t").decode("latin-1"))
    return tuple(found)


def _add(found: dict[str, None], tag: str) -> None:
    if tag and len(tag) <= MAX_TAG_BYTES and len(found) < MAX_TAGS:
        found[tag] = None
