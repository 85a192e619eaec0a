"""Any signed token, and any bytes to decrypt: nothing unsigned is trusted, and what was encrypted comes back."""

import base64
import hashlib
import hmac

from edgescript.meter import Meter
from edgescript.types import Table
from stdlib.example import example_context
from stdlib.pure.ciphers import aes_dec, aes_enc, aes_new
from tests.fuzz.reader import Reader
from tests.fuzz.soundness import REGISTRY

KEY = "a secret of thirty-two bytes or more"
MODES = ("ecb", "cbc", "ctr", "cfb", "ofb")
jwt_verify = REGISTRY.functions["jwt_verify"].body


def run(data: bytes) -> None:
    take = Reader(data)
    mode, token, text = take.pick(MODES), take.text(), take.text()
    _decrypts(mode, text)
    assert _verified(token) is False or _is_signed(token)
    # Signed by us, whatever it says: claims or false.
    header = _base64(b'{"alg":"HS256"}')
    signed = f"{header}.{_base64(token.encode('latin-1'))}"
    claims = _verified(f"{signed}.{_signature(signed)}")
    assert claims is False or isinstance(claims, Table)


def _verified(token: str):
    return jwt_verify(example_context(), token, KEY, "HS256")


def _is_signed(token: str) -> bool:
    signed, _, signature = token.rpartition(".")
    return hmac.compare_digest(signature.rstrip("="), _signature(signed))


def _signature(signed: str) -> str:
    return _base64(hmac.digest(KEY.encode(), signed.encode("latin-1"), hashlib.sha256))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decrypts(mode: str, text: str) -> None:
    config = Table(None, {"key": "secret", "cipher_len": 128, "cipher_mode": mode})
    cipher = aes_new(Meter(), config)
    assert isinstance(cipher, Table)
    aes_dec(Meter(), cipher, text)
    encrypted = aes_enc(Meter(), cipher, text)
    assert encrypted is not False
    assert aes_dec(Meter(), cipher, encrypted) == text
