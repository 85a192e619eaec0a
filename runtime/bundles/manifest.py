"""
The manifest: all that the nodes of one environment serve at one generation, and what was purged lately.

It names every domain's document as a blob (`documents`), so it is whole in itself: a node that was away for days needs this
and the blobs it does not have, and no history. Purges are numbered without gaps; those kept begin with `first_purge_seq`, which is
the number of the next one where none is kept. A node that has not seen all before that has missed some.
"""

import itertools
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from runtime.bundles.sealing import BlobRef
from runtime.bundles.signing import MAX_PAYLOAD_BYTES, PublicKey
from runtime.bundles.wire import (
    MAX_DOMAINS,
    MAX_HOSTS,
    MAX_VALUE,
    BundleError,
    Count,
    Digest,
    DomainName,
    Environment,
    Host,
    decode,
    encode,
)

FORMAT: Final = 1
"""Raised when an older node could misread a manifest; it refuses those it does not know."""
MAX_KEYS: Final = 8
MAX_PURGES: Final = 1_000
PurgeKind: TypeAlias = Literal["url", "prefix", "tag"]


class DomainEntry(msgspec.Struct, array_like=True, frozen=True):
    """A domain and its document."""

    name: DomainName
    digest: Digest
    """SHA-256 of the document's text."""
    blob: BlobRef


class PurgeEntry(msgspec.Struct, array_like=True, frozen=True):
    """Stored responses of one domain to drop, or, softly, to take to be stale."""

    seq: Count
    domain: DomainName
    hosts: Annotated[tuple[Host, ...], Meta(max_length=MAX_HOSTS)]
    """The domain's when it was asked: nothing of other hosts is touched."""
    kind: PurgeKind
    value: Annotated[str, Meta(min_length=1, max_length=MAX_VALUE)]
    soft: bool = False


class Manifest(msgspec.Struct, array_like=True, frozen=True):
    format: int
    environment: Environment
    generation: Count
    issued: Count
    """Unix seconds, for people; nothing is decided by it, since clocks differ."""
    keys: Annotated[tuple[PublicKey, ...], Meta(min_length=1, max_length=MAX_KEYS)]
    """Whose signatures are believed from now on."""
    domains: Annotated[tuple[DomainEntry, ...], Meta(max_length=MAX_DOMAINS)] = ()
    """In the order of their names, each once."""
    purges: Annotated[tuple[PurgeEntry, ...], Meta(max_length=MAX_PURGES)] = ()
    """In the order of their numbers."""
    first_purge_seq: Annotated[int, Meta(ge=1, le=2**62)] = 1

    @property
    def last_purge_seq(self) -> int:
        """The number of the latest purge there has been; 0 where there was none."""
        return self.first_purge_seq + len(self.purges) - 1


class _Head(msgspec.Struct, array_like=True):
    """What every format begins with."""

    format: int


_HEAD: Final = msgspec.msgpack.Decoder(_Head)
_DECODER: Final = msgspec.msgpack.Decoder(Manifest)


def encode_manifest(manifest: Manifest) -> bytes:
    """The payload to be signed. Raises BundleError for one that no node would accept."""
    _check(manifest)
    payload = encode(manifest, MAX_PAYLOAD_BYTES, "manifest")
    decode_manifest(payload)
    return payload


def decode_manifest(payload: bytes) -> Manifest:
    """The manifest in `payload`. Raises BundleError."""
    head = decode(payload, _HEAD, MAX_PAYLOAD_BYTES, "manifest")
    if head.format != FORMAT:
        raise BundleError("format", f"manifest: format {head.format}, this build knows {FORMAT}")
    manifest = decode(payload, _DECODER, MAX_PAYLOAD_BYTES, "manifest")
    _check(manifest)
    return manifest


def _check(manifest: Manifest) -> None:
    """Raises BundleError for what the declaration cannot say."""
    names = [each.name for each in manifest.domains]
    if any(first >= second for first, second in itertools.pairwise(names)):
        raise BundleError("contradiction", "manifest: domains are not in order, each once")
    numbers = [each.seq for each in manifest.purges]
    if numbers != list(range(manifest.first_purge_seq, manifest.first_purge_seq + len(numbers))):
        raise BundleError("contradiction", "manifest: numbers of purges have gaps")
