"""The settings in force as an operator may see them: what is secret is left out."""

import re
from typing import Any, Final

import msgspec

from runtime.config import Config

_SECRET: Final = frozenset({"option", "password", "secret", "token", "signature", "username"})
"""Keys whose values are secret; `option` has the signature of debugging."""
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]*@")
"""Name and password in a URL."""
HIDDEN: Final = "***"


def shown(config: Config) -> dict[str, Any]:
    """Every setting by its key."""
    settings: dict[str, Any] = _without_secrets(msgspec.to_builtins(config))
    return settings


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: HIDDEN if key in _SECRET and each else _without_secrets(each) for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without_secrets(each) for each in value]
    if isinstance(value, str):
        return _CREDENTIALS.sub(f"{HIDDEN}@", value)
    return value
