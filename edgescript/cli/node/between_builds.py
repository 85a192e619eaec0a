"""What one build of a node's sites leaves for the next: databases of addresses, loaded texts, sites of domains."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import click

import stdlib
from edgescript.cli import geography
from edgescript.cli.node.packed import DICTIONARY, Domain
from edgescript.program import Program
from edgescript.program import load as load_program
from edgescript.services import NO_SERVICES, Geo
from edgescript.source import as_scripts_hold
from runtime.config import Config, ConfigError, Problem
from runtime.scripts.site import Site

PREPARED: Final = 1_000
"""Texts of a bundle up to which scripts are translated when they are loaded, some ms each; else by their first request."""


class AddressDatabases:
    """Databases of addresses, read anew when the files are others than they were."""

    def __init__(self) -> None:
        self._read: tuple[tuple[str, ...], tuple[tuple[int, ...], ...]] | None = None
        self._geo: Geo = NO_SERVICES.geo

    def of(self, config: Config, *, salvage: bool) -> Geo:
        """Where addresses are. Raises ConfigError; with `salvage` only where there is nothing from before."""
        paths = tuple(config.geo_databases)
        if not paths:
            return NO_SERVICES.geo
        try:
            read = paths, tuple(_stamp(path) for path in paths)
            if read != self._read:
                self._geo, self._read = geography.databases(paths), read
        except (click.ClickException, OSError) as error:
            if salvage and self._read is not None:
                return self._geo
            why = error.message if isinstance(error, click.ClickException) else str(error)
            raise ConfigError([Problem(("geo_databases",), why)]) from None
        return self._geo


def _stamp(path: str) -> tuple[int, ...]:
    """What tells a file from the one that was there before. Raises OSError."""
    found = Path(path).stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class KeptSites:
    """Sites of domains as they were built `under` one configuration, which is its digest, by name, with the bytes they were built of."""

    def __init__(self, under: bytes, geo: Geo) -> None:
        self.under = under
        self.geo = geo
        self._sites: dict[str, tuple[bytes, Site]] = {}

    def get(self, domain: Domain) -> Site | None:
        """The site of a domain, if it was built of the same bytes."""
        site, made = self._sites.get(domain.name, (b"", None))
        return made if site == domain.site else None

    def put(self, domain: Domain, site: Site) -> None:
        self._sites[domain.name] = domain.site, site

    def keep(self, names: Collection[str]) -> None:
        """Forget all but those called `names`."""
        self._sites = {name: made for name, made in self._sites.items() if name in names}


class Library:
    """Texts that are loaded, by their SHA-256, each once: those of the bundle at hand, and of the one before."""

    def __init__(self) -> None:
        self._registry = stdlib.registry()
        self.programs: dict[bytes, Program] = {}
        self.dictionaries: dict[bytes, dict[str, str]] = {}
        self.texts: Mapping[bytes, bytes] = {}
        """Of the bundle at hand."""

    def keep(self, digests: Collection[bytes]) -> None:
        """Forget all others."""
        self.programs = {each: made for each, made in self.programs.items() if each in digests}
        self.dictionaries = {each: read for each, read in self.dictionaries.items() if each in digests}

    def program(self, digest: bytes) -> Program:
        """The script whose code is this text. Raises CodeError, LookupError."""
        program = self.programs.get(digest)
        if program is None:
            program = load_program(self.texts[digest], self._registry)
            if len(self.texts) <= PREPARED:
                program.prepare()
            self.programs[digest] = program
        return program

    def dictionary(self, digest: bytes) -> dict[str, str]:
        """The dictionary that is this text, as scripts read it. Raises msgspec.DecodeError, LookupError."""
        entries = self.dictionaries.get(digest)
        if entries is None:
            entries = as_scripts_hold(DICTIONARY.decode(self.texts[digest]))
            self.dictionaries[digest] = entries
        return entries
