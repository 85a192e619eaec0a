"""Which other protocol a request asks to go on in (RFC 9110 section 7.8)."""

from typing import Final

from runtime.http.fields import Fields, connection_options, list_items

WEBSOCKET: Final = b"websocket"


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
