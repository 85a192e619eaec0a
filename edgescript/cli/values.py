"""
Option values: text from the command line to what the core takes, or a usage error that says what is wanted.

The command line is Unicode, scripts see bytes: `source.to_bytes_text` is the one crossing.
"""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from runtime.trial.stated import Url, read_client, read_field, read_method, read_url

if TYPE_CHECKING:
    from runtime.scripts.rule import Rule


class UrlType(click.ParamType[Url]):
    """`http://host[:port]/path?query`; a fragment is dropped, since it never reaches a server."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Url:
        if isinstance(value, Url):
            return value
        try:
            return read_url(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class FieldType(click.ParamType[tuple[str, str]]):
    """`Name: value`, a header field."""

    name = "'k: v'"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        try:
            return read_field(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class TokenType(click.ParamType[str]):
    """A method."""

    name = "method"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return read_method(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class TimeType(click.ParamType[float]):
    """Unix seconds or an ISO 8601 time; without a zone it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            seconds = float(value)
        except ValueError:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                self.fail(f"{value!r}: want Unix seconds or 2026-01-31T08:00:00Z", param, ctx)
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        if not 0 <= seconds < 253402300800:  # to the end of year 9999, where calendars end
            self.fail(f"{value!r}: not between 1970 and 9999", param, ctx)
        return seconds


class RuleType(click.ParamType["Rule"]):
    """A rule as the vendor's tool takes it: `{"rule_path": "a.es", "pos": "head", "pri": "0"}`."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "Rule":
        from runtime.scripts.rule import MAX_RULE_BYTES, Rule, RuleError, parse_rule, shown

        if isinstance(value, Rule):
            return value
        try:
            settings = json.loads(value) if len(value) <= MAX_RULE_BYTES else None
        except (ValueError, RecursionError):
            settings = None
        if not isinstance(settings, dict):
            self.fail(f"{shown(value)}: want a JSON object, such as {_RULE_EXAMPLE}", param, ctx)
        try:
            return parse_rule(settings)
        except RuleError as error:
            self.fail(str(error), param, ctx)


_RULE_EXAMPLE: Final = '{"rule_path": "a.es", "pos": "head", "pri": "0"}'


class AddressType(click.ParamType[str]):
    """An IP address."""

    name = "ip"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return read_client(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class DictionaryType(click.ParamType[tuple[str, str]]):
    """`NAME=FILE`, a dictionary and where its entries are."""

    name = "name=file"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, mark, file = value.partition("=")
        if not (name and mark and file):
            self.fail(f"{value!r}: want NAME=FILE", param, ctx)
        return name, file
