"""A domain of a manifest, whole: its document with the texts that it names."""

from collections.abc import Mapping
from typing import NamedTuple

from runtime.bundles.documents import DomainDocument, blobs_of
from runtime.bundles.manifest import DomainEntry
from runtime.bundles.sealing import BlobRef, unseal
from runtime.bundles.verify import Shelf, open_document
from runtime.bundles.wire import BundleError


class Domain(NamedTuple):
    """`texts` are code (`compiling.code.encode`) and dictionaries (`documents`), by the `sha256` of their references."""

    document: DomainDocument
    texts: Mapping[bytes, bytes]


class Opener:
    """Opens domains from one shelf; a text that several of them name is opened once."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._texts: dict[bytes, bytes] = {}

    def domain(self, entry: DomainEntry) -> Domain:
        """
        The domain of an entry. Raises BundleError: `missing` where the shelf does not have it whole, so that it may be had
        again; anything else is how it was published, and stays so.
        """
        data = self._shelf.read(entry.blob)
        if data is None:
            raise BundleError("missing", f"document of {entry.name}: not there")
        document = open_document(entry, data)
        return Domain(document, {ref.sha256: self._text(ref, entry) for ref in blobs_of(document)})

    def _text(self, ref: BlobRef, entry: DomainEntry) -> bytes:
        text = self._texts.get(ref.sha256)
        if text is None:
            sealed = self._shelf.read(ref)
            if sealed is None:
                raise BundleError("missing", f"blob {ref.name[:12]} of {entry.name}: not there")
            text = self._texts[ref.sha256] = unseal(ref, sealed)
        return text
