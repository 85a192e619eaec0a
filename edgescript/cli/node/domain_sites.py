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


class Unfit(Exception):  # noqa: N818 - what is at fault is the domain
    """The domain cannot be served; the text says why."""


class _Settings(NamedTuple):
    table: SiteTable
    upstreams: tuple[UpstreamTable, ...]


class Fitting:
    """Makes sites of domains, on a node of `config` that is in `pool` and `region`; puts their texts in `shelf`."""

    def __init__(self, shelf: Shelf, config: Config, pool: str, region: str) -> None:
        self._shelf = shelf
        self._config = config
        self._pool = pool
        self._region = region

    def packed(self, domain: Domain, digest: bytes) -> Packed:
        """The site of a domain whose document has this digest. Raises Unfit."""
        mine = Shelf()
        try:
            site = _site(domain, mine, self._config, self._pool, self._region)
        except RuleError as error:
            raise Unfit(str(error)) from None
        self._shelf.texts.update(mine.texts)
        hosts = {host.lower() for release in site.releases for host in release.table.hosts}
        name = domain.document.name
        return Packed(name, digest, tuple(sorted(hosts)), tuple(mine.texts), msgspec.msgpack.encode(site))


class Claims:
    """Whose each host is and which names are taken: no two sites of a node share one."""

    def __init__(self, config: Config) -> None:
        self._names = {DEFAULT_SITE, *(site.name or site.hosts[0] for site in config.sites)}
        self._hosts = dict(_of_the_node(config))

    def take(self, domain: Packed) -> None:
        """For a domain. Raises Unfit where one is another's."""
        if domain.name in self._names:
            raise Unfit("another site of the node has this name")
        for host in domain.hosts:
            if host in self._hosts:
                raise Unfit(f"{host!r} is a host of site {self._hosts[host]} already")
        self._names.add(domain.name)
        self._hosts.update(dict.fromkeys(domain.hosts, domain.name))

    def give_back(self, domain: Packed) -> None:
        """What was taken for a domain."""
        self._names.remove(domain.name)
        for host in domain.hosts:
            del self._hosts[host]


def _of_the_node(config: Config) -> Iterator[tuple[str, str]]:
    """The hosts of the node's own sites, and whose each is."""
    for site in config.sites:
        for host in site.hosts:
            yield host.lower(), site.name or site.hosts[0]


def _site(domain: Domain, shelf: Shelf, config: Config, pool: str, region: str) -> DomainSite:
    """The site of one domain: one release where its split gives the other to nobody. Raises Unfit, RuleError."""
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
    """The settings of a domain. Raises Unfit."""
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
        raise Unfit("; ".join(problem.text for problem in wrong[:_MAX_TOLD]))
