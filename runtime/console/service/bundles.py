"""
Manifests, made once a generation and kept, and blobs.

A manifest is what the store says at one moment: the documents that are there, the purges that are kept, the keys to believe. It is
the same bytes whichever console makes it, for what it says and how it is signed leave no choice.
"""

from threading import Lock
from typing import Final

from runtime.bundles.manifest import FORMAT, DomainEntry, Manifest, PurgeEntry, encode_manifest
from runtime.bundles.sealing import BlobRef, blob_key
from runtime.bundles.signing import sign
from runtime.console.model.access import CONSOLE
from runtime.console.model.names import ENVIRONMENTS, environment_name
from runtime.console.service.answers import Envelope
from runtime.console.service.desk import Desk
from runtime.console.service.nodes import FORGET_S
from runtime.console.store import Reading, blobs, documents, generations, nodes, purges
from runtime.console.store.documents import DocumentRow

SWEEP_S: Final = 86_400.0
"""How long a blob is kept that nothing names any more: longer than any node takes to fetch."""
_HEX_DIGITS: Final = 64


class Bundles:
    """What nodes fetch."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._made: dict[str, Envelope] = {}
        self._making = {environment: Lock() for environment in ENVIRONMENTS}

    def generation(self, environment: str) -> int:
        """The newest; 0 before the first change."""
        with self._desk.read() as t:
            return generations.get(t, environment_name(environment)).generation

    def environment(self, environment: str) -> Envelope:
        """The signed manifest of the newest generation."""
        environment_name(environment)
        with self._making[environment], self._desk.read() as t:
            generation = generations.get(t, environment).generation
            made = self._made.get(environment)
            if made is None or made.generation != generation:
                made = self._made[environment] = self._make(t, environment)
            return made

    def _make(self, t: Reading, environment: str) -> Envelope:
        self._desk.keys.read_signing()  # another console may have added one
        counters = generations.get(t, environment)
        signing = self._desk.keys.signing
        manifest = Manifest(
            FORMAT,
            environment,
            counters.generation,
            int(counters.issued),
            tuple(key.public_key for key in signing),
            tuple(self._entry(row) for row in documents.all(t, environment)),
            tuple(
                PurgeEntry(row.seq, row.domain, tuple(row.hosts), row.kind, row.value, row.soft)  # type: ignore[arg-type] # stored as it was checked
                for row in purges.recent(t, environment)
            ),
            counters.first_purge,
        )
        return Envelope(generation=counters.generation, data=sign(encode_manifest(manifest), signing))

    def _entry(self, row: DocumentRow) -> DomainEntry:
        digest = bytes.fromhex(row.digest)
        key = blob_key(self._desk.keys.store_key, digest)
        return DomainEntry(row.domain, digest, BlobRef(bytes.fromhex(row.sha256), key, row.size))

    def blob(self, sha256: str) -> bytes | None:
        """The sealed bytes of that name, 64 hexadecimal digits; None where there are none."""
        if len(sha256) != _HEX_DIGITS:
            return None
        with self._desk.read() as t:
            return blobs.get(t, sha256)

    def sweep(self) -> int:
        """How many blobs went that nothing names any more. To be called now and then."""
        with self._desk.change(CONSOLE) as change:
            t = change.t
            for environment in ENVIRONMENTS:
                for row in documents.all(t, environment):
                    blobs.touch(t, [row.sha256, *row.refs])
            gone = blobs.prune(t, t.now - SWEEP_S)
            nodes.forget(t, t.now - FORGET_S)
            change.nothing()
        return gone
