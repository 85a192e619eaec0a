"""
Digests and checksums (reference sections 7.10, 7.12). Raw bytes come back, except from `md5`, which is in hexadecimal.

MD5 and SHA-1 are what published scripts and their customers' signatures use; new designs should take
hmac(key, text, 'sha256').
"""

import hashlib
import hmac as _hmac
import zlib
from collections.abc import Callable
from typing import Final

from edgescript.builtins import Cost, Effect, Family, Int, Str
from edgescript.faults import FaultCode, ScriptFault
from edgescript.types import number_text

try:
    # Python's own MD5 has no set-up: 0.19 µs for what signed URLs hash, OpenSSL's 0.36; level at 100 KB.
    import _md5 as md5_module
except ImportError:
    md5_module = hashlib
new_md5: Callable[[bytes], "hashlib._Hash"] = md5_module.md5

digests = Family("digests", effect=Effect.PURE)

_SHA2: Final = {
    224: hashlib.sha224,
    256: hashlib.sha256,
    384: hashlib.sha384,
    512: hashlib.sha512,
}
_HMAC: Final = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


@digests.builtin(cost=Cost(6, per="s", shift=6, makes=lambda _: 20))
def sha1(s: Str) -> str:
    """
    Return the 20 bytes of SHA-1.

    tohex(sha1('abc')) => 'a9993e364706816aba3e25717850c26c9cd0d89d'
    """
    return hashlib.sha1(s.encode("latin-1"), usedforsecurity=False).digest().decode("latin-1")


@digests.builtin(cost=Cost(7, per="s", shift=6, makes=lambda _: 64))
def sha2(s: Str, l: Int) -> str:  # noqa: E741 - the vendor's name of the parameter
    """
    Return the `l` / 8 bytes of SHA-2; `l` is 224, 256, 384 or 512, else error 499.

    len(sha2('abc', 384))         => 48
    tohex(substr(sha2('abc', 256), 1, 4)) => 'ba7816bf'
    """
    return _sha2(l)(s)


@digests.specialised(sha2, "l")
def _sha2(l: int) -> Callable[[str], str]:  # noqa: E741 - as above
    new = _SHA2.get(l)
    if new is None:
        raise ScriptFault(FaultCode.OTHER, f"sha2: got length {number_text(l)}, want 224, 256, 384 or 512")
    return lambda s: new(s.encode("latin-1")).digest().decode("latin-1")


@digests.builtin(cost=Cost(24, per="s", shift=6, makes=lambda _: 64))
def hmac(k: Str, s: Str, v: Str) -> str:
    """
    Return the bytes of HMAC (RFC 2104) under key `k`; `v` is md5, sha1, sha224, sha256, sha384 or sha512.

    Another `v` is error 499.

    len(hmac('k', 'm', 'sha256'))             => 32
    eq(hmac('k', 'm', 'sha1'), hmac_sha1('k', 'm')) => true
    """
    return _hmac_of(v)(k, s)


@digests.specialised(hmac, "v")
def _hmac_of(v: str) -> Callable[[str, str], str]:
    if v not in _HMAC:
        raise ScriptFault(FaultCode.OTHER, f"hmac: got digest {v[:20]!r}, want one of {', '.join(_HMAC)}")
    return lambda k, s: _hmac.digest(k.encode("latin-1"), s.encode("latin-1"), v).decode("latin-1")


@digests.builtin(cost=Cost(24, per="s", shift=6, makes=lambda _: 20))
def hmac_sha1(k: Str, s: Str) -> str:
    """
    Return the 20 bytes of HMAC-SHA-1 under key `k`.

    len(hmac_sha1('k', 'm')) => 20
    """
    return _hmac.digest(k.encode("latin-1"), s.encode("latin-1"), "sha1").decode("latin-1")


@digests.builtin(cost=Cost(8, per="s", shift=5, makes=lambda _: 32))
def md5(s: Str) -> str:
    """
    Return MD5 as 32 lower-case hexadecimal digits.

    md5('abc') => '900150983cd24fb0d6963f7d28e17f72'
    """
    return new_md5(s.encode("latin-1")).hexdigest()


@digests.builtin(cost=Cost(8, per="s", shift=5, makes=lambda _: 16))
def md5_bin(s: Str) -> str:
    """
    Return the 16 bytes of MD5.

    tohex(md5_bin('abc')) => '900150983cd24fb0d6963f7d28e17f72'
    """
    return new_md5(s.encode("latin-1")).digest().decode("latin-1")


@digests.builtin(cost=Cost(2, per="s", shift=8))
def crc(s: Str) -> int:
    """
    Return CRC-32 (that of zip and Ethernet) as a number from 0 to 2^32 - 1.

    crc('123456789') => 3421780262
    """
    return zlib.crc32(s.encode("latin-1"))
