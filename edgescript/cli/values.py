"""
Option values: text from the command line to what the core takes, or a usage error that says what is wanted.

The command line is Unicode, scripts see bytes: `to_bytes_text` is the one crossing.
"""

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

import click

if TYPE_CHECKING:
    from runtime.scripts.rule import Rule

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""A field name (RFC 9110 section 5.6.2)."""
_BAD_IN_VALUE: Final = re.compile(r"[\0\r\n]")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_KEPT_IN_TARGET: Final = "/?%!$&'()*+,;=:@-._~[]|^`{}\\\"<>"
"""Left as typed; the rest (spaces, controls, what is not ASCII) is percent-encoded, as browsers do."""
MAX_URL: Final = 8192
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def to_bytes_text(text: str) -> str:
    """`text` as scripts hold it: one code point per byte of its UTF-8 form."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


class Url(NamedTuple):
    """An absolute URL as a request carries it: `host` with a port that was written, `target` with the query."""

    scheme: str
    host: str
    port: int
    target: str


class UrlType(click.ParamType[Url]):
    """`http://host[:port]/path?query`; a fragment is dropped, since it never reaches a server."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Url:
        if isinstance(value, Url):
            return value
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError as error:
            self.fail(f"{value!r}: {str(error).lower()}", param, ctx)
        if parts.scheme not in DEFAULT_PORTS:
            self.fail(f"{value!r}: want http://host/path or https://host/path", param, ctx)
        if len(value) > MAX_URL:
            self.fail(f"longer than {MAX_URL} characters", param, ctx)
        if not _HOST.fullmatch(parts.netloc):
            self.fail(f"{value!r}: bad host {parts.netloc!r}", param, ctx)
        if _BAD_IN_VALUE.search(value):
            self.fail(f"{value!r}: holds a control character", param, ctx)
        query = f"?{parts.query}" if "?" in value.partition("#")[0] else ""
        # A byte that is no UTF-8 came from the command line as a surrogate; it is percent-encoded as any other.
        target = quote(((parts.path or "/") + query).encode("utf-8", "surrogateescape"), safe=_KEPT_IN_TARGET)
        return Url(parts.scheme, parts.netloc, port or DEFAULT_PORTS[parts.scheme], target)


class FieldType(click.ParamType[tuple[str, str]]):
    """`Name: value`, a header field."""

    name = "'k: v'"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, colon, content = value.partition(":")
        if not colon or not _TOKEN.fullmatch(name):
            self.fail(f"{value!r}: want 'Name: value'", param, ctx)
        if _BAD_IN_VALUE.search(content):
            self.fail(f"{name}: a value is one line", param, ctx)
        return name, to_bytes_text(content.strip(" \t"))


class TokenType(click.ParamType[str]):
    """A method."""

    name = "method"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not _TOKEN.fullmatch(value) or len(value) > 32:
            self.fail(f"{value!r}: want a method such as GET", param, ctx)
        return str(value)


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
        import ipaddress

        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            self.fail(f"{value!r}: want an IP address", param, ctx)
        if "%" in value:
            self.fail(f"{value!r}: want an IP address without a zone", param, ctx)
        return str(address)
