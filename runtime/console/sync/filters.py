"""
Filters of the log: terms `key=value` and `key~text`, separated by spaces, all of which a line must meet.

A key that the line itself does not have is looked for in the scripts that ran: `state=Exception`, `script=auth`. `status=5xx`
means any of that class. `~` asks whether the value contains the text, capital letters or not.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

MAX_FILTER: Final = 500
MAX_TERMS: Final = 10
_TERM: Final = re.compile(r"([a-z_0-9]{1,32})([=~])(\S{1,200})")
_CLASS: Final = re.compile(r"[1-5]xx")

Line = Mapping[str, Any]
Filter = Callable[[Line], bool]


class BadFilter(ValueError):  # noqa: N818 - read as a sentence where it is caught
    """The text is no filter; the message says what is wanted."""


def read_filter(text: str) -> Filter:
    """What decides whether a line is shown; '' shows all. Raises BadFilter."""
    if len(text) > MAX_FILTER:
        raise BadFilter(f"longer than {MAX_FILTER} characters")
    words = text.split()
    if len(words) > MAX_TERMS:
        raise BadFilter(f"more than {MAX_TERMS} terms")
    terms = [_term(word) for word in words]
    return lambda line: all(term(line) for term in terms)


def _term(word: str) -> Filter:
    found = _TERM.fullmatch(word)
    if found is None:
        raise BadFilter(f"{word[:40]!r}: want key=value or key~text")
    key, sign, text = found.groups()
    if sign == "~":
        part = text.casefold()
        return lambda line: any(part in value.casefold() for value in _values(line, key))
    if key == "status" and _CLASS.fullmatch(text):
        return lambda line: any(len(value) == 3 and value[0] == text[0] for value in _values(line, key))
    return lambda line: any(value == text for value in _values(line, key))


def _values(line: Line, key: str) -> Iterator[str]:
    if key in line:
        yield _shown(line[key])
        return
    name = "name" if key == "script" else key
    scripts = line.get("scripts")
    for script in scripts if isinstance(scripts, list | tuple) else ():
        if isinstance(script, Mapping) and name in script:
            yield _shown(script[name])


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""
