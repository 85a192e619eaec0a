"""
AES (reference section 7.10), with the key schedule of OpenResty's `aes` module, which the vendor's samples fit (U-21).

- Without `iv`, key and initial vector are derived from `key` of any length and `salt`: OpenSSL's EVP_BytesToKey with
  MD5 and one round, as `openssl enc -md md5` has it. That is weak against guessing: a `key` for it has to be random.
- With `iv`, of 16 bytes, `key` is the key itself and has exactly `cipher_len` bits; `salt` has no say.

ecb and cbc pad by PKCS#7 (RFC 5652 section 6.3); ctr, cfb (of 128 bits) and ofb make as many bytes as they are given.
Nothing here authenticates: a ciphertext that was tampered with may well decrypt. Pair it with hmac(key, text, 'sha256').

An AES object is a dictionary with one entry, which holds the cipher and shows nothing of the key: to scripts it is a
function without a name, so it has no JSON and no text, and none can be made but by `aes_new`.
"""

import hashlib
from collections.abc import Callable
from typing import Final, Literal

from cryptography.hazmat.decrepit.ciphers.modes import CFB, OFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR, ECB
from cryptography.hazmat.primitives.padding import PKCS7

from edgescript.builtins import Cost, Dict, Effect, Family, Str
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import Meter
from edgescript.types import Function, Table, Value, value_text

ciphers = Family("ciphers", effect=Effect.PURE)

_BLOCK_BYTES: Final = 16
_SALT_BYTES: Final = 8
_KEY_BYTES: Final = {"128": 16, "192": 24, "256": 32}
"""By `cipher_len`: a number, or its digits, as Lua takes either."""
_Mode = ECB | CBC | CTR | CFB | OFB
_MODES: Final[dict[str, Callable[[bytes], _Mode]]] = {
    "ecb": lambda _iv: ECB(),  # noqa: S305 - the language has it, and what is in use has to be read
    "cbc": CBC,
    "ctr": CTR,
    "cfb": CFB,
    "ofb": OFB,
}
"""By `cipher_mode`, from the initial vector."""
_PADDED: Final = frozenset({"ecb", "cbc"})
_ENTRY: Final = "cipher"
_PKCS7: Final = PKCS7(8 * _BLOCK_BYTES)


class _Aes:
    """A key, a mode and an initial vector; each text starts anew from them. Called as a function it does nothing."""

    __slots__ = ("cipher", "is_padded")

    def __init__(self, key: bytes, mode: _Mode, *, is_padded: bool) -> None:
        self.cipher: Cipher[_Mode] = Cipher(AES(key), mode)
        self.is_padded = is_padded

    def __call__(self) -> None:
        """A script may hand it to `foreach`; that gives away nothing."""

    def encrypted(self, text: bytes) -> bytes:
        if self.is_padded:
            padder = _PKCS7.padder()
            text = padder.update(text) + padder.finalize()
        encryptor = self.cipher.encryptor()
        return encryptor.update(text) + encryptor.finalize()

    def decrypted(self, text: bytes) -> bytes:
        """Raises ValueError for a text that is no whole number of blocks, or is wrongly padded."""
        decryptor = self.cipher.decryptor()
        plain = decryptor.update(text) + decryptor.finalize()
        if not self.is_padded:
            return plain
        unpadder = _PKCS7.unpadder()
        return unpadder.update(plain) + unpadder.finalize()


