"""
Whether a node may serve what it was given: signature, environment, generation, blobs, in this order.

Nothing of a payload is read before its signature is good. Each step raises BundleError, whose word the node reports; then it
keeps what it has.
"""

import hashlib
import hmac
from collections.abc import Iterable, MutableMapping
from typing import Protocol

from runtime.bundles.documents import DomainDocument, blobs_of, decode_document
from runtime.bundles.manifest import DomainEntry, Manifest, decode_manifest
from runtime.bundles.sealing import BlobRef, unseal
from runtime.bundles.signing import open_envelope, signed_by
from runtime.bundles.wire import BundleError


def accept(data: bytes, believed: Iterable[bytes], environment: str, newer_than: int = -1) -> Manifest:
    """
    The manifest in the envelope `data`, if it is signed by one of the `believed` public keys, for `environment`, and of a
    generation above `newer_than`. Raises BundleError.
    """
    envelope = open_envelope(data)
    signed_by(envelope, believed)
    manifest = decode_manifest(envelope.payload)
    if manifest.environment != environment:
        raise BundleError(
            "environment", f"manifest: for {manifest.environment}, this node is of {environment}"
        )
    if manifest.generation <= newer_than:
        raise BundleError("older", f"manifest: generation {manifest.generation}, not above {newer_than}")
    return manifest


def open_document(entry: DomainEntry, data: bytes) -> DomainDocument:
    """The document that a manifest names, of the bytes of its blob. Raises BundleError."""
    text = unseal(entry.blob, data)
    if not hmac.compare_digest(hashlib.sha256(text).digest(), entry.digest):
        raise BundleError("damaged", f"document of {entry.name}: not what its digest says")
    document = decode_document(text)
    if document.name != entry.name:
        raise BundleError("contradiction", f"document of {entry.name}: is of {document.name}")
    return document


class Shelf(Protocol):
    """Blobs that are there already, by their bytes."""

    def read(self, ref: BlobRef, /) -> bytes | None:
        """The bytes, None where there are none."""
        ...

    def has(self, ref: BlobRef, /) -> bool:
        """Whether they are there, whole."""
        ...


def missing(
    manifest: Manifest, shelf: Shelf, known: MutableMapping[bytes, tuple[BlobRef, ...]]
) -> list[BlobRef]:
    """
    The blobs that serving `manifest` takes and that are not on the shelf, each once.

    What a document names is known once it is there: ask again after the first have been fetched. `known` has what the
    documents name that were read before, by their digests, and gets the new ones. One that cannot be read names nothing:
    whoever loads it says why, and loads the others.
    """
    wanted: dict[bytes, BlobRef] = {}
    for entry in manifest.domains:
        named = known.get(entry.digest)
        if named is None or not shelf.has(entry.blob):
            data = shelf.read(entry.blob)
            if data is None:
                wanted[entry.blob.sha256] = entry.blob
                continue
            named = known[entry.digest] = _named_by(entry, data)
        wanted.update((ref.sha256, ref) for ref in named if ref.sha256 not in wanted and not shelf.has(ref))
    return list(wanted.values())


def _named_by(entry: DomainEntry, data: bytes) -> tuple[BlobRef, ...]:
    try:
        return tuple(blobs_of(open_document(entry, data)))
    except BundleError:
        return ()
