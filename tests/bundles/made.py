"""Bundles as a console makes them, in memory: the notation of these tests and of those of the node's side."""

import hashlib

from runtime.bundles.documents import (
    DictionaryEntry,
    DomainDocument,
    Release,
    ScriptEntry,
    encode_dictionary,
    encode_document,
)
from runtime.bundles.manifest import FORMAT, DomainEntry, Manifest, PurgeEntry, encode_manifest
from runtime.bundles.node_token import NodePlace, NodeToken
from runtime.bundles.report import Report
from runtime.bundles.sealing import BlobRef, seal, unseal
from runtime.bundles.signing import SigningKey, sign
from runtime.bundles.whole import Opener

STORE_KEY = b"s" * 32
KEY = SigningKey(b"1" * 32)
OTHER_KEY = SigningKey(b"2" * 32)
REPORT = Report("edge-1", "0.1.0", 1_800_000_000.5, "production", "a", "eu", 100)
TOKEN = NodeToken("a1B2", "s" * 40, NodePlace(KEY.public_key, "production", "pool_a", "cn-north"))


class Shelf:
    """Blobs in memory, by name."""

    def __init__(self):
        self.blobs: dict[str, bytes] = {}

    def put(self, text: bytes) -> BlobRef:
        sealed = seal(STORE_KEY, text)
        self.blobs[sealed.ref.name] = sealed.data
        return sealed.ref

    def read(self, ref):
        return self.blobs.get(ref.name)

    def has(self, ref):
        return ref.name in self.blobs

    def domain(
        self, name, scripts=(), dictionaries=(), split=None, candidate=None, **settings
    ) -> DomainEntry:
        """A domain's document and all it names; scripts are (name, code) or (name, code, settings of the script)."""
        settings.setdefault("hosts", [f"{name}.example"])
        releases = [Release(1, self.scripts(scripts))]
        if candidate is not None:
            releases.append(Release(2, self.scripts(candidate)))
        document = DomainDocument(
            name,
            settings,
            tuple(releases),
            split,
            tuple(
                DictionaryEntry(each, self.put(encode_dictionary(entries))) for each, entries in dictionaries
            ),
        )
        ref = self.put(encode_document(document))
        return entry_of(name, ref, self.blobs[ref.name])

    def scripts(self, scripts):
        return tuple(
            ScriptEntry(name, 1, self.put(code), **{"position": "head", **dict(*rest)})
            for name, code, *rest in scripts
        )


def opened(manifest, shelf):
    """All domains of a manifest."""
    opener = Opener(shelf)
    return [opener.domain(entry) for entry in manifest.domains]


def entry_of(name, ref, data):
    return DomainEntry(name, hashlib.sha256(unseal(ref, data)).digest(), ref)


def manifest(generation=100, domains=(), purges=(), **parts) -> Manifest:
    parts = {"environment": "production", "issued": 1_800_000_000, "keys": (KEY.public_key,), **parts}
    return Manifest(
        format=FORMAT,
        generation=generation,
        domains=tuple(sorted(domains, key=lambda each: each.name)),
        purges=tuple(purges),
        **parts,
    )


def envelope(*arguments, by=(KEY,), **parts) -> bytes:
    return sign(encode_manifest(manifest(*arguments, **parts)), by)


def purge(seq, value="http://shop.example/a", kind="url", soft=False, hosts=("shop.example",)) -> PurgeEntry:
    return PurgeEntry(seq, "shop", hosts, kind, value, soft)