@ciphers.builtin(cost=Cost(100, worst=lambda call: call.each("config") >> 3))
def aes_new(meter: Meter, config: Dict) -> Table | Literal[False]:
    """
    Return an AES object for `aes_enc` and `aes_dec`, or false when `config` does not describe one.

    `key` is a string; `cipher_len` 128, 192 or 256; `cipher_mode` ecb, cbc, ctr, cfb or ofb. With `iv`, of 16 bytes,
    `key` has exactly `cipher_len` bits. Without it, key and initial vector are derived from `key`, of any length, and
    `salt`, of which 8 bytes count, by MD5 as in OpenSSL's EVP_BytesToKey.

    type(aes_new(['key' = 'secret', 'cipher_len' = 128, 'cipher_mode' = 'ecb'])) => 'table'
    aes_new([]) => false
    """
    key_bytes = _KEY_BYTES.get(value_text(config.get("cipher_len")))
    mode = config.get("cipher_mode")
    key, salt, iv = (_bytes(config.get(name)) for name in ("key", "salt", "iv"))
    if key_bytes is None or not isinstance(mode, str) or mode not in _MODES:
        return False
    if not key or salt is None or iv is None:
        return False
    if iv:
        if len(iv) != _BLOCK_BYTES or len(key) != key_bytes:
            return False
    else:
        meter.charge(len(key) >> 3)
        key, iv = _derived(key, salt, key_bytes)
    meter.entries(1)
    aes = _Aes(key, _MODES[mode](iv), is_padded=mode in _PADDED)
    return Table(None, {_ENTRY: Function("", 0, aes)})


def _bytes(value: Value) -> bytes | None:
    """The bytes of a string, none of false, which stands for absence; None for anything else."""
    if value is False:
        return b""
    return value.encode("latin-1") if isinstance(value, str) else None


def _derived(key: bytes, salt: bytes, key_bytes: int) -> tuple[bytes, bytes]:
    """
    Key and initial vector by OpenSSL's EVP_BytesToKey: MD5, one round.

    It reads 8 bytes of salt. OpenResty refuses any other length; here a longer one is cut, a shorter one filled up with
    zero bytes, so that a script works with the salt it has.
    """
    if salt:
        salt = salt[:_SALT_BYTES].ljust(_SALT_BYTES, b"\0")
    block = made = b""
    while len(made) < key_bytes + _BLOCK_BYTES:
        block = hashlib.md5(block + key + salt, usedforsecurity=False).digest()
        made += block
    return made[:key_bytes], made[key_bytes : key_bytes + _BLOCK_BYTES]


@ciphers.builtin(cost=Cost(45, per="s", shift=5, makes=lambda call: call.size("s") + _BLOCK_BYTES))
def aes_enc(meter: Meter, o: Dict, s: Str) -> str:
    """
    Return the bytes of `s` encrypted; `o` is from `aes_new`, else it is error 499. The same text gives the same bytes.

    ecb and cbc fill the last block up, by 1 to 16 bytes; the other modes keep the length.

    len(aes_enc(aes_new(['key' = 'k', 'cipher_len' = 128, 'cipher_mode' = 'cbc']), 'hi')) => 16
    len(aes_enc(aes_new(['key' = 'k', 'cipher_len' = 128, 'cipher_mode' = 'ctr']), 'hi')) => 2
    """
    aes = _object(o, "aes_enc")
    meter.string(len(s) + _BLOCK_BYTES)
    return aes.encrypted(s.encode("latin-1")).decode("latin-1")


@ciphers.builtin(cost=Cost(45, per="s", shift=7, makes=lambda call: call.size("s")))
def aes_dec(meter: Meter, o: Dict, s: Str) -> str | Literal[False]:
    """
    Return what `aes_enc` encrypted; false where the length or the padding shows that it did not. `o` is from `aes_new`.

    A wrong key, or bytes that were changed, may also give other text: only a digest tells.

    aes_dec(aes_new(['key' = 'k', 'cipher_len' = 256, 'cipher_mode' = 'cbc']), 'no blocks') => false
    """
    aes = _object(o, "aes_dec")
    meter.string(len(s))
    try:
        return aes.decrypted(s.encode("latin-1")).decode("latin-1")
    except ValueError:
        return False


def _object(table: Table, function: str) -> _Aes:
    held = table.get(_ENTRY)
    if isinstance(held, Function) and isinstance(held.body, _Aes):
        return held.body
    raise ScriptFault(FaultCode.OTHER, f"{function}: got a dictionary that is not from aes_new")
