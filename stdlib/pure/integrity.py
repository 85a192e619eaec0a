"""
Integrity checks that the vendor's language lacks, an extension: SHA-3, CRC-32C, comparison in constant time.

Raw bytes come back from digests, as in `digests`.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from edgescript.builtins import Cost, Effect, Family, Int, Str
from edgescript.faults import FaultCode, ScriptFault
from edgescript.types import number_text

integrity = Family("integrity", effect=Effect.PURE, extension=True)

_SHA3: Final = {
    224: hashlib.sha3_224,
    256: hashlib.sha3_256,
    384: hashlib.sha3_384,
    512: hashlib.sha3_512,
}


@integrity.builtin(cost=Cost(16, per="s", shift=4, makes=lambda _: 64))
def sha3(s: Str, bits: Int) -> str:
    """
    Return the `bits` / 8 bytes of SHA-3 (FIPS 202); `bits` is 224, 256, 384 or 512, else error 499.

    len(sha3('abc', 384)) => 48
    tohex(substr(sha3('abc', 256), 1, 4)) => '3a985da7'
    """
    return _sha3(bits)(s)


@integrity.specialised(sha3, "bits")
def _sha3(bits: int) -> Callable[[str], str]:
    new = _SHA3.get(bits)
    if new is None:
        raise ScriptFault(FaultCode.OTHER, f"sha3: got length {number_text(bits)}, want 224, 256, 384 or 512")
    return lambda s: new(s.encode("latin-1")).digest().decode("latin-1")


_CASTAGNOLI: Final = 0x82F63B78
"""The polynomial 0x1EDC6F41 (RFC 3720 section 12.1), bits reversed."""


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_CASTAGNOLI if byte & 1 else 0)
    return byte


_CRC32C: Final = [_remainder(byte) for byte in range(256)]


@integrity.builtin(cost=Cost(4, per="s", shift=0))
def crc32c(s: Str) -> int:
    """
    Return CRC-32C (Castagnoli, that of iSCSI and object stores) as a number from 0 to 2^32 - 1.

    crc32c('123456789') => 3808858755
    """
    table = _CRC32C
    crc = 0xFFFFFFFF
    for byte in s.encode("latin-1"):
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


@integrity.builtin(cost=Cost(2, per="a", shift=7))
def secure_eq(a: Str, b: Str) -> bool:
    """
    Return whether two strings are equal, in a time that does not tell where they differ. For signatures and tokens.

    `eq` stops at the first difference, which a patient client might measure. The length of the strings is no secret.

    secure_eq(md5('abc'), '900150983cd24fb0d6963f7d28e17f72') => true
    secure_eq('abc', 'abd')                                   => false
    secure_eq('abc', 'abcd')                                  => false
    """
    return hmac.compare_digest(a.encode("latin-1"), b.encode("latin-1"))
