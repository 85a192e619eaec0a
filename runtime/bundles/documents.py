"""
What is served of one domain: its document and the dictionaries of its scripts, as texts of blobs.

A document has one release, or two while one is rolled out: the stable one first, then the candidate. Code is not in it but
named by it, so that a new percentage costs a node one small blob.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from runtime.bundles.sealing import MAX_TEXT_BYTES, BlobRef
from runtime.bundles.split import Split
from runtime.bundles.wire import (
    MAX_DICTIONARIES,
    MAX_SCRIPTS,
    BundleError,
    Count,
    DomainName,
    ScriptName,
    decode,
    encode,
)

MAX_ENTRIES: Final = 10_000
"""Of one dictionary."""


class ScriptEntry(msgspec.Struct, array_like=True, frozen=True):
    """A version of a script and its settings, in the vendor's words (`runtime.scripts.rule`)."""

    name: ScriptName
    version: Count
    code: BlobRef
    """`compiling.code.encode`."""
    position: Literal["head", "foot"]
    pri: Annotated[int, Meta(ge=0, le=999)] = 0
    enable: bool = True
    brk: bool = False
    testip: Annotated[str, Meta(max_length=64)] = ""
    option: Annotated[str, Meta(max_length=1024)] = ""
    """`_es_dbg=SIGNATURE`, or '' for none."""
    on_error: Literal["deny", "continue"] | None = None
    """None for the position's own."""


class Release(msgspec.Struct, array_like=True, frozen=True):
    number: Count
    scripts: Annotated[tuple[ScriptEntry, ...], Meta(max_length=MAX_SCRIPTS)] = ()
    """In the order of upload."""
    settings: dict[str, Any] | None = None
    """Of this release, where they are others than the document's."""


class DictionaryEntry(msgspec.Struct, array_like=True, frozen=True):
    name: ScriptName
    blob: BlobRef
    secret: bool = False


class DomainDocument(msgspec.Struct, array_like=True, frozen=True):
    name: DomainName
    settings: dict[str, Any]
    """Keys of `[[sites]]` but `name` and `scripts`, and `upstreams`: a list of tables as `[[upstreams]]` has them."""
    releases: Annotated[tuple[Release, ...], Meta(min_length=1, max_length=2)]
    split: Split | None = None
    """Who gets `releases[1]`, where there is one."""
    dictionaries: Annotated[tuple[DictionaryEntry, ...], Meta(max_length=MAX_DICTIONARIES)] = ()

    def settings_of(self, release: Release) -> dict[str, Any]:
        """The settings that `release` is served with."""
        return self.settings if release.settings is None else release.settings


_DOCUMENT: Final = msgspec.msgpack.Decoder(DomainDocument)
_DICTIONARY: Final = msgspec.msgpack.Decoder(
    Annotated[dict[Annotated[str, Meta(max_length=1024)], str], Meta(max_length=MAX_ENTRIES)]
)


def encode_document(document: DomainDocument) -> bytes:
    """The text of its blob. Raises BundleError for one that no node would accept."""
    text = encode(document, MAX_TEXT_BYTES, f"document of {document.name}")
    decode_document(text)
    return text


def decode_document(text: bytes) -> DomainDocument:
    """The document in the text of a blob. Raises BundleError."""
    document = decode(text, _DOCUMENT, MAX_TEXT_BYTES, "document")
    what = f"document of {document.name}"
    if (document.split is None) != (len(document.releases) == 1):
        raise BundleError(
            "contradiction", f"{what}: want a split where there are two releases, and only there"
        )
    named = [[each.name for each in release.scripts] for release in document.releases]
    named.append([each.name for each in document.dictionaries])
    if any(len(set(names)) < len(names) for names in named):
        raise BundleError("contradiction", f"{what}: a name stands twice")
    return document


def blobs_of(document: DomainDocument) -> Iterator[BlobRef]:
    """The blobs that serving it takes: code and dictionaries, each once."""
    refs = [script.code for release in document.releases for script in release.scripts]
    refs += [dictionary.blob for dictionary in document.dictionaries]
    yield from {ref.sha256: ref for ref in refs}.values()


def encode_dictionary(entries: Mapping[str, str]) -> bytes:
    """The text of its blob. Raises BundleError."""
    text = encode(dict(entries), MAX_TEXT_BYTES, "dictionary")
    decode_dictionary(text)
    return text


def decode_dictionary(text: bytes) -> dict[str, str]:
    """The entries in the text of a blob. Raises BundleError."""
    return decode(text, _DICTIONARY, MAX_TEXT_BYTES, "dictionary")
