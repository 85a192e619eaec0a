"""Names of places and companies, as databases spell them, in one form that tables can be asked for."""

import re
import unicodedata
from typing import Final

MAX_NAME: Final = 256
"""Characters of a name that are looked at; organisations' names in registries stay below."""

_NOT_WORD: Final = re.compile(r"[\W_]+")


def folded(name: str) -> str:
    """`name` without accents, case, spaces and punctuation: `Xi'an`, `XI AN` and `Xī'ān` are `xian`."""
    return _NOT_WORD.sub("", _plain(name))


def words(name: str) -> str:
    """`name` without accents and case, its words separated and enclosed by single spaces."""
    return f" {_NOT_WORD.sub(' ', _plain(name)).strip()} "


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name[:MAX_NAME])
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()
