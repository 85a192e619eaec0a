"""What stands between a node and its console may say anything, as slowly and for as long as it likes: nothing of it is taken."""

import asyncio
import contextlib
import gzip
import socketserver
import threading
import time

import pytest

from runtime.bundles.sealing import seal
from runtime.io.sync import client
from runtime.io.sync.access import ConsoleAccess
from runtime.io.sync.client import ConsoleClient, HinderedError
from tests.bundles.made import STORE_KEY, Shelf, envelope
from tests.sync.console import TOKEN

SHELF = Shelf()
TEXT = seal(STORE_KEY, b"the code of a script" * 50)
OTHER = seal(STORE_KEY, b"the code of another domain" * 39)
MANIFEST = envelope(100, [SHELF.domain("shop", [("a", b"code")])])


def answered(body, status="200 OK", fields=(), length=None):
    """The bytes of an answer."""
    length = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {length}", *fields]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Relay(socketserver.ThreadingTCPServer):
    """Answers everything with `parts`, one after another with `pause_s` between them; notes what it was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, parts, pause_s=0.0):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.parts, self.pause_s = parts, pause_s
        self.heads = []


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        head = b""
        while line := self.rfile.readline():
            head += line
            if line == b"\r\n":
                self.server.heads.append(head)
                break
        with contextlib.suppress(OSError):
            for part in self.server.parts:
                self.wfile.write(part)
                time.sleep(self.server.pause_s)


def asked(relay, question):
    """What a client makes of the relay's answer."""

    async def scenario():
        access = ConsoleAccess(f"http://127.0.0.1:{relay.server_address[1]}", TOKEN, "n1", None)
        async with ConsoleClient(access) as console:
            return await question(console)

    with relay:
        serving = threading.Thread(target=relay.serve_forever, args=(0.02,), daemon=True)
        serving.start()
        try:
            return asyncio.run(scenario())
        finally:
            relay.shutdown()
            serving.join(10)


def blob(console):
    return console.blob(TEXT.ref)


def manifest(console):
    return console.manifest(1, 0.0)


ELSEWHERE = ["Location: http://192.0.2.1/"]
HOSTILE = {
    "cut off in the middle": (blob, [answered(TEXT.data[:-9], length=len(TEXT.data))], "cannot be reached"),
    "a byte less": (blob, [answered(TEXT.data[:-1])], "not the bytes it is named by"),
    "a byte that is another": (blob, [answered(b"\0" + TEXT.data[1:])], "not the bytes it is named by"),
    "the blob of another domain": (blob, [answered(OTHER.data)], "not the bytes it is named by|more than"),
    "nothing": (blob, [answered(b"")], "not the bytes it is named by"),
    "packed": (
        blob,
        [answered(gzip.compress(TEXT.data), fields=["Content-Encoding: gzip"])],
        "not the bytes it is named by|an answer of more than",
    ),
    "packed, so that a little is a lot": (
        blob,
        [answered(gzip.compress(bytes(50 << 20)), fields=["Content-Encoding: gzip"])],
        f"an answer of more than {len(TEXT.data)} bytes",
    ),
    "longer than it was to be": (blob, [answered(TEXT.data + b"x")], "an answer of more than"),
    "without an end": (
        blob,
        [
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            *[b"10000\r\n" + bytes(65536) + b"\r\n"] * 64,
        ],
        "an answer of more than",
    ),
    "a manifest without an end": (
        manifest,
        [b"HTTP/1.1 200 OK\r\n\r\n", *[bytes(1 << 20)] * 32],
        "an answer of more than",
    ),
    "a head without an end": (
        manifest,
        [b"HTTP/1.1 200 OK\r\n", *[b"X-A: " + bytes(b"a" * 65000) + b"\r\n"] * 64],
        "cannot be reached",
    ),
    "sent elsewhere": (manifest, [answered(b"", "302 Found", ELSEWHERE)], r"the console answered \(302\)"),
    "sent elsewhere for good": (blob, [answered(b"", "308 Permanent Redirect", ELSEWHERE)], r"\(308\)"),
    "what is no HTTP": (manifest, [b"SSH-2.0-OpenSSH\r\n"], "cannot be reached"),
    "half an answer, of ranges": (blob, [answered(TEXT.data[:5], "206 Partial Content")], r"\(206\)"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_nothing_is_taken_of_what_is_not_what_was_asked_for(case):
    question, parts, told = HOSTILE[case]
    relay = Relay(parts)
    with pytest.raises(HinderedError, match=told):
        asked(relay, question)
    assert len(relay.heads) == 1, "it is not asked twice at once, nor anybody else"


def test_a_drop_at_a_time_is_waited_for_only_so_long(monkeypatch):
    monkeypatch.setattr(client, "BODY_S", 0.5)
    dripping = Relay([answered(b"", length=1000), *[b"x"] * 900], pause_s=0.05)
    began = time.monotonic()
    with pytest.raises(HinderedError, match="takes too long"):
        asked(dripping, blob)
    assert time.monotonic() - began < 5


def test_silence_is_waited_for_only_so_long(monkeypatch):
    monkeypatch.setattr(client, "READ_S", 0.3)
    began = time.monotonic()
    with pytest.raises(HinderedError, match="cannot be reached"):
        asked(Relay([b"HTTP/1.1 200 OK\r\n", b""], pause_s=3.0), manifest)
    assert time.monotonic() - began < 5


def test_what_comes_whole_is_taken_however_it_was_cut_on_its_way():
    whole = answered(TEXT.data)
    parts = [whole[start : start + 100] for start in range(0, len(whole), 100)]
    assert asked(Relay(parts), blob) == TEXT.data
    assert asked(Relay([answered(MANIFEST)]), manifest).envelope == MANIFEST


def test_blobs_are_asked_for_without_the_token_and_manifests_with_it():
    heads = []
    for question in (blob, manifest):
        relay = Relay([answered(TEXT.data)])
        asked(relay, question)
        heads += relay.heads
    assert [TOKEN.secret.encode() in head for head in heads] == [False, True]
    assert all(b"accept-encoding: identity" in head.lower() for head in heads)
    assert not any(TOKEN.secret.encode() in head.split(b"\r\n", 1)[0] for head in heads)
