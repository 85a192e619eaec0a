"""
Names that a response may be purged by, from the fields in which origins state them.

Two spellings are in use: `Cache-Tag`, a list with commas, and `Surrogate-Key`, words with spaces. Tags are compared as
they are, case and all. What is beyond the bounds is left out: a response is stored all the same.
"""

from collections.abc import Iterable
from typing import Final

from runtime.http.fields import Fields

MAX_TAGS: Final = 64
MAX_TAG_BYTES: Final = 256
_SEPARATORS: Final = {b"cache-tag": b",", b"surrogate-key": None}


def tags_of(fields: Fields, stated: Iterable[str] = ()) -> tuple[str, ...]:
    """The tags of a response with `fields`, those `stated` by scripts first; one code point a byte, each once."""
    found: dict[str, None] = {}
    for tag in stated:
        _add(found, tag)
    for name, value in fields:
        lower = name.lower()
        if lower in _SEPARATORS:
            for part in value.split(_SEPARATORS[lower], 4 * MAX_TAGS):
                _add(found, part.strip(b" \t").decode("latin-1"))
    return tuple(found)


def _add(found: dict[str, None], tag: str) -> None:
    if tag and len(tag) <= MAX_TAG_BYTES and len(found) < MAX_TAGS:
        found[tag] = None
