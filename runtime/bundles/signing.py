"""
Who says so: Ed25519 over the bytes of a manifest, by one key or several.

Several, so that keys can be changed: while a change is under way a manifest is signed by the old key and by the new
one, and a node that was away finds one it believes.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, TypeAlias

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta

from runtime.bundles.wire import BundleError, decode, encode

SEED_BYTES: Final = 32
MAX_SIGNATURES: Final = 8
MAX_PAYLOAD_BYTES: Final = 16 << 20
MAX_ENVELOPE_BYTES: Final = MAX_PAYLOAD_BYTES + 4096
_PURPOSE: Final = b"edgescript manifest 1\0"
"""Before what is signed: a signature for this cannot be taken for one for anything else."""

PublicKey: TypeAlias = Annotated[bytes, Meta(min_length=32, max_length=32)]
KeyId: TypeAlias = Annotated[str, Meta(pattern=r"\A[0-9a-f]{16}\Z")]


class Envelope(msgspec.Struct, array_like=True, frozen=True):
    """A payload and its signatures by the ids of their keys."""

    payload: Annotated[bytes, Meta(max_length=MAX_PAYLOAD_BYTES)]
    signatures: Annotated[
        dict[KeyId, Annotated[bytes, Meta(min_length=64, max_length=64)]], Meta(max_length=MAX_SIGNATURES)
    ]


_DECODER: Final = msgspec.msgpack.Decoder(Envelope)


class SigningKey:
    """Made of 32 random bytes, which are the secret. Its repr has none of it."""

    def __init__(self, seed: bytes) -> None:
        """Raises ValueError for a seed of another length."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.id = key_id(self.public_key)

    def __repr__(self) -> str:
        return f"SigningKey({self.id})"

    def sign(self, payload: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(_PURPOSE + payload)


def key_id(public_key: bytes) -> str:
    """16 hexadecimal digits."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def sign(payload: bytes, keys: Iterable[SigningKey]) -> bytes:
    """The envelope of `payload` as bytes. Raises BundleError for one that is too long."""
    envelope = Envelope(payload, {key.id: key.sign(payload) for key in keys})
    return encode(envelope, MAX_ENVELOPE_BYTES, "envelope")


def open_envelope(data: bytes) -> Envelope:
    """The envelope in `data`, of which nothing is known yet. Raises BundleError."""
    return decode(data, _DECODER, MAX_ENVELOPE_BYTES, "envelope")


def signed_by(envelope: Envelope, believed: Iterable[bytes]) -> str:
    """The id of the first of the `believed` public keys that signed it. Raises BundleError where none did."""
    for public_key in believed:
        name = key_id(public_key)
        if name in envelope.signatures and _is_signed(envelope, public_key, envelope.signatures):
            return name
    theirs = ", ".join(sorted(envelope.signatures)) or "nobody"
    raise BundleError("unsigned", f"manifest: signed by {theirs}, none of whom is believed")


def _is_signed(envelope: Envelope, public_key: bytes, signatures: Mapping[str, bytes]) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            signatures[key_id(public_key)], _PURPOSE + envelope.payload
        )
    except (InvalidSignature, ValueError):
        return False
    return True
