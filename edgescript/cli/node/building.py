"""
The sites of a bundle (`packed`), as each worker builds them.

From one build to the next, domains, scripts and dictionaries that stayed the same are kept, and what is counted goes on.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Protocol

import msgspec

from edgescript.builtins import Stage
from edgescript.cli import loading
from edgescript.cli.node.between_builds import AddressDatabases, KeptSites, Library
from edgescript.cli.node.packed import BUNDLE, Bundle, Domain, DomainSite, Named, Release, Script
from edgescript.faults import CodeError
from edgescript.pipeline import InstalledScript
from edgescript.services import NO_SERVICES, Dictionaries, Random, ScriptMetrics, Services
from runtime.bundles.split import chooser
from runtime.config import Config, ConfigError, Problem
from runtime.config.sites import Policies
from runtime.config.tables import DEFAULT_SITE, SiteTable, UpstreamTable
from runtime.config.upstreams import Upstreams
from runtime.io.upstream.group import no_certificates
from runtime.limits.local import SiteLimits
from runtime.observe.trace import told_of
from runtime.scripts.counts import ReleaseCounts, SiteCounts
from runtime.scripts.hosts import EVERY_OTHER
from runtime.scripts.rule import Rule
from runtime.scripts.site import Site, Sites
from runtime.scripts.split import Split
from runtime.upstreams.upstream import Upstream


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
    """
    Makes sites of bundles. What `services` counts goes on through every build.

    Sites of domains that are the same bytes in two bundles are one object, unless the node's own settings or its databases of
    addresses have changed: what a change costs is what changed.
    """

    def __init__(self, services: SiteServices) -> None:
        self.services = services
        self._library = Library()
        self._geo = AddressDatabases()
        self._kept = KeptSites(b"", NO_SERVICES.geo)

    def begin(self, services: SiteServices) -> None:
        """Make everything anew for other services, but for the scripts that are loaded."""
        self.services = services
        self._kept = KeptSites(b"", NO_SERVICES.geo)

    def build(self, data: bytes, *, salvage: bool = False) -> Sites:
        """
        The sites of a bundle that `pack` made. Raises ConfigError.

        With `salvage`, databases that cannot be read any more are those of the last build, if there were any, upstreams
        whose certificates cannot be read fail by themselves, and domains that cannot be loaded are left out
        (`Sites.problems`).
        """
        try:
            bundle = BUNDLE.decode(data)
        except msgspec.DecodeError as error:
            raise ConfigError([Problem((), f"damaged bundle: {error}")]) from None
        sites, problems = self._made(bundle, salvage=salvage)
        if problems and not salvage:
            raise ConfigError([Problem((), f"domain {name}: {why}") for name, why in problems])
        self._library.keep(bundle.texts)
        self._kept.keep({domain.name for domain in bundle.domains})
        self.services.keep({site.name for site in sites.all()})
        return sites

    def try_out(self, bundle: Bundle) -> dict[str, str]:
        """Build what a bundle has: why, of each domain that cannot be. Raises ConfigError for the node's own sites."""
        _, problems = self._made(bundle, salvage=False)
        return dict(problems)

    def _made(self, bundle: Bundle, *, salvage: bool) -> tuple[Sites, list[tuple[str, str]]]:
        geo = self._geo.of(bundle.config, salvage=salvage)
        under = sha256(msgspec.msgpack.encode((bundle.config, bundle.node_id))).digest()
        if self._kept.under != under or self._kept.geo is not geo:
            self._kept = KeptSites(under, geo)
        self._library.texts = bundle.texts
        try:
            making = _Making(bundle, self._library, self.services, self._kept, salvage=salvage)
            return making.sites()
        except (msgspec.DecodeError, CodeError) as error:
            raise ConfigError([Problem((), f"damaged bundle: {error}")]) from None


class _Making:
    """One build."""

    def __init__(
        self, bundle: Bundle, library: Library, services: SiteServices, kept: KeptSites, *, salvage: bool
    ) -> None:
        self._bundle = bundle
        self._config = bundle.config
        self._library = library
        self._services = services
        self._kept = kept
        self._salvage = salvage
        self._policies = Policies()
        self._upstreams: dict[tuple[bytes, bool], Upstreams] = {}
        self._scripts: dict[tuple[bytes, Rule, Stage], InstalledScript] = {}
        """What scripts of several sites have in common."""

    def sites(self) -> tuple[Sites, list[tuple[str, str]]]:
        """All there are, and why of each domain that cannot be. Raises ConfigError, msgspec.DecodeError, CodeError."""
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
        told = [*bundle.left_out, *problems]
        return Sites(default, named, told, complete=bundle.complete), problems

    def _upstreams_of(self, tables: tuple[UpstreamTable, ...], *, guest: bool = False) -> Upstreams:
        """Those of sites that state the same ones; a `guest` is a console's domain."""
        stated = msgspec.msgpack.encode(tables), guest
        made = self._upstreams.get(stated)
        if made is None:
            config = msgspec.structs.replace(self._config, upstreams=tables)
            made = Upstreams(config, self._bundle.node_id, told_of, guest=guest)
            self._upstreams[stated] = made
        return made

    def _own(self, table: SiteTable, index: int, upstreams: Upstreams) -> Site:
        """A site of the node's own configuration."""
        own = self._bundle.own[index]
        return self._site(table, upstreams, own.scripts, own.dictionaries, None)

    def _domain(self, domain: Domain) -> list[tuple[str, Site]]:
        """A console's domain: its site under each of its hosts."""
        site = self._kept.get(domain)
        if site is None:
            site = self._made(domain)
            self._kept.put(domain, site)
        return [(host, site) for host in domain.hosts]

    def _made(self, domain: Domain) -> Site:
        stated = msgspec.msgpack.decode(domain.site, type=DomainSite)
        site, *others = [self._release(each, stated.dictionaries) for each in stated.releases]
        if stated.split is not None and others:
            split = Split(stated.split.sticky, chooser(stated.split))
            site = replace(site, split=split, candidate=others[0])
        return site

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
            self._offered(name, chosen, dictionaries) if scripts else NO_SERVICES,
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
        stated = script.code, script.rule, script.position
        made = self._scripts.get(stated)
        if made is None:
            made = self._scripts[stated] = loading.install(self._library.program(script.code), *stated[1:])
        return replace(made, version=script.version, tally=counts.tally(made.name))

    def _offered(self, name: str, origins: Collection[str], dictionaries: Named) -> Services:
        read: Dictionaries = {each: self._library.dictionary(index) for each, index in dictionaries.items()}
        if not read:  # one object for all that have none
            read = NO_SERVICES.dictionaries
        return replace(self._services.of(name), geo=self._kept.geo, origins=origins, dictionaries=read)


def _unusable_certificates(config: Config, upstreams: Mapping[str, Upstream]) -> Iterator[Problem]:
    """What workers could not connect with: told here, it costs a start or a reload and no worker."""
    for index, table in enumerate(config.upstreams):
        why = no_certificates(upstreams[table.name])
        if why:
            yield Problem(("upstreams", index, "tls", "ca_file"), why)
