"""
Blobs: bytes that anybody may relay and keep, and only who knows the key of each can read.

A blob is its text under AES-256-GCM. The key is HMAC-SHA256(store key, SHA-256(text)): who has the store key makes the
same blob of the same text at any time, so a text is fetched and kept once however often it is published, and nobody else can
tell from a blob whether it is of a text he guesses. Each key seals one text only, so the nonce may be constant. A blob is
named by the SHA-256 of its bytes; the name and the key travel in what is signed, so a blob cannot be changed on its way.
"""

import hashlib
import hmac
from typing import Annotated, Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Meta

from runtime.bundles.wire import BundleError, Digest

MAX_TEXT_BYTES: Final = 16 << 20
TAG_BYTES: Final = 16
MAX_BLOB_BYTES: Final = MAX_TEXT_BYTES + TAG_BYTES
_NONCE: Final = bytes(12)
_PURPOSE: Final = b"edgescript blob 1"


class BlobRef(msgspec.Struct, array_like=True, frozen=True):
    """Which blob, and how it is read. Who has this can read it: it belongs in sealed or signed places only."""

    sha256: Digest
    """Of its bytes."""
    key: Annotated[bytes, Meta(min_length=32, max_length=32)]
    size: Annotated[int, Meta(ge=TAG_BYTES, le=MAX_BLOB_BYTES)]
    """Of its bytes."""

    @property
    def name(self) -> str:
        """64 hexadecimal digits, lower case."""
        return self.sha256.hex()


class Sealed(NamedTuple):
    ref: BlobRef
    data: bytes


def seal(store_key: bytes, text: bytes) -> Sealed:
    """The blob of `text`. Raises BundleError for one that is too long."""
    if len(text) > MAX_TEXT_BYTES:
        raise BundleError("too-large", f"{len(text)} bytes to seal, more than {MAX_TEXT_BYTES}")
    key = blob_key(store_key, hashlib.sha256(text).digest())
    data = AESGCM(key).encrypt(_NONCE, text, _PURPOSE)
    return Sealed(BlobRef(hashlib.sha256(data).digest(), key, len(data)), data)


def blob_key(store_key: bytes, text_sha256: bytes) -> bytes:
    """The key of the blob of a text, 32 bytes."""
    return hmac.digest(store_key, text_sha256, "sha256")


def is_whole(ref: BlobRef, data: bytes) -> bool:
    """Whether `data` are the bytes of the blob."""
    return len(data) == ref.size and hmac.compare_digest(hashlib.sha256(data).digest(), ref.sha256)


def unseal(ref: BlobRef, data: bytes) -> bytes:
    """The text of the blob whose bytes are `data`. Raises BundleError."""
    if not is_whole(ref, data):
        raise BundleError("damaged", f"blob {ref.name[:12]}: not the bytes it is named by")
    try:
        return AESGCM(ref.key).decrypt(_NONCE, data, _PURPOSE)
    except InvalidTag:
        raise BundleError("damaged", f"blob {ref.name[:12]}: not sealed with its key") from None
