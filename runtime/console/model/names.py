"""What things may be called, and how large they may be."""

import re
import unicodedata
from typing import Any, Final

from runtime.console.model.refusal import Refused, invalid

ENVIRONMENTS: Final = ("staging", "production")

MAX_DOMAINS: Final = 10_000
MAX_SCRIPTS: Final = 1_000
"""Of a domain."""
MAX_SOURCE_BYTES: Final = 256 << 10
"""Of a script: twice what the compiler takes, so that a text it refuses as too long can still be kept."""
MAX_TESTS_BYTES: Final = 256 << 10
MAX_DICTIONARIES: Final = 100
"""Of a domain."""
MAX_TOKENS: Final = 1_000
"""Good at once of a domain, so that none takes the room of others; of operators too."""
MAX_NODE_TOKENS: Final = 10_000
MAX_MESSAGE: Final = 2_000
"""Characters of what an author says of a change."""
MAX_LABEL: Final = 100
MAX_SETTINGS_BYTES: Final = 512 << 10
MAX_VALUE: Final = 8_192
"""Characters of a URL, prefix or tag to purge."""

_DOMAIN: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NAME: Final = re.compile(r"[\w.-]{1,64}")
_PLACE: Final = re.compile(r"[\w.-]{0,64}")
_CONTROL: Final = re.compile(r"[\0-\x08\x0b-\x1f\x7f]")


def is_domain_name(name: str) -> bool:
    return _DOMAIN.fullmatch(name) is not None


def is_name(name: str) -> bool:
    """Whether a script or a dictionary may be called so."""
    # '.' and '..' mean something else in a URL, and one name must not have two spellings.
    return bool(_NAME.fullmatch(name)) and bool(name.strip(".")) and unicodedata.is_normalized("NFC", name)


def domain_name(name: str) -> str:
    """`name`. Raises Refused."""
    if not is_domain_name(name):
        raise invalid("name", "want 1 to 63 of a-z, 0-9 and '-', the first no '-'")
    return name


def name_of(what: str, name: str) -> str:
    """`name` of a script or a dictionary. Raises Refused."""
    if not is_name(name):
        raise invalid(what, "want 1 to 64 letters, digits, '_', '.' or '-', not dots alone")
    return name


def place(what: str, name: str) -> str:
    """`name` of a pool or a region, '' for none. Raises Refused."""
    if not _PLACE.fullmatch(name):
        raise invalid(what, "want up to 64 letters, digits, '_', '.' or '-'")
    return name


def environment_name(name: str) -> str:
    """`name`. Raises Refused."""
    if name not in ENVIRONMENTS:
        raise invalid("environment", f"want {' or '.join(ENVIRONMENTS)}")
    return name


def message_text(text: str, what: str = "message", most: int = MAX_MESSAGE) -> str:
    """`text` without space around it. Raises Refused for one too long or with control characters."""
    if len(text) > most:
        raise invalid(what, f"longer than {most} characters")
    if _CONTROL.search(text) or any("\ud800" <= char <= "\udfff" for char in text):
        raise invalid(what, "holds a control character")
    return text.strip()


def label_text(text: str) -> str:
    """`text` as the label of a token. Raises Refused."""
    label = message_text(text, "label", MAX_LABEL)
    if not label or "\n" in label:
        raise invalid("label", "want one line that says whose the token is")
    return label


def script_text(text: str, what: str, most: int) -> bytes:
    """The bytes of a source or of tests. Raises Refused for one too long or that is no text."""
    if len(text) > most:
        raise Refused("too-large", f"{what}: longer than {most} bytes")
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise invalid(what, "is no text that can be written as UTF-8") from None
    if len(data) > most:
        raise Refused("too-large", f"{what}: longer than {most} bytes")
    return data


def whole_number(value: Any, what: str, least: int = 0) -> int:
    """`value`. Raises Refused."""
    if type(value) is not int or not least <= value < 1 << 53:
        raise invalid(what, f"want a whole number, {least} or more")
    return value
