"""
A console's domains to sites of the node (`packed`): settings held against the same declarations as `[[sites]]` in a file.

What comes here was signed by the console; it is looked at all the same, since a console may be newer or older than the node.
A domain can name no file of the node: neither scripts, nor certificates, nor dictionaries.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from edgescript.cli.node.packed import Domain as Packed
from edgescript.cli.node.packed import DomainSite, Release, Script, Shelf
from runtime.bundles import documents
from runtime.bundles.split import decides_here
from runtime.bundles.whole import Domain
from runtime.config import Config, Problem
from runtime.config.shape import misfits
from runtime.config.tables import DEFAULT_SITE, SiteTable, UpstreamTable
from runtime.scripts.rule import RuleError, parse_rule

_NOT_FOR_A_DOMAIN: Final = frozenset({"name", "scripts", "dictionaries"})
"""Keys of `[[sites]]` that stand elsewhere in a document."""
_UPSTREAMS: Final = "upstreams"
_MAX_TOLD: Final = 5
"""Problems of one domain that are told."""

Wrong = tuple[str, str]
"""A domain and what is wrong with it."""


class _Unfit(Exception):  # noqa: N818 - it never leaves this module
    """The domain cannot be served; the text says why."""


class _Settings(NamedTuple):
    table: SiteTable
    upstreams: tuple[UpstreamTable, ...]


def put_in(
    shelf: Shelf, config: Config, domains: Sequence[Domain], pool: str, region: str
) -> tuple[tuple[Packed, ...], list[Wrong]]:
    """The sites of `domains` on a node of `config`, their texts put in `shelf`; and the domains that cannot be served."""
    made: list[Packed] = []
    wrong: list[Wrong] = []
    taken = dict(_of_the_node(config))
    names = {DEFAULT_SITE, *(site.name or site.hosts[0] for site in config.sites)}
    for domain in domains:
        name = domain.document.name
        try:
            _refuse_taken(name, names)
            site = _site(domain, shelf, config, pool, region)
            _take(site, name, taken)
        except (_Unfit, RuleError) as error:
            wrong.append((name, str(error)))
            continue
        names.add(name)
        made.append(Packed(name, msgspec.msgpack.encode(site)))
    return tuple(made), wrong


def _of_the_node(config: Config) -> Iterator[tuple[str, str]]:
    """The hosts of the node's own sites, and whose each is."""
    for site in config.sites:
        for host in site.hosts:
            yield host.lower(), site.name or site.hosts[0]


def _refuse_taken(name: str, names: set[str]) -> None:
    if name in names:
        raise _Unfit("another site of the node has this name")


def _take(site: DomainSite, name: str, taken: dict[str, str]) -> None:
    """Note whose its hosts are. Raises _Unfit where one is another's."""
    hosts = {host.lower() for release in site.releases for host in release.table.hosts}
    for host in sorted(hosts):
        if host in taken:
            raise _Unfit(f"{host!r} is a host of site {taken[host]} already")
    taken.update(dict.fromkeys(hosts, name))


def _site(domain: Domain, shelf: Shelf, config: Config, pool: str, region: str) -> DomainSite:
    """The site of one domain: one release where its split gives the other to nobody. Raises _Unfit, RuleError."""
    document, texts = domain
    split = document.split
    if split is not None and not decides_here(split, pool, region):
        split = None
    releases = document.releases if split is not None else document.releases[:1]
    common = _settings(document.settings, document.name, config)
    made = []
    for release in releases:
        own = release.settings
        table, upstreams = common if own is None else _settings(own, document.name, config)
        scripts = tuple(_script(each, texts, shelf) for each in release.scripts)
        made.append(Release(release.number, table, upstreams, scripts))
    dictionaries = {each.name: shelf.place(texts[each.blob.sha256]) for each in document.dictionaries}
    return DomainSite(tuple(made), split, dictionaries)


def _script(entry: documents.ScriptEntry, texts: Mapping[bytes, bytes], shelf: Shelf) -> Script:
    """Raises RuleError."""
    stated = {
        "rule_path": entry.name,
        "name": entry.name,
        "pri": entry.pri,
        "enable": entry.enable,
        "brk": entry.brk,
        "testip": entry.testip,
        "option": entry.option,
        **({} if entry.on_error is None else {"on_error": entry.on_error}),
    }
    return Script(parse_rule(stated), entry.position, shelf.place(texts[entry.code.sha256]), entry.version)


def _settings(stated: Mapping[str, Any], name: str, config: Config) -> _Settings:
    """The settings of a domain. Raises _Unfit."""
    keys = {key: value for key, value in stated.items() if key != _UPSTREAMS}
    keys["name"] = name
    upstreams = stated.get(_UPSTREAMS) or []
    wrong = [Problem((key,), "is not for a domain") for key in sorted(_NOT_FOR_A_DOMAIN & stated.keys())]
    wrong += misfits(keys, SiteTable)
    wrong += misfits(upstreams, tuple[UpstreamTable, ...], (_UPSTREAMS,))
    _refuse(wrong)
    tables = msgspec.convert(upstreams, tuple[UpstreamTable, ...])
    wrong += [
        Problem((_UPSTREAMS, index, "tls", "ca_file"), "is not for a domain")
        for index, table in enumerate(tables)
        if table.tls is not None and table.tls.ca_file
    ]
    table = msgspec.convert(keys, SiteTable)
    alone = msgspec.structs.replace(config, scripts=(), sites=(table,), upstreams=tables)
    wrong += alone.contradictions()
    _refuse(wrong)
    return _Settings(table, tables)


def _refuse(wrong: Sequence[Problem]) -> None:
    if wrong:
        raise _Unfit("; ".join(problem.text for problem in wrong[:_MAX_TOLD]))
