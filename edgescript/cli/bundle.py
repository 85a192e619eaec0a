"""
All that a node serves, in one piece of bytes: the settings, and every script as verified code.

`pack` needs the files and may take long; `Builder.build` needs only the bytes (and databases of addresses), so that
all workers serve the same, also those begun after a file has changed. A script file that several sites use is compiled
once and loaded once; from one build to the next, scripts that stayed the same are kept.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

import click
import msgspec

import stdlib
from edgescript.builtins import Stage
from edgescript.cli import geography, loading
from edgescript.cli.files import read_sources
from edgescript.compiler import compile_source
from edgescript.compiling.code import encode
from edgescript.diagnostics.findings import has_errors
from edgescript.faults import CodeError
from edgescript.pipeline import InstalledScript
from edgescript.program import Program
from edgescript.program import load as load_program
from edgescript.services import NO_SERVICES, Geo, Random, ScriptMetrics, Services
from runtime.config import Config, ConfigError, Problem
from runtime.config.scripts import rules_of
from runtime.config.sites import Policies
from runtime.config.tables import DEFAULT_SITE, SiteTable
from runtime.config.upstreams import Upstreams
from runtime.io.upstream.group import no_certificates
from runtime.limits.local import SiteLimits
from runtime.observe.trace import continued
from runtime.scripts.hosts import EVERY_OTHER
from runtime.scripts.rule import Rule
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream

PREPARED: Final = 1_000
"""Scripts translated when they are loaded, some ms each; of more, each is translated by its first request."""


class _Script(msgspec.Struct, array_like=True, frozen=True):
    """A script of a site: its settings, the position that counts, and which of the codes it is."""

    rule: Rule
    position: Stage
    code: int


class _Bundle(msgspec.Struct, array_like=True, frozen=True):
    config: Config
    node_id: str
    codes: tuple[bytes, ...]
    scripts: tuple[tuple[_Script, ...], ...]
    """Of the site for all other hosts first, then of `config.sites` in order."""


def pack(
    config: Config, given: Sequence[str | Rule] = (), node_id: str = ""
) -> tuple[bytes | None, tuple[loading.Report, ...]]:
    """
    The bundle, None where a script has an error, and the findings of every script.

    `given` are the scripts of the site for all other hosts in place of those that `config` names. `node_id` is this
    node's own among all, and stays the same: connections to upstreams are kept while nothing about them changes.

    Raises `Unreadable` for files that cannot be read, ConfigError for settings of scripts.
    """
    top = [Rule(each) if isinstance(each, str) else each for each in given] or list(config.rules)
    rules = [top, *(list(rules_of(site.scripts)) for site in config.sites)]
    paths = list(dict.fromkeys(rule.path for each in rules for rule in each))
    registry = stdlib.registry()
    compiled = [(source, compile_source(source, registry)) for source in read_sources(paths)]
    reports = tuple((source, result.diagnostics) for source, result in compiled)
    if any(has_errors(diagnostics) for _, diagnostics in reports):
        return None, reports
    codes = [result.code for _, result in compiled if result.code is not None]
    index = {path: number for number, path in enumerate(paths)}
    scripts = tuple(
        tuple(
            _Script(
                rule._replace(name=name),
                rule.position or compiled[index[rule.path]][1].position,
                index[rule.path],
            )
            for name, rule in zip(loading.script_names(each), each, strict=True)
        )
        for each in rules
    )
    bundle = _Bundle(config, node_id, tuple(encode(code) for code in codes), scripts)
    return msgspec.msgpack.encode(bundle), reports


def settings_in(data: bytes) -> Config:
    """The settings of a bundle that `pack` made."""
    return msgspec.msgpack.decode(data, type=_Bundle).config


class Counting(Protocol):
    """The limits of a node, shared by whom it may be."""

    def site(self, name: str, /) -> SiteLimits:
        """Those of one site."""
        ...


class SiteServices:
    """What the scripts of each site are offered. Counts of a site go on from one build to the next."""

    def __init__(self, random: Random, limits: Counting) -> None:
        self._random = random
        self._limits = limits
        self._made: dict[str, Services] = {}

    def of(self, name: str) -> Services:
        """Of the site called `name`."""
        made = self._made.get(name)
        if made is None:
            limiter, connections = self._limits.site(name)
            made = self._made[name] = Services(
                random=self._random, limiter=limiter, connections=connections, metrics=ScriptMetrics()
            )
        return made

    def keep(self, names: Collection[str]) -> None:
        """Forget all sites but those called `names`."""
        self._made = {name: made for name, made in self._made.items() if name in names}


class Builder:
    """Makes sites of bundles. What `services` counts goes on through every build."""

    def __init__(self, services: SiteServices) -> None:
        self.services = services
        self._programs: dict[bytes, Program] = {}
        self._geo: Geo | None = None
        """Of the last build."""

    def build(self, data: bytes, *, salvage: bool = False) -> Sites:
        """
        The sites of a bundle that `pack` made. Raises ConfigError.

        With `salvage`, databases that cannot be read any more are those of the last build, if there were any, and
        upstreams whose certificates cannot be read fail by themselves.
        """
        try:
            bundle = msgspec.msgpack.decode(data, type=_Bundle)
            programs = self._load(bundle.codes)
            geo = self._geo = self._places(bundle.config, salvage=salvage)
        except (msgspec.DecodeError, CodeError) as error:
            raise ConfigError([Problem((), f"damaged bundle: {error}")]) from None
        sites = _sites(bundle, programs, self.services, geo, salvage=salvage)
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

    def _load(self, codes: Sequence[bytes]) -> list[Program]:
        registry = stdlib.registry()
        kept: dict[bytes, Program] = {}
        for code in codes:
            digest = hashlib.sha256(code).digest()
            program = self._programs.get(digest)
            if program is None:
                program = load_program(code, registry)
                if len(codes) <= PREPARED:
                    program.prepare()
            kept[digest] = program
        self._programs = kept
        return [kept[hashlib.sha256(code).digest()] for code in codes]


def _unusable_certificates(config: Config, upstreams: Mapping[str, Upstream]) -> Iterator[Problem]:
    """What workers could not connect with: told here, it costs a start or a reload and no worker."""
    for index, table in enumerate(config.upstreams):
        why = no_certificates(upstreams[table.name])
        if why:
            yield Problem(("upstreams", index, "tls", "ca_file"), why)


def _sites(
    bundle: _Bundle, programs: Sequence[Program], services: SiteServices, geo: Geo, *, salvage: bool
) -> Sites:
    config = bundle.config
    upstreams, policies = Upstreams(config, bundle.node_id, trace_fields), Policies()
    every = upstreams.named
    wrong = [] if salvage else [*_unusable_certificates(config, every)]
    if wrong:
        raise ConfigError(wrong)

    def offered(name: str, origins: Collection[str], scripts: Sequence[_Script]) -> Services:
        return replace(services.of(name), geo=geo, origins=origins) if scripts else NO_SERVICES

    def installed(scripts: Sequence[_Script]) -> tuple[InstalledScript, ...]:
        return tuple(loading.install(programs[each.code], each.rule, each.position) for each in scripts)

    def site(table: SiteTable, scripts: Sequence[_Script]) -> Site:
        name = table.name or table.hosts[0]
        chosen = every if table.upstreams is None else {each: every[each] for each in table.upstreams}
        return Site(
            name,
            upstreams.find(table.origin or config.origin),
            installed(scripts),
            offered(name, chosen.keys(), scripts),
            replace(config.script_limits, **table.script_limits)
            if table.script_limits
            else config.script_limits,
            chosen,
            policies.of(table),
            table.max_body_bytes or 0,
        )

    default = None
    if config.origin:
        top = SiteTable(hosts=(EVERY_OTHER,), name=DEFAULT_SITE)
        default = site(top, bundle.scripts[0])
    named = []
    for table, scripts in zip(config.sites, bundle.scripts[1:], strict=True):
        made = site(table, scripts)
        named += [(host, made) for host in table.hosts]
    return Sites(default, named)


def trace_fields(fields: Sequence[tuple[bytes, bytes]], request_id: str) -> Sequence[tuple[bytes, bytes]]:
    """The traceparent and tracestate that a request with these `fields` goes on with (W3C Trace Context)."""
    return continued(fields, request_id).fields
