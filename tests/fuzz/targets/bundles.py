"""Any bytes as what a console or a node sent: refused in a word, or a value that is the same once written and read again."""

import contextlib
from collections.abc import Callable
from typing import Any, Final

from runtime.bundles.documents import decode_dictionary, decode_document, encode_dictionary, encode_document
from runtime.bundles.manifest import decode_manifest, encode_manifest
from runtime.bundles.node_token import read_node_token
from runtime.bundles.report import decode_answer, decode_report, encode_answer, encode_report
from runtime.bundles.signing import open_envelope
from runtime.bundles.split import Split
from runtime.bundles.verify import accept
from runtime.bundles.wire import BundleError
from tests.bundles.made import KEY, REPORT, TOKEN, Shelf, envelope, manifest, purge

READERS: Final[tuple[tuple[Callable[[bytes], Any], Callable[[Any], bytes]], ...]] = (
    (decode_manifest, encode_manifest),
    (decode_document, encode_document),
    (decode_dictionary, encode_dictionary),
    (decode_report, encode_report),
    (decode_answer, encode_answer),
)


def seeds() -> tuple[bytes, ...]:
    shelf = Shelf()
    split = Split(5.0, b"salt", "cookie:who", ("a",), ("eu",))
    domain = shelf.domain("shop", [("auth", b"code")], [("words", {"a": "b"})], split, [("auth", b"new")])
    made = manifest(domains=[domain], purges=[purge(1), purge(2, "red", "tag")])
    texts = (encode_manifest(made), envelope(domains=[domain]), encode_report(REPORT), TOKEN.text.encode())
    return (*texts, encode_dictionary({"a": "b"}))


def run(data: bytes) -> None:
    for read, write in READERS:
        try:
            value = read(data)
        except BundleError:
            continue
        assert read(write(value)) == value
    with contextlib.suppress(BundleError):
        open_envelope(data)
    with contextlib.suppress(BundleError):
        read_node_token(data.decode("latin-1"))
    # Nobody signs by chance, so what is accepted is a seed.
    with contextlib.suppress(BundleError):
        assert accept(data, (KEY.public_key,), "production") is not None
