"""`[[sites]]` to policies: the rules of a site in the form that requests are held against."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from edgescript.effects import HeaderOp, has_placeholder
from edgescript.source import to_bytes_text
from runtime.config.formats import read_statuses
from runtime.config.tables import CacheRule, HeaderChanges, HeaderRule, SiteTable
from runtime.scripts.policy import PathRule, SitePolicy
from runtime.scripts.query import EVERY_ARGUMENT, QueryKey

NEGATIVE: Final = (404, 405, 410, 414, 501)
"""Answers that say what is not there, and may be kept without being told so (RFC 9110 section 15.1)."""
_SETTINGS: Final = ("stale_while_revalidate_s", "stale_if_error_s", "bypass")
"""Keys of a cache rule that are attributes of Effects by the same name."""
_RATES: Final = {
    "limit_rate_bytes_per_s": "rate_bytes_per_s",
    "limit_rate_after_bytes": "rate_after_bytes",
}


class Policies:
    """Makes policies; sites with the same rules share one, so that ten thousand of them cost little more than one."""

    def __init__(self) -> None:
        self._made: dict[bytes, SitePolicy] = {}

    def of(self, table: SiteTable) -> SitePolicy | None:
        """The policy of a site, None where it has no rules."""
        if not (table.cache or table.headers or table.redirect_https or _stated(table, _RATES)):
            return None
        rates = {name: getattr(table, name) for name in _RATES}
        said = msgspec.msgpack.encode((table.cache, table.headers, table.redirect_https, rates))
        policy = self._made.get(said)
        if policy is None:
            policy = self._made[said] = SitePolicy(_rules(table), redirect_https=table.redirect_https)
        return policy


def _rules(table: SiteTable) -> list[PathRule]:
    rules = [_cache_rule(rule) for rule in table.cache]
    rules += [_header_rule(rule) for rule in table.headers]
    rates = _stated(table, _RATES)
    if rates:
        rules.append(PathRule(settings=rates))
    return rules


def _stated(table: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """The settings of `table` that are given, by the name Effects has for each."""
    return {effect: value for name, effect in names.items() if (value := getattr(table, name)) is not None}


def _cache_rule(rule: CacheRule) -> PathRule:
    settings = _stated(rule, {name: name for name in _SETTINGS})
    if rule.ttl_s is not None:
        settings["default_ttl_s" if rule.honor_origin else "ttl_s"] = rule.ttl_s
    by_status = _by_status(rule)
    return PathRule(
        patterns=_patterns(rule.path),
        settings=settings,
        ttl_s_by_status={} if rule.honor_origin else by_status,
        default_ttl_s_by_status=by_status if rule.honor_origin else {},
        tags=rule.tags,
        query=_query(rule),
    )


def _by_status(rule: CacheRule) -> dict[int, int]:
    """Lifetimes by status: what is said of one, else of its class, else of negative answers."""
    lifetimes = {} if rule.negative_ttl_s is None else dict.fromkeys(NEGATIVE, rule.negative_ttl_s)
    for key in sorted(rule.ttl_s_by_status, key=lambda key: not key.endswith("xx")):
        lifetimes.update(dict.fromkeys(read_statuses(key), rule.ttl_s_by_status[key]))
    return lifetimes


def _query(rule: CacheRule) -> QueryKey | None:
    sort = bool(rule.sort_query)
    if rule.keep_query is not None:
        return QueryKey(rule.keep_query, keep=True, sort=sort)
    if rule.ignore_query is True:
        return EVERY_ARGUMENT
    if rule.ignore_query is None and rule.sort_query is None:
        return None
    return QueryKey(rule.ignore_query or (), sort=sort)


def _header_rule(rule: HeaderRule) -> PathRule:
    return PathRule(
        patterns=_patterns(rule.path),
        request_headers=tuple(_operations(rule.request, templates=False)),
        response_headers=tuple(_operations(rule.response, templates=True)),
    )


def _operations(changes: HeaderChanges, *, templates: bool) -> Iterable[HeaderOp]:
    for name in changes.delete:
        yield HeaderOp("delete", name)
    for name, value in changes.set.items():
        yield _operation("set", name, value, templates=templates)
    for name, values in changes.add.items():
        for value in (values,) if isinstance(values, str) else values:
            yield _operation("add", name, value, templates=templates)


def _operation(action: Any, name: str, value: str, *, templates: bool) -> HeaderOp:
    text = to_bytes_text(value)
    return HeaderOp(action, name, text, templates and has_placeholder(text))


def _patterns(path: str | tuple[str, ...]) -> tuple[str, ...]:
    return (path,) if isinstance(path, str) else path
