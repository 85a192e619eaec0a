"""Which requests ask for another protocol that is passed on (RFC 9110 section 7.8)."""

from runtime.http.upgrade import asked_upgrade
from tests.http.notation import fields, table


@table(
    "head protocol",
    [
        ("websocket", "Connection: Upgrade | Upgrade: websocket", b"websocket"),
        ("any case", "connection: UPGRADE | upgrade: WebSocket", b"websocket"),
        ("among others", "Connection: keep-alive, Upgrade | Upgrade: h2c, websocket", b"websocket"),
        ("in two lines", "Connection: keep-alive | Connection: upgrade | Upgrade: websocket", b"websocket"),
        ("Connection does not name it", "Connection: keep-alive | Upgrade: websocket", b""),
        ("no Connection", "Upgrade: websocket", b""),
        ("no Upgrade", "Connection: Upgrade", b""),
        ("another protocol", "Connection: Upgrade, HTTP2-Settings | Upgrade: h2c", b""),
        ("with a version", "Connection: Upgrade | Upgrade: websocket/13", b""),
        ("longer", "Connection: Upgrade | Upgrade: websockets", b""),
        ("empty", "Connection: Upgrade | Upgrade:", b""),
        ("nothing", "", b""),
    ],
)
def test_asked(head, protocol):
    assert asked_upgrade(fields(head)) == protocol
