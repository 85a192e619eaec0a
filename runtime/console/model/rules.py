"""
Settings of a script, and the vendor's rule JSON (reference section 10.1), which states them beside a script.

The console keeps the vendor's keys with values that are what they are (`pri` a number, `enable` true or false); for the vendor
every value is a string. What a key takes is declared once, in `runtime.scripts.rule`.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final, Literal, NamedTuple

import msgspec

from runtime.console.model.names import is_name
from runtime.console.model.refusal import Refused, invalid
from runtime.scripts.rule import KEYS, Rule, parse_rule, rule_problems

MAX_RULES: Final = 1_000
"""Of one import: as many as a domain has scripts."""
_PATH: Final = "-"
"""In place of a file where there is none."""
_SWITCHES: Final = {True: "on", False: "off"}
_NOT_IN_NAMES: Final = re.compile(r"[^\w.-]+")


class RuleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a script runs, in the vendor's words."""

    pos: Literal["head", "foot"] | None = None
    """None where the script's first line decides."""
    pri: int = 0
    enable: bool = True
    brk: bool = False
    testip: str = ""
    option: str = ""
    """`_es_dbg=SIGNATURE`, or ''."""
    on_error: Literal["deny", "continue"] | None = None
    """None for the position's own."""


KEPT: Final = tuple(field.name for field in msgspec.structs.fields(RuleSettings))


def read_rule(given: Mapping[str, Any]) -> RuleSettings:
    """The settings stated by `given`, every key optional, null as if it were not there. Raises Refused."""
    stated = {key: value for key, value in given.items() if value is not None}
    problems = [
        {"where": f"rule.{key}", "message": message}
        for key, message in rule_problems({**stated, "rule_path": _PATH})
        if key
    ]
    problems += [
        {"where": f"rule.{key}", "message": "unknown key"}
        for key in stated
        if key in KEYS and key not in KEPT
    ]
    if problems:
        raise Refused(
            "invalid",
            "; ".join(f"{each['where']}: {each['message']}" for each in problems),
            problems=problems,
        )
    return settings_of(parse_rule({**stated, "rule_path": _PATH}))


def settings_of(rule: Rule) -> RuleSettings:
    return RuleSettings(
        pos=rule.position,
        pri=rule.priority,
        enable=rule.enabled,
        brk=rule.break_on_hit,
        testip=rule.test_ip,
        option=f"_es_dbg={rule.signature}" if rule.signature else "",
        on_error=rule.on_error,
    )


def rule_of(name: str, settings: RuleSettings) -> Rule:
    """As `runtime.scripts` has it."""
    stated = {
        key: value for key, value in msgspec.structs.asdict(settings).items() if value not in (None, "")
    }
    return parse_rule({**stated, "rule_path": name, "name": name})


class Imported(NamedTuple):
    """One rule of the vendor's."""

    name: str
    source: str
    settings: RuleSettings


def read_vendor_rules(rules: Sequence[Mapping[str, Any]]) -> list[Imported]:
    """
    Scripts and their settings. Each rule is an object with the vendor's keys and the text under `rule`, or one of the
    payload `functionArgs` (section 10.2). Its name is `name`, else that of the file in `rule_path`. Raises Refused.
    """
    if len(rules) > MAX_RULES:
        raise Refused("too-large", f"more than {MAX_RULES} rules")
    found: dict[str, Imported] = {}
    for index, each in enumerate(rules):
        imported = _read_vendor_rule(_flat(each), f"[{index + 1}]")
        if imported.name in found:
            raise invalid(f"[{index + 1}].name", f"two rules are called {imported.name}")
        found[imported.name] = imported
    return list(found.values())


def _flat(rule: Mapping[str, Any]) -> dict[str, Any]:
    arguments = rule.get("functionArgs")
    if not isinstance(arguments, list):
        return dict(rule)
    pairs = [each for each in arguments if isinstance(each, dict)]
    return {str(each.get("argName")): each.get("argValue") for each in pairs}


_PASSED_BY: Final = frozenset({"configid", "configId", "grammar", "jsmode", "functionId", "functionName"})
"""Numbers that the vendor gave, which mean nothing here, and its other engine's settings."""


def _read_vendor_rule(rule: dict[str, Any], where: str) -> Imported:
    source = rule.pop("rule", None)
    path, name = rule.pop("rule_path", ""), rule.pop("name", "")
    if not isinstance(source, str) or not source:
        raise invalid(f"{where}.rule", "want the script's text")
    if rule.get("grammar") == "js":
        raise invalid(f"{where}.grammar", "js is another language")
    if not isinstance(path, str) or not isinstance(name, str):
        raise invalid(f"{where}.name", "want text")
    name = name or _NOT_IN_NAMES.sub("_", PurePath(path).stem)[:64]
    if not is_name(name):
        raise invalid(f"{where}.name", "want a name, or a file's in rule_path")
    stated = {key: value for key, value in rule.items() if key not in _PASSED_BY and value != ""}
    try:
        return Imported(name, source, read_rule(stated))
    except Refused as refused:
        for problem in refused.extra["problems"]:
            problem["where"] = problem["where"].replace("rule", where, 1)
        raise


def vendor_rule(name: str, source: str, settings: RuleSettings, position: str) -> dict[str, str]:
    """The vendor's JSON, every value a string; `position` is the one in force."""
    stated = {
        "pos": settings.pos or position,
        "pri": str(settings.pri),
        "enable": _SWITCHES[settings.enable],
        "brk": _SWITCHES[settings.brk],
        "testip": settings.testip,
        "option": settings.option,
        "name": name,
        "rule_path": name if name.endswith(".es") else f"{name}.es",
        "rule": source,
    }
    return {key: value for key, value in stated.items() if value}
