"""
A node's token: who it is to the console, whom it believes, and where it belongs.

    esn_<id>_<secret>_<base64url of MessagePack [public key, environment, pool, region]>

`id` and `secret` are letters and digits. The key and the environment are in the token, and not asked for, so that nobody
between a node and its console can tell it to believe somebody else or to serve another environment.
"""

import base64
import binascii
import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from runtime.bundles.signing import PublicKey
from runtime.bundles.wire import BundleError, Environment, Place, decode, encoder

PREFIX: Final = "esn"
MAX_TOKEN: Final = 1_024
_PARTS: Final = re.compile(
    rf"{PREFIX}_(?P<id>[A-Za-z0-9]{{1,64}})_(?P<secret>[A-Za-z0-9]{{16,128}})_(?P<rest>[A-Za-z0-9_-]+)",
    re.ASCII,
)


class NodePlace(msgspec.Struct, array_like=True, frozen=True):
    """What a token says of its node, beside the secret."""

    public_key: PublicKey
    environment: Environment
    pool: Place = ""
    region: Place = ""


class NodeToken(msgspec.Struct, frozen=True):
    id: Annotated[str, Meta(max_length=64)]
    secret: str
    place: NodePlace

    def __repr__(self) -> str:
        return f"NodeToken({self.id}, {self.place.environment})"

    @property
    def text(self) -> str:
        """As operators give it to a node, and the node to the console."""
        rest = base64.urlsafe_b64encode(encoder.encode(self.place)).rstrip(b"=").decode()
        return f"{PREFIX}_{self.id}_{self.secret}_{rest}"


_PLACE: Final = msgspec.msgpack.Decoder(NodePlace)


def read_node_token(text: str) -> NodeToken:
    """The token that `text` is. Raises BundleError, whose text has nothing of it."""
    found = _PARTS.fullmatch(text) if len(text) <= MAX_TOKEN else None
    if found is None:
        raise BundleError("damaged", f"not a node's token: want {PREFIX}_ID_SECRET_PLACE")
    rest = found["rest"]
    try:
        data = base64.urlsafe_b64decode(rest + "=" * (-len(rest) % 4))
    except binascii.Error:
        raise BundleError("damaged", "not a node's token: its last part is not base64url") from None
    return NodeToken(found["id"], found["secret"], decode(data, _PLACE, MAX_TOKEN, "a node's token"))
