"""Literals that mean something else than their author thought: patterns of other languages, position 0, secrets."""

import re
from collections.abc import Iterator
from typing import Final

from edgescript.builtins import MATCHER_PREFIX, Builtin, Kind
from edgescript.checking.checker import Checker
from edgescript.checking.roles import (
    ALGORITHMS,
    DIGESTS,
    GET,
    HOSTS,
    JOIN,
    KEY_ENTRIES,
    KEYED,
    NUMBERED,
    POSITIONS,
)
from edgescript.parsing import syntax

# `%d+`, `%w*`, `%.`: classes and escapes of Lua. `%2F` and `%[0-9A-F]` are percent signs of URLs.
_LUA: Final = re.compile(r"%(?:[.+*?()^$%/-]|[adlpsuwx](?![0-9A-Fa-f])(?:[-+*?)\]]|$))")
_GLOB: Final = re.compile(r"^\*|^[A-Za-z0-9_/.-]*/\*$|^[A-Za-z0-9_/-]*\*\.[a-z0-9]+$")
_BARE_EXTENSION: Final = re.compile(
    r"^\.[A-Za-z0-9]{1,5}\$?$|(?<![\\\[*+?.])\.(?:[a-z0-9]{2,5}|\([?:a-z0-9|]+\))\$$"
)
_BARE_DOMAIN: Final = re.compile(r"(?<![\\\[])\.(?:com|net|org|cn|example|io|dev|test)\b")
_DOMAIN: Final = re.compile(r"[a-z0-9-](?:\\?\.|\[\.\])[a-z]{2,}")
_SECRET_NAME: Final = re.compile(
    r"(?:^|_)(?:secret|passwd|password|passphrase|apikey|api_key|private_key|secret_key|sign_key|auth_key)(?:_|\d|$)",
    re.IGNORECASE,
)
_KEY_NAME: Final = re.compile(r"(?:^|_)(?:key|token|salt|sk|ak)\d*$", re.IGNORECASE)
_OPEN_NAME: Final = re.compile(r"(?:^|_)(?:public|hint|name|header|param)(?:_|$)", re.IGNORECASE)
_LIKE_A_KEY: Final = re.compile(r"[A-Za-z0-9_+/=-]{4,}")
_RANDOM: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_+/=-]{16,}")
_SECRET_LENGTH: Final = 4


