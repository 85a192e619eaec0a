"""
The form of a bundle: all that a node serves, in one piece of bytes that needs no file.

The sites of the node's own configuration stand in its `config`, with their scripts beside it; those of a console's domains
each stand for themselves, so that one that cannot be read takes no other with it. A text that several of them have, code
or a dictionary, is there once, and named by its SHA-256: so a domain that has not changed is the same bytes in every bundle,
whatever else is in it, and what was built of it can be kept.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from edgescript.builtins import Stage
from runtime.bundles.split import Split
from runtime.config import Config
from runtime.config.tables import SiteTable, UpstreamTable
from runtime.scripts.rule import Rule

Texts = Mapping[bytes, bytes]
"""By their SHA-256."""
Named = dict[str, bytes]
"""Dictionaries by name: the SHA-256 of the text of each."""


class Script(msgspec.Struct, array_like=True, frozen=True):
    """A script of a site: its settings, the position that counts, and the SHA-256 of its code."""

    rule: Rule
    position: Stage
    code: bytes
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
    """`site` is a DomainSite in MessagePack, `digest` that of the document it was made of."""

    name: str
    digest: bytes
    hosts: tuple[str, ...]
    """Of all its releases, lower case."""
    texts: tuple[bytes, ...]
    """What it needs of the bundle's."""
    site: bytes


class Bundle(msgspec.Struct, array_like=True, frozen=True):
    config: Config
    node_id: str
    texts: dict[bytes, bytes]
    """By their SHA-256."""
    own: tuple[Own, ...]
    """Of the site for all other hosts first, then of `config.sites` in order."""
    domains: tuple[Domain, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    """Domains that are not served as they should be, each with the reason."""
    complete: bool = True
    """False while the console that is to say what is served has said nothing."""


class Shelf:
    """Collects texts, each once."""

    def __init__(self) -> None:
        self.texts: dict[bytes, bytes] = {}
        """All there are, by their SHA-256."""

    def place(self, text: bytes) -> bytes:
        """What `text` is called among `texts`."""
        digest = hashlib.sha256(text).digest()
        self.texts[digest] = text
        return digest

    def place_dictionary(self, entries: Mapping[str, str]) -> bytes:
        """The same of a dictionary."""
        return self.place(msgspec.msgpack.encode(dict(entries)))


DICTIONARY: Final = msgspec.msgpack.Decoder(dict[str, str])
BUNDLE: Final = msgspec.msgpack.Decoder(Bundle)
