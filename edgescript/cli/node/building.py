"""
The sites of a bundle (`packed`), as each worker builds them.

From one build to the next, scripts and dictionaries that stayed the same are kept, and what is counted goes on.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

import click
import msgspec

import stdlib
from edgescript.cli import geography, loading
from edgescript.cli.dictionary_files import as_scripts_hold
from edgescript.cli.node.packed import DICTIONARY, Bundle, Domain, DomainSite, Named, Release, Script
from edgescript.faults import CodeError
from edgescript.pipeline import InstalledScript
from edgescript.program import Program
from edgescript.program import load as load_program
from edgescript.services import NO_SERVICES, Dictionaries, Geo, Random, ScriptMetrics, Services
from runtime.bundles.split import chooser
from runtime.config import Config, ConfigError, Problem
from runtime.config.sites import Policies
from runtime.config.tables import DEFAULT_SITE, SiteTable, UpstreamTable
from runtime.config.upstreams import Upstreams
from runtime.io.upstream.group import no_certificates
from runtime.limits.local import SiteLimits
from runtime.observe.trace import continued
from runtime.scripts.counts import ReleaseCounts, SiteCounts
from runtime.scripts.hosts import EVERY_OTHER
from runtime.scripts.site import Site, Sites
from runtime.scripts.split import Split
from runtime.upstreams.upstream import Upstream

PREPARED: Final = 1_000
"""Texts of a bundle up to which scripts are translated when they are loaded, some ms each; else by their first request."""


class Counting(Protocol):
    """The limits of a node, shared by whom it may be."""

    def site(self, name: str, /) -> SiteLimits:
        """Those of one site."""
        ...


class SiteServices:
    """What the scripts of each site are offered, and what is counted of it. Both go on from one build to the next."""

    def __init__(self, random: Random, limits: Counting) -> None:
        self._random = random
        self._limits = limits
        self._made: dict[str, Services] = {}
        self._counts: dict[str, SiteCounts] = {}

    def of(self, name: str) -> Services:
        """Of the site called `name`."""
        made = self._made.get(name)
        if made is None:
            limiter, connections = self._limits.site(name)
            made = self._made[name] = Services(
                random=self._random, limiter=limiter, connections=connections, metrics=ScriptMetrics()
            )
        return made

    def counts(self, name: str, release: int) -> ReleaseCounts:
        """Of a release of the site called `name`."""
        return self._counts.setdefault(name, SiteCounts()).of(release)

    def keep(self, names: Collection[str]) -> None:
        """Forget all sites but those called `names`."""
        self._made = {name: made for name, made in self._made.items() if name in names}
        self._counts = {name: counts for name, counts in self._counts.items() if name in names}


class Builder:
    """Makes sites of bundles. What `services` counts goes on through every build."""

    def __init__(self, services: SiteServices) -> None:
        self.services = services
        self._library = _Library((), {}, {})
        self._geo: Geo | None = None
        """Of the last build."""

    def build(self, data: bytes, *, salvage: bool = False) -> Sites:
        """
        The sites of a bundle that `pack` made. Raises ConfigError.

        With `salvage`, databases that cannot be read any more are those of the last build, if there were any, upstreams
        whose certificates cannot be read fail by themselves, and domains that cannot be loaded are left out
        (`Sites.problems`).
        """
        try:
            bundle = msgspec.msgpack.decode(data, type=Bundle)
            geo = self._geo = self._places(bundle.config, salvage=salvage)
            library = self._library.next(bundle.texts)
            making = _Making(bundle, library, self.services, geo, salvage=salvage)
            sites = making.sites()
        except (msgspec.DecodeError, CodeError) as error:
            raise ConfigError([Problem((), f"damaged bundle: {error}")]) from None
        self._library = library
        self.services.keep({site.name for site in sites.all()})
        return sites

    def _places(self, config: Config, *, salvage: bool) -> Geo:
        """Where addresses are; read anew each time, since the files may be newer ones. Raises ConfigError."""
        if not config.geo_databases:
            return NO_SERVICES.geo
        try:
            return geography.databases(config.geo_databases)
        except click.ClickException as error:
            if salvage and self._geo is not None:
                return self._geo
            raise ConfigError([Problem(("geo_databases",), error.message)]) from None


class _Library:
    """The texts of a bundle, loaded; and those of the bundle before, by their SHA-256."""

    def __init__(
        self,
        texts: Sequence[bytes],
        programs: Mapping[bytes, Program],
        dictionaries: Mapping[bytes, dict[str, str]],
    ) -> None:
        self._texts = texts
        self._digests = [hashlib.sha256(text).digest() for text in texts]
        self._registry = stdlib.registry()
        self._before = programs, dictionaries
        self.programs: dict[bytes, Program] = {}
        self.dictionaries: dict[bytes, dict[str, str]] = {}

    def next(self, texts: Sequence[bytes]) -> "_Library":
        """Of another bundle."""
        return _Library(texts, self.programs, self.dictionaries)

    def program(self, index: int) -> Program:
        """The script whose code is this text. Raises CodeError."""
        digest = self._digests[index]
        program = self.programs.get(digest)
        if program is None:
            program = self._before[0].get(digest)
            if program is None:
                program = load_program(self._texts[index], self._registry)
                if len(self._texts) <= PREPARED:
                    program.prepare()
            self.programs[digest] = program
        return program

    def dictionary(self, index: int) -> dict[str, str]:
        """The dictionary that is this text, as scripts read it. Raises msgspec.DecodeError."""
        digest = self._digests[index]
        entries = self.dictionaries.get(digest)
        if entries is None:
            entries = self._before[1].get(digest)
            if entries is None:
                entries = as_scripts_hold(DICTIONARY.decode(self._texts[index]))
            self.dictionaries[digest] = entries
        return entries


class _Making:
    """One build."""

    def __init__(
        self, bundle: Bundle, library: _Library, services: SiteServices, geo: Geo, *, salvage: bool
    ) -> None:
        self._bundle = bundle
        self._config = bundle.config
        self._library = library
        self._services = services
        self._geo = geo
        self._salvage = salvage
        self._policies = Policies()
        self._upstreams: dict[tuple[bytes, bool], Upstreams] = {}

    def sites(self) -> Sites:
        """All there are. Raises ConfigError, msgspec.DecodeError, CodeError."""
        config, bundle = self._config, self._bundle
        upstreams = self._upstreams_of(config.upstreams)
        wrong = [] if self._salvage else [*_unusable_certificates(config, upstreams.named)]
        if wrong:
            raise ConfigError(wrong)
        default = None
        if config.origin:
            top = SiteTable(hosts=(EVERY_OTHER,), name=DEFAULT_SITE)
            default = self._own(top, 0, upstreams)
        named = []
        for index, table in enumerate(config.sites, start=1):
            made = self._own(table, index, upstreams)
            named += [(host, made) for host in table.hosts]
        problems: list[tuple[str, str]] = []
        for domain in bundle.domains:
            try:
                named += self._domain(domain)
            except (msgspec.DecodeError, CodeError, LookupError, ValueError) as error:
                problems.append((domain.name, str(error)))
        if problems and not self._salvage:
            raise ConfigError([Problem((), f"domain {name}: {why}") for name, why in problems])
        return Sites(default, named, [*bundle.left_out, *problems], complete=bundle.complete)

    def _upstreams_of(self, tables: tuple[UpstreamTable, ...], *, guest: bool = False) -> Upstreams:
        """Those of sites that state the same ones; a `guest` is a console's domain."""
        stated = msgspec.msgpack.encode(tables), guest
        made = self._upstreams.get(stated)
        if made is None:
            config = msgspec.structs.replace(self._config, upstreams=tables)
            made = Upstreams(config, self._bundle.node_id, trace_fields, guest=guest)
            self._upstreams[stated] = made
        return made

    def _own(self, table: SiteTable, index: int, upstreams: Upstreams) -> Site:
        """A site of the node's own configuration."""
        own = self._bundle.own[index]
        return self._site(table, upstreams, own.scripts, own.dictionaries, None)

    def _domain(self, domain: Domain) -> list[tuple[str, Site]]:
        """A console's domain: its site under each of its hosts."""
        stated = msgspec.msgpack.decode(domain.site, type=DomainSite)
        site, *others = [self._release(each, stated.dictionaries) for each in stated.releases]
        if stated.split is not None and others:
            split = Split(stated.split.sticky, chooser(stated.split))
            site = replace(site, split=split, candidate=others[0])
        hosts = dict.fromkeys(host for release in stated.releases for host in release.table.hosts)
        return [(host, site) for host in hosts]

    def _release(self, release: Release, dictionaries: Named) -> Site:
        upstreams = self._upstreams_of(release.upstreams, guest=True)
        return self._site(release.table, upstreams, release.scripts, dictionaries, release.number)

    def _site(
        self,
        table: SiteTable,
        upstreams: Upstreams,
        scripts: Sequence[Script],
        dictionaries: Named,
        release: int | None,
    ) -> Site:
        config = self._config
        name = table.name or table.hosts[0]
        every = upstreams.named
        chosen = every if table.upstreams is None else {each: every[each] for each in table.upstreams}
        counts = self._services.counts(name, release or 0)
        counts.keep({script.rule.name for script in scripts})
        return Site(
            name,
            upstreams.find(table.origin) if table.origin else self._own_origin(),
            tuple(self._installed(script, counts) for script in scripts),
            self._offered(name, chosen.keys(), dictionaries) if scripts else NO_SERVICES,
            replace(config.script_limits, **table.script_limits)
            if table.script_limits
            else config.script_limits,
            chosen,
            self._policies.of(table),
            table.max_body_bytes or 0,
            release,
            counts,
        )

    def _own_origin(self) -> Upstream:
        """The node's `origin`, which a domain that states none may have wherever it is: whoever runs the node chose it."""
        return self._upstreams_of(self._config.upstreams).find(self._config.origin)

    def _installed(self, script: Script, counts: ReleaseCounts) -> InstalledScript:
        made = loading.install(self._library.program(script.code), script.rule, script.position)
        return replace(made, version=script.version, tally=counts.tally(made.name))

    def _offered(self, name: str, origins: Collection[str], dictionaries: Named) -> Services:
        read: Dictionaries = {each: self._library.dictionary(index) for each, index in dictionaries.items()}
        return replace(self._services.of(name), geo=self._geo, origins=origins, dictionaries=read)


def _unusable_certificates(config: Config, upstreams: Mapping[str, Upstream]) -> Iterator[Problem]:
    """What workers could not connect with: told here, it costs a start or a reload and no worker."""
    for index, table in enumerate(config.upstreams):
        why = no_certificates(upstreams[table.name])
        if why:
            yield Problem(("upstreams", index, "tls", "ca_file"), why)


def trace_fields(fields: Sequence[tuple[bytes, bytes]], request_id: str) -> Sequence[tuple[bytes, bytes]]:
    """The traceparent and tracestate that a request with these `fields` goes on with (W3C Trace Context)."""
    return continued(fields, request_id).fields