def check_patterns(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    """Regular expressions that are read in another way than they look."""
    for literal, pattern, kind in patterns_of(call, builtin):
        subject = call.arguments[0] if kind is Kind.PATTERN else None
        _check_pattern(checker, literal, pattern, builtin, subject)


def patterns_of(call: syntax.Call, builtin: Builtin) -> Iterator[tuple[syntax.String, str, Kind]]:
    """Each literal regular expression among the arguments: the literal, the pattern in it, and the parameter's kind."""
    for index, argument in enumerate(call.arguments):
        kind = builtin.param_at(index).kind
        if not isinstance(argument, syntax.String):
            continue
        if kind is Kind.PATTERN:
            yield argument, argument.value, kind
        elif kind is Kind.MATCHER and argument.value.startswith(MATCHER_PREFIX):
            yield argument, argument.value.removeprefix(MATCHER_PREFIX), kind


def _check_pattern(
    checker: Checker, where: syntax.String, pattern: str, builtin: Builtin, subject: syntax.Expression | None
) -> None:
    lua = _LUA.search(pattern)
    if lua is not None:
        checker.findings.add("lua-pattern", where.span, got=lua[0], want=_translated(pattern))
    elif _GLOB.search(pattern) and not pattern.startswith("*"):
        # One that begins with a star is refused as a pattern, with its own words.
        checker.findings.add("glob-pattern", where.span, got=pattern)
    elif _is_of_host(checker, builtin, subject) and _DOMAIN.search(pattern):
        if not (pattern.endswith(("$", r"\z", r"\Z")) or re.search(r"[/(]", pattern.rsplit(".", 1)[-1])):
            checker.findings.add("loose-host", where.span, got=pattern)
        elif _BARE_DOMAIN.search(pattern):
            checker.findings.add("unescaped-dot", where.span, got=pattern)
    elif _BARE_EXTENSION.search(pattern):
        checker.findings.add("unescaped-dot", where.span, got=pattern)


def _is_of_host(checker: Checker, builtin: Builtin, subject: syntax.Expression | None) -> bool:
    if subject is None:
        return builtin.name in HOSTS
    source = checker.point.source(subject)
    asked = checker.point.builtin(source)
    return checker.point.places.key(source) in HOSTS or (asked is not None and asked.name in HOSTS)


def _translated(pattern: str) -> str:
    """The pattern with Lua's escapes written as those of regular expressions."""
    return re.sub(r"%(?=[adlpsuwx](?:[-+*?)\]]|$)|[.+*?()^$/-])", lambda _: "\\", pattern).replace("%%", "%")


def check_positions(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    """Position 0, which is before the first."""
    for index in POSITIONS.get(builtin.name, ()):
        if index < len(call.arguments):
            _check_zero(checker, call.arguments[index], f"{builtin.name} counts positions")
    if builtin.name == GET:
        made = checker.point.builtin(checker.point.source(call.arguments[0]))
        if made is not None and made.name in NUMBERED:
            _check_zero(checker, call.arguments[1], f"{made.name} numbers its entries")


def _check_zero(checker: Checker, argument: syntax.Expression, what: str) -> None:
    if isinstance(argument, syntax.Number) and argument.value == 0:
        checker.findings.add("zero-position", argument.span, what=what)


def check_secret_call(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    """A key written out as an argument."""
    index = KEYED.get(builtin.name)
    if index is not None and index < len(call.arguments) and not _has_public_key(call, builtin):
        _check_secret(checker, call.arguments[index])
    if builtin.name in DIGESTS:
        _check_digest(checker, call.arguments[0])
    for entry in _key_entries(checker, call, builtin):
        _check_secret(checker, entry)


def _has_public_key(call: syntax.Call, builtin: Builtin) -> bool:
    """Whether the key is none that has to be kept: the algorithm is a literal, and not one with a shared secret."""
    index = ALGORITHMS.get(builtin.name)
    if index is None or index >= len(call.arguments):
        return False
    algorithm = call.arguments[index]
    return isinstance(algorithm, syntax.String) and not algorithm.value.startswith("HS")


def _key_entries(checker: Checker, call: syntax.Call, builtin: Builtin) -> list[syntax.Expression]:
    names = KEY_ENTRIES.get(builtin.name, frozenset())
    config = checker.point.source(call.arguments[0]) if names and call.arguments else None
    if not isinstance(config, syntax.Dictionary):
        return []
    return [
        item.value for item in config.items if isinstance(item.key, syntax.String) and item.key.value in names
    ]


def _check_digest(checker: Checker, text: syntax.Expression) -> None:
    """`md5(concat('secret', ...))`: a literal of letters and digits joined with what a request has."""
    source = checker.point.source(text)
    builtin = checker.point.builtin(source)
    if builtin is None or builtin.name != JOIN or not isinstance(source, syntax.Call):
        return
    for part in source.arguments:
        value = checker.point.source(part)
        if isinstance(value, syntax.String) and _LIKE_A_KEY.fullmatch(value.value):
            _report_secret(checker, value)
            return


def _check_secret(checker: Checker, key: syntax.Expression) -> None:
    value = checker.point.source(key)
    if isinstance(value, syntax.String):
        _report_secret(checker, value)


def _report_secret(checker: Checker, literal: syntax.String) -> None:
    if len(literal.value) >= _SECRET_LENGTH and literal.span not in checker.secrets:
        checker.secrets.add(literal.span)
        checker.findings.add("secret-in-script", literal.span)


def check_secret_name(checker: Checker, statement: syntax.Assign) -> None:
    """`password = '...'`."""
    name, value = statement.target.id, statement.value
    if (
        isinstance(value, syntax.String)
        and not _OPEN_NAME.search(name)
        and (_SECRET_NAME.search(name) or (_KEY_NAME.search(name) and _RANDOM.fullmatch(value.value)))
    ):
        _report_secret(checker, value)
