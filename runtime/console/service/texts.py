"""A script's text with all that goes with it, as it was sent and as it is stored."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from runtime.console.model.names import MAX_SOURCE_BYTES, MAX_TESTS_BYTES, script_text
from runtime.console.model.rules import RuleSettings, read_rule


class Text(msgspec.Struct, frozen=True):
    """A script's text, its settings and its tests, each judged to be in order by itself."""

    source: str
    rule: RuleSettings
    tests: str

    @property
    def digest(self) -> str:
        """SHA-256 of source and settings, hexadecimal."""
        rule = msgspec.json.encode(self.rule, order="deterministic")
        return hashlib.sha256(rule + b"\0" + self.source.encode()).hexdigest()

    @property
    def rule_json(self) -> dict[str, Any]:
        """As it is stored."""
        return msgspec.structs.asdict(self.rule)


def read_text(source: str, rule: Mapping[str, Any] | RuleSettings | None, tests: str | None) -> Text:
    """What was sent. Raises Refused."""
    script_text(source, "source", MAX_SOURCE_BYTES)
    script_text(tests or "", "tests", MAX_TESTS_BYTES)
    settings = rule if isinstance(rule, RuleSettings) else read_rule(rule or {})
    return Text(source, settings, tests or "")


def stored_rule(stored: Mapping[str, Any]) -> RuleSettings:
    """Settings as the store has them."""
    return msgspec.convert(stored, RuleSettings)
