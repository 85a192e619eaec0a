"""Which other protocol a request asks to go on in (RFC 9110 section 7.8), and whether it is taken up."""

from base64 import b64encode
from hashlib import sha1
from typing import Final

from runtime.http.fields import Fields, connection_options, list_items

WEBSOCKET: Final = b"websocket"
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455 section 1.3."""


def asked_upgrade(fields: Fields) -> bytes:
    """
    `websocket` if the request asks for it, else b"": no other protocol is passed on, so none is spoken past this node.

    An Upgrade that Connection does not name was not meant for this hop.
    """
    options: frozenset[bytes] = frozenset()
    protocols: list[bytes] = []
    for name, value in fields:
        folded = name.lower()
        if folded == b"connection":
            options |= connection_options(value)
        elif folded == b"upgrade":
            protocols += list_items(value.lower())
    return WEBSOCKET if b"upgrade" in options and WEBSOCKET in protocols else b""


def takes_up(asked: Fields, answered: Fields) -> bool:
    """
    Whether a 101 with the fields `answered` is an answer to the handshake in `asked` (RFC 6455 section 4.1).

    One that is not comes from a server that speaks no WebSocket, or to another request, and the client would end the
    connection. A request without a key asks for no proof.
    """
    keys = [value for name, value in asked if name.lower() == b"sec-websocket-key"]
    if not keys:
        return True
    proofs = [value.strip() for name, value in answered if name.lower() == b"sec-websocket-accept"]
    wanted = b64encode(sha1(keys[0].strip() + _GUID, usedforsecurity=False).digest())
    return len(keys) == 1 and proofs == [wanted]
