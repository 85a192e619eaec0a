"""The settings in force as an operator may see them: what is secret is left out."""

import re
from typing import Any, Final

import msgspec

from runtime.config import Config

_SECRET: Final = frozenset({"option", "password", "secret", "token", "signature", "username"})
"""Keys whose values are secret; `option` has the signature of debugging."""
_CREDENTIALS: Final = re.compile(r"(?<=://)\S*@")
"""Name and password in a URL, to the last '@': who wrote it may not have escaped what is in a password."""
_SECRET_FIELD: Final = re.compile(
    r"authorization|cookie|credential|password|secret|signature|token|-key$", re.IGNORECASE
)
"""Header fields whose values let somebody in somewhere."""
_FIELDS: Final = frozenset({"set", "add"})
"""Keys of tables of header fields."""
_DICTIONARIES: Final = "dictionaries"
"""The key of tables for scripts, which may hold what they sign with."""
HIDDEN: Final = "***"


def shown(config: Config) -> dict[str, Any]:
    """Every setting by its key."""
    settings: dict[str, Any] = _without_secrets(msgspec.to_builtins(config))
    return settings


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get(_DICTIONARIES), dict):
            value = {**value, _DICTIONARIES: _names_of(value[_DICTIONARIES])}
        return {
            key: HIDDEN
            if key in _SECRET and each
            else _without_secrets(_fields(each) if key in _FIELDS else each)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without_secrets(each) for each in value]
    if isinstance(value, str):
        return _CREDENTIALS.sub(f"{HIDDEN}@", value)
    return value


def _names_of(dictionaries: dict[str, Any]) -> dict[str, Any]:
    """Dictionaries without their entries; a file's name stays."""
    return {name: each if isinstance(each, str) else HIDDEN for name, each in dictionaries.items()}


def _fields(value: Any) -> Any:
    """A table of header fields, without the values of those that are secret."""
    if not isinstance(value, dict):
        return value
    return {name: HIDDEN if _SECRET_FIELD.search(name) else each for name, each in value.items()}
