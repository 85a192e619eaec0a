"""Option values of the commands that ask a console: text to what its API takes, or a usage error that says what is wanted."""

import re
from typing import Any, Final, NamedTuple

import click

ENVIRONMENTS: Final = ("staging", "production")
SCOPES: Final = ("read", "edit", "publish", "admin")
_SCRIPT: Final = re.compile(r"([\w.-]{1,64})(?:@([1-9][0-9]{0,8}))?")
_DURATION: Final = re.compile(r"([0-9]{1,9})\s*(s|m|h|d)?")
_STICKY: Final = re.compile(r"client_ip|(?:cookie|header|arg):[A-Za-z0-9_.-]{1,64}")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ScriptAt(NamedTuple):
    """A script and one of its versions; None where none is said."""

    name: str
    version: int | None

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name}@{self.version}"


class ScriptNameType(click.ParamType[str]):
    """What a script may be called."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_script_name(value):
            self.fail(f"{value!r}: want letters, digits, '_', '.' and '-', 64 at most", param, ctx)
        text: str = value
        return text


def is_script_name(text: str) -> bool:
    found = _SCRIPT.fullmatch(text)
    return found is not None and found[2] is None and bool(found[1].strip("."))


class ScriptAtType(click.ParamType[ScriptAt]):
    """`auth` or `auth@7`."""

    name = "script"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ScriptAt:
        if isinstance(value, ScriptAt):
            return value
        found = _SCRIPT.fullmatch(value)
        if found is None or not found[1].strip("."):
            self.fail(f"{value!r}: want a script's name, as auth, or a version of it, as auth@7", param, ctx)
        return ScriptAt(found[1], int(found[2]) if found[2] else None)


class PercentType(click.ParamType[int]):
    """`5%` or `5`."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = value.strip().removesuffix("%")
        if not (text.isascii() and text.isdecimal()) or len(text) > 3 or not 1 <= int(text) <= 100:
            self.fail(f"{value!r}: want a percentage from 1% to 100%", param, ctx)
        return int(text)


class StepsType(click.ParamType[list[int]]):
    """`5,25,100`: percentages, each above the one before."""

    name = "steps"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        if isinstance(value, list):
            return value
        steps = [PercentType().convert(each, param, ctx) for each in value.split(",")]
        if sorted(set(steps)) != steps:
            self.fail(f"{value!r}: want each above the one before, as 5,25,100", param, ctx)
        return steps


class DurationType(click.ParamType[float]):
    """Seconds of `90`, `90s`, `10m`, `12h` or `30d`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = _DURATION.fullmatch(value.strip())
        if found is None or not int(found[1]):
            self.fail(f"{value!r}: want a duration, as 90s, 10m, 12h or 30d", param, ctx)
        return float(int(found[1]) * _SECONDS[found[2] or "s"])


class StickyType(click.ParamType[str]):
    """`client_ip`, or a cookie, a header or an argument by its name, as `cookie:sid`."""

    name = "sticky"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not _STICKY.fullmatch(value):
            self.fail(f"{value!r}: want client_ip, cookie:NAME, header:NAME or arg:NAME", param, ctx)
        text: str = value
        return text


class GrantType(click.ParamType[tuple[str, str]]):
    """`shop:publish`, a domain and a scope."""

    name = "grant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        domain, colon, scope = value.rpartition(":")
        if not colon or not domain or scope not in SCOPES:
            self.fail(f"{value!r}: want DOMAIN:SCOPE, the scope one of {', '.join(SCOPES)}", param, ctx)
        return domain, scope
