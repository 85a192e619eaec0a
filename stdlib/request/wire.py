"""
What may leave on the wire: header names and values, paths and redirect targets made from whatever a script has.

One place decides, so that no builtin can be talked into splitting a message (RFC 9112 section 11.1).
"""

import re
from collections.abc import Callable
from typing import Final

from edgescript.effects import FRAMING_FIELDS

MAX_FIELD_BYTES: Final = 16_384
"""A header value; what HTTP servers accept as a line at most."""
MAX_TARGET_BYTES: Final = 8_192
"""A path, query or Location; RFC 9110 section 4.1 asks for 8000 at least."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}")
"""RFC 9110 section 5.6.2."""
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~()]{1,256}")
"""A token, or with parentheses, which an official sample has in a header name."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""RFC 9110 section 5.5: no control character but the tab."""
_HOST: Final = re.compile(
    r"(?:[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)*+\.?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
"""What the node takes from clients (RFC 9112 section 3.2), for whoever gets another has to guess whom it is for."""
MAX_HOST_BYTES: Final = 260
_UNSAFE: Final = re.compile(r"[^\x21-\x7e]")


def is_token(name: str) -> bool:
    """Whether `name` is a token: a cookie's name, for one (RFC 6265 section 4.1.1)."""
    return _TOKEN.fullmatch(name) is not None


def is_field_name(name: str) -> bool:
    """Whether scripts may set and delete the field."""
    return _NAME.fullmatch(name) is not None and name.lower() not in FRAMING_FIELDS


def is_field_value(value: str) -> bool:
    """Whether the value fits one header line."""
    # No control character is printable: most values are found good twice as fast.
    return len(value) <= MAX_FIELD_BYTES and (value.isprintable() or _CONTROL.search(value) is None)


def is_host(value: str) -> bool:
    """Whether the value may be sent as Host."""
    return len(value) <= MAX_HOST_BYTES and _HOST.fullmatch(value) is not None


def value_rule(name: str) -> Callable[[str], bool]:
    """What decides whether a value may stand under `name`."""
    return is_host if name.lower() == "host" else is_field_value


def safe_target(text: str) -> str:
    """`text` with control bytes, spaces and non-ASCII percent-encoded: fit for a request line or Location."""
    if text.isascii() and text.isprintable() and " " not in text:  # half of what a search takes
        return text
    return _UNSAFE.sub(lambda match: f"%{ord(match.group()):02X}", text)
