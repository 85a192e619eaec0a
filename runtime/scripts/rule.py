"""
A rule: a script file and its settings, in the vendor's words (reference section 10.1).

    { rule_path = "auth.es", pos = "head", pri = 0, enable = "on", brk = "on", testip = "192.0.2.7",
      option = "_es_dbg=sesame", name = "auth", configid = 7, on_error = "deny" }

The same keys stand in the vendor's rule JSON, where every value is a string, in `edge.toml` and in test files, where
numbers and booleans may be what they are. `on_error` is ours. Without `pos` the script's own first line decides.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from edgescript.builtins import Stage
from edgescript.debugging import OPTION
from edgescript.diagnostics.spelling import nearest
from edgescript.pipeline import OnError

MAX_PRIORITY: Final = 999
"""Reference section 5; 0 runs first."""
MAX_RULE_BYTES: Final = 64 << 10
_NAME: Final = re.compile(r"[\w.-]{1,128}")
_MAX_SHOWN: Final = 60


class RuleError(Exception):
    """The settings cannot be used; the text names each key and what is wanted."""


class Rule(NamedTuple):
    """A script file and how it is to run."""

    path: str
    name: str = ""
    """'' for one made from the path."""
    position: Stage | None = None
    """None where the script's first line decides."""
    priority: int = 0
    enabled: bool = True
    break_on_hit: bool = False
    test_ip: str = ""
    signature: str = ""
    """Of the debug option; '' for none."""
    on_error: OnError | None = None
    """None for the position's own."""
    id: str = ""
    """What debug headers call the rule; '' for its name."""


_SWITCH: Final = {"on": True, "off": False, True: True, False: False}
_POSITIONS: Final[dict[Any, Stage]] = {"head": "head", "foot": "foot"}
_ON_ERROR: Final[dict[Any, OnError]] = {"deny": "deny", "continue": "continue"}


def _one_of(choices: Mapping[Any, Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        return choices[value] if isinstance(value, str | bool) else choices[None]

    return read


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError
    return value


def _number(most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > 18:
            raise ValueError
        number = int(value) if isinstance(value, int) or re.fullmatch("[0-9]+", value) else -1
        if not 0 <= number <= most:
            raise ValueError
        return number

    return read


def _address(value: Any) -> str:
    if value == "":
        return ""
    return str(ipaddress.ip_address(value if isinstance(value, str) else ""))


def _signature(value: Any) -> str:
    if value == "":
        return ""
    found = OPTION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError
    return found[1]


class _Key(NamedTuple):
    field: str
    read: Callable[[Any], Any]
    """The setting; raises ValueError or KeyError."""
    wanted: str


KEYS: Final[dict[str, _Key]] = {
    "rule_path": _Key("path", _text, "a file name"),
    "file": _Key("path", _text, "a file name"),
    "name": _Key("name", _name, "letters, digits, '_', '.' or '-'"),
    "pos": _Key("position", _one_of(_POSITIONS), "'head' or 'foot'"),
    "pri": _Key("priority", _number(MAX_PRIORITY), f"0 to {MAX_PRIORITY}"),
    "enable": _Key("enabled", _one_of(_SWITCH), "'on' or 'off'"),
    "brk": _Key("break_on_hit", _one_of(_SWITCH), "'on' or 'off'"),
    "testip": _Key("test_ip", _address, "an IP address"),
    "option": _Key("signature", _signature, "_es_dbg=SIGNATURE, without spaces"),
    "on_error": _Key("on_error", _one_of(_ON_ERROR), "'deny' or 'continue'"),
    "configid": _Key("id", lambda value: str(_number(10**18)(value)), "a number"),
}
"""Each key of a rule: the field it sets and how it is read."""


def parse_rule(settings: Mapping[str, Any]) -> Rule:
    """The rule that `settings` describe. Raises RuleError, which names everything that is wrong."""
    wrong = [
        f"{key if key in KEYS else shown(key)}: {message}" if key else message
        for key, message in rule_problems(settings)
    ]
    if wrong:
        raise RuleError("; ".join(wrong))
    return Rule(**{KEYS[key].field: KEYS[key].read(value) for key, value in settings.items()})


def rule_problems(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with `settings`: pairs of the key, '' for all of them together, and what is wrong with it."""
    fields = [KEYS[key].field for key in settings if key in KEYS]
    if "path" not in fields:
        yield "", "no rule_path: want the script's file name"
    if fields.count("path") > 1:
        yield "", "rule_path and file: want one of them"
    for key, value in settings.items():
        declared = KEYS.get(key)
        if declared is None:
            near = nearest(key, KEYS)
            yield key, f"unknown key{f', did you mean {near!r}?' if near else ''}"
            continue
        try:
            declared.read(value)
        except (KeyError, ValueError):
            yield key, f"got {shown(value)}, want {declared.wanted}"


def shown(value: object) -> str:
    """A value of a rule in an error: short, on one line."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
