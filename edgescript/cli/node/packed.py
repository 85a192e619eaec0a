"""
The form of a bundle: all that a node serves, in one piece of bytes that needs no file.

The sites of the node's own configuration stand in its `config`, with their scripts beside it; those of a console's domains
each stand for themselves, so that one that cannot be read takes no other with it. A text that several of them have, code
or a dictionary, is there once.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from edgescript.builtins import Stage
from runtime.bundles.split import Split
from runtime.config import Config
from runtime.config.tables import SiteTable, UpstreamTable
from runtime.scripts.rule import Rule

Texts = tuple[bytes, ...]
Named = dict[str, int]
"""Dictionaries by name: which of the bundle's texts each is."""


class Script(msgspec.Struct, array_like=True, frozen=True):
    """A script of a site: its settings, the position that counts, and which of the bundle's texts is its code."""

    rule: Rule
    position: Stage
    code: int
    version: int = 0
    """Its number in the console; 0 for one from a file."""


class Own(msgspec.Struct, array_like=True, frozen=True):
    """What a site of the node's own configuration has beside its table."""

    scripts: tuple[Script, ...]
    dictionaries: Named


class Release(msgspec.Struct, array_like=True, frozen=True):
    """What is served of a domain; `upstreams` are those that its table and its scripts may name."""

    number: int
    table: SiteTable
    upstreams: tuple[UpstreamTable, ...]
    scripts: tuple[Script, ...]


class DomainSite(msgspec.Struct, array_like=True, frozen=True):
    """A domain on this node: the stable release, and the one being rolled out where this node gives it to anybody."""

    releases: tuple[Release, ...]
    split: Split | None
    dictionaries: Named


class Domain(msgspec.Struct, array_like=True, frozen=True):
    """`site` is a DomainSite in MessagePack."""

    name: str
    site: bytes


class Bundle(msgspec.Struct, array_like=True, frozen=True):
    config: Config
    node_id: str
    texts: Texts
    own: tuple[Own, ...]
    """Of the site for all other hosts first, then of `config.sites` in order."""
    domains: tuple[Domain, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    """Domains that cannot be served, each with the reason."""
    complete: bool = True
    """False while the console that is to say what is served has said nothing."""


class Shelf:
    """Collects texts, each once."""

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}

    def place(self, text: bytes) -> int:
        """Where `text` stands among `texts`."""
        return self._places.setdefault(text, len(self._places))

    def place_dictionary(self, entries: Mapping[str, str]) -> int:
        """The same of a dictionary."""
        return self.place(msgspec.msgpack.encode(dict(entries)))

    @property
    def texts(self) -> Texts:
        """All there are."""
        return tuple(self._places)


DICTIONARY: Final = msgspec.msgpack.Decoder(dict[str, str])
