"""
Texts that say who somebody is: tokens of people, and what a signed-in browser carries.

`est_<id>_<secret>`: the id finds the token, the secret proves it. Stored is the secret's SHA-256: it is 256 random bits, so there
is nothing to guess that a slow hash would protect.
"""

import hashlib
import hmac
import re
from typing import Final, NamedTuple

from runtime.bundles.node_token import PREFIX as NODE_PREFIX
from runtime.bundles.node_token import read_node_token
from runtime.bundles.wire import BundleError

PREFIX: Final = "est"
SESSION_PREFIX: Final = "ess"
ID_BYTES: Final = 6
SECRET_BYTES: Final = 32
MAX_TEXT: Final = 1_024
_FORM: Final = re.compile(r"(est|ess)_([0-9a-f]{12})_([0-9a-f]{64})")


class Credential(NamedTuple):
    """What a text states; nothing of it is proved."""

    kind: str
    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Credential({self.kind}, {self.id})"


def read_credential(text: str) -> Credential | None:
    """None for what is no token of any kind."""
    found = _FORM.fullmatch(text) if len(text) <= MAX_TEXT else None
    if found is not None:
        return Credential(found[1], found[2], found[3])
    if not text.startswith(f"{NODE_PREFIX}_"):
        return None
    try:
        node = read_node_token(text)
    except BundleError:
        return None
    return Credential(NODE_PREFIX, node.id, node.secret)


def secret_hash(secret: str) -> bytes:
    """What is stored of it."""
    return hashlib.sha256(secret.encode()).digest()


def proves(secret: str, stored: bytes) -> bool:
    """Whether it is the secret of which `stored` is the hash. Takes as long whatever part is right."""
    return hmac.compare_digest(secret_hash(secret), stored)
