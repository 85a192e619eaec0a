"""Which requests ask for another protocol that is passed on (RFC 9110 section 7.8)."""

from runtime.http.upgrade import asked_upgrade, takes_up
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


KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""RFC 6455 section 1.3."""


@table(
    "asked answered taken",
    [
        ("4.1 the proof", KEY, ACCEPT, True),
        ("4.1 another's", KEY, "Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=", False),
        ("4.1 none", KEY, "", False),
        ("4.1 empty", KEY, "Sec-WebSocket-Accept:", False),
        ("4.1 in another case", KEY, ACCEPT.lower(), False),
        ("4.1 twice", KEY, f"{ACCEPT} | {ACCEPT}", False),
        ("4.1 two keys", f"{KEY} | {KEY}", ACCEPT, False),
        (
            "4.1 an empty key",
            "Sec-WebSocket-Key:",
            "Sec-WebSocket-Accept: Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=",
            True,
        ),
        ("no key", "A: b", "", True),
    ],
)
def test_taken_up(asked, answered, taken):
    assert takes_up(fields(asked), fields(answered)) is taken
