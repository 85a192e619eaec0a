"""Values that must not be read in the store: encrypted under a key of the data directory, each bound to its place."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.console.model.refusal import Refused
from runtime.console.store.dictionaries import DictionaryRow

NONCE_BYTES: Final = 12
_VALUES: Final = b"edgescript dictionary values 1"
_DIGESTS: Final = b"edgescript dictionary digest 1"
_BLOBS: Final = b"edgescript blob of a dictionary 1"


class Vault:
    """Encrypts values with AES-256-GCM under a key made of the store key; `random` gives nonces."""

    def __init__(self, store_key: bytes, random: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(hmac.digest(store_key, _VALUES, "sha256"))
        self._digests = hmac.digest(store_key, _DIGESTS, "sha256")
        self._blobs = hmac.digest(store_key, _BLOBS, "sha256")
        self._random = random

    def close(self, domain: str, name: str, entries: Mapping[str, str], *, secret: bool) -> dict[str, bytes]:
        """The values as they are stored."""
        if not secret:
            return {key: value.encode() for key, value in entries.items()}
        closed = {}
        for key, value in entries.items():
            nonce = self._random(NONCE_BYTES)
            closed[key] = nonce + self._cipher.encrypt(nonce, value.encode(), _place(domain, name, key))
        return closed

    def open(self, row: DictionaryRow, stored: Mapping[str, bytes]) -> dict[str, str]:
        """The values that were stored. Raises Refused where the key is not the one they were closed with."""
        if not row.secret:
            return {key: value.decode() for key, value in stored.items()}
        try:
            return {
                key: self._cipher.decrypt(
                    value[:NONCE_BYTES], value[NONCE_BYTES:], _place(row.domain, row.name, key)
                ).decode()
                for key, value in stored.items()
            }
        except InvalidTag:
            raise Refused("store-unavailable", f"dictionary {row.name}: closed with another key") from None

    def digest(self, entries: Mapping[str, str], *, secret: bool) -> str:
        """64 hexadecimal digits: SHA-256 of the entries as canonical JSON; keyed where values must not be guessed by it."""
        text = json.dumps(dict(entries), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        if secret:
            return hmac.digest(self._digests, text, "sha256").hex()
        return hashlib.sha256(text).hexdigest()

    def fingerprint(self, key: bytes) -> str:
        """A name for the blob of a dictionary that tells nothing of its text."""
        return hmac.digest(self._blobs, key, "sha256").hex()


def _place(domain: str, name: str, key: str) -> bytes:
    """A value that is put somewhere else in the store does not open."""
    return json.dumps([domain, name, key]).encode()
