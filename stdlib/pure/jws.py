"""
Signed text in the compact form of RFC 7515: `header.payload.signature`, each part in Base64 without padding.

Which algorithm a text is signed with is the reader's to say, never the text's: a header that names another is refused,
so that nothing can be had with `none`, nor with a public key taken for an HMAC secret. A header that says `crit` is
refused too (section 4.1.11), for no extension is known here.
"""

import binascii
import hmac
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from edgescript.meter import Meter
from stdlib.pure.jsons import object_of

Verify = Callable[[bytes, bytes], bool]
"""Whether (signed bytes, signature) belong together."""


class Verifier(NamedTuple):
    """An algorithm with its key."""

    algorithm: str
    verify: Verify
    fuel: int
    """Of one verification."""


class KeyRefusedError(Exception):
    """The key is none for the algorithm; the text says what is wanted, and nothing of the key."""


_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")
_TO_STANDARD: Final = str.maketrans("-_", "+/")
_MAX_KEY_BYTES: Final = 4 << 10
_RSA_BITS: Final = range(2048, 8193)
"""RFC 7518 section 3.3 has the lower bound; a verification with the upper one takes 0.2 ms."""
_MAX_EXPONENT: Final = 1 << 32
_P256_BYTES: Final = 32
_PARTS_FUEL: Final = 90
"""Of reading the header and what is around it."""


def opened(meter: Meter, token: str, verifier: Verifier) -> bytes | None:
    """The payload of a signed text, None when anything about it is wrong."""
    parts = token.split(".", 3)
    if len(parts) != 3:
        return None
    head, payload, signature = (_decoded(part) for part in parts)
    if head is None or payload is None or signature is None:
        return None
    meter.charge(_PARTS_FUEL)
    header = object_of(meter, head)
    if header is None or header.get("alg") != verifier.algorithm or "crit" in header.named:
        return None
    meter.charge(verifier.fuel)
    signed = token[: len(parts[0]) + 1 + len(parts[1])].encode("ascii")
    return payload if verifier.verify(signed, signature) else None


def _decoded(text: str) -> bytes | None:
    """The bytes of URL-safe Base64 without padding, in the one spelling they have; None for other text."""
    if len(text) % 4 == 1 or _BASE64URL.fullmatch(text) is None:
        return None
    standard = text.translate(_TO_STANDARD) + "=" * (-len(text) % 4)
    decoded = binascii.a2b_base64(standard)
    return decoded if binascii.b2a_base64(decoded, newline=False) == standard.encode("ascii") else None


def _hmac(digest: str, least: int) -> Callable[[str], tuple[Verify, int]]:
    """RFC 7518 section 3.2: the key has at least the bytes of the digest."""

    def make(key: str) -> tuple[Verify, int]:
        if _is_public_key(key):
            raise KeyRefusedError("a secret, not a public key")
        if len(key) < least:
            raise KeyRefusedError(f"a secret of at least {least} bytes")
        secret = key.encode("latin-1")
        return lambda signed, signature: hmac.compare_digest(
            hmac.digest(secret, signed, digest), signature
        ), 30

    return make


def _is_public_key(key: str) -> bool:
    try:
        _public_key(key)
    except KeyRefusedError:
        return "-----BEGIN" in key or key.startswith(("ssh-", "ecdsa-"))
    return True


def _public_key(key: str) -> PublicKeyTypes:
    """The key in PEM, or in the Base64 between its lines (RFC 7468). Raises KeyRefusedError."""
    if len(key) <= _MAX_KEY_BYTES:
        text = key.encode("latin-1")
        try:
            if b"-----BEGIN" in text:
                return load_pem_public_key(text)
            return load_der_public_key(binascii.a2b_base64(text, strict_mode=True))
        except (ValueError, UnsupportedAlgorithm):
            pass
    raise KeyRefusedError("a public key in PEM, or the Base64 of one")


def _rsa(key: str) -> tuple[Verify, int]:
    public = _public_key(key)
    if not isinstance(public, RSAPublicKey) or public.key_size not in _RSA_BITS:
        raise KeyRefusedError(f"an RSA key of {_RSA_BITS[0]} to {_RSA_BITS[-1]} bits")
    if public.public_numbers().e >= _MAX_EXPONENT:
        raise KeyRefusedError("an RSA key with an exponent below 2^32")
    padding, sha256 = PKCS1v15(), SHA256()

    def verify(signed: bytes, signature: bytes) -> bool:
        try:
            public.verify(signature, signed, padding, sha256)
        except InvalidSignature:
            return False
        return True

    return verify, 300 * public.key_size**2 // _RSA_BITS[0] ** 2


def _es256(key: str) -> tuple[Verify, int]:
    public = _public_key(key)
    if not isinstance(public, EllipticCurvePublicKey) or not isinstance(public.curve, SECP256R1):
        raise KeyRefusedError("a key of the curve P-256")
    ecdsa = ECDSA(SHA256())

    def verify(signed: bytes, signature: bytes) -> bool:
        # RFC 7518 section 3.4: two numbers side by side.
        if len(signature) != 2 * _P256_BYTES:
            return False
        r, s = int.from_bytes(signature[:_P256_BYTES], "big"), int.from_bytes(signature[_P256_BYTES:], "big")
        try:
            public.verify(encode_dss_signature(r, s), signed, ecdsa)
        except InvalidSignature:
            return False
        return True

    return verify, 1400


def _ed25519(key: str) -> tuple[Verify, int]:
    """RFC 8037 section 3.1, with the curve every implementation has."""
    public = _public_key(key)
    if not isinstance(public, Ed25519PublicKey):
        raise KeyRefusedError("an Ed25519 key")

    def verify(signed: bytes, signature: bytes) -> bool:
        try:
            public.verify(signature, signed)
        except InvalidSignature:
            return False
        return True

    return verify, 1200


_ALGORITHMS: Final[dict[str, Callable[[str], tuple[Verify, int]]]] = {
    "HS256": _hmac("sha256", 32),
    "HS384": _hmac("sha384", 48),
    "HS512": _hmac("sha512", 64),
    "RS256": _rsa,
    "ES256": _es256,
    "EdDSA": _ed25519,
}
ALGORITHMS: Final = tuple(_ALGORITHMS)
"""By their names in RFC 7518 section 3.1 and RFC 8037."""
MAX_FUEL: Final = _PARTS_FUEL + 4800
"""What `opened` charges itself at most: an RSA key of the largest size."""


def verifier(algorithm: str, key: str) -> Verifier:
    """One of `ALGORITHMS` with its key. Raises KeyRefusedError."""
    verify, fuel = _ALGORITHMS[algorithm](key)
    return Verifier(algorithm, verify, fuel)
