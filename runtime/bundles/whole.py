"""What a node serves of one manifest, whole: every document with the texts that it names."""

from collections.abc import Mapping
from typing import NamedTuple

from runtime.bundles.documents import DomainDocument, blobs_of
from runtime.bundles.manifest import Manifest
from runtime.bundles.sealing import unseal
from runtime.bundles.verify import Shelf, open_document
from runtime.bundles.wire import BundleError


class Domain(NamedTuple):
    """`texts` are code (`compiling.code.encode`) and dictionaries (`documents`), by the `sha256` of their references."""

    document: DomainDocument
    texts: Mapping[bytes, bytes]


def opened(manifest: Manifest, shelf: Shelf) -> tuple[Domain, ...]:
    """The domains of `manifest` in its order. Raises BundleError where a blob is missing or damaged."""
    texts: dict[bytes, bytes] = {}
    domains = []
    for entry in manifest.domains:
        data = shelf.read(entry.blob)
        if data is None:
            raise BundleError("missing", f"document of {entry.name}: not there")
        document = open_document(entry, data)
        mine: dict[bytes, bytes] = {}
        for ref in blobs_of(document):
            text = texts.get(ref.sha256)
            if text is None:
                sealed = shelf.read(ref)
                if sealed is None:
                    raise BundleError("missing", f"blob {ref.name[:12]} of {entry.name}: not there")
                text = texts[ref.sha256] = unseal(ref, sealed)
            mine[ref.sha256] = text
        domains.append(Domain(document, mine))
    return tuple(domains)
