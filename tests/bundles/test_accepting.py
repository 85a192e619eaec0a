"""What a node accepts, and the word for each thing it does not: rows of envelope, believed keys, what has been, verdict."""

import msgspec
import pytest

from runtime.bundles.manifest import MAX_PURGES, decode_manifest, encode_manifest
from runtime.bundles.signing import MAX_ENVELOPE_BYTES, Envelope, sign
from runtime.bundles.verify import accept
from runtime.bundles.wire import BundleError
from tests.bundles.made import KEY, OTHER_KEY, Shelf, envelope, manifest, purge

BELIEVED = (KEY.public_key,)


def verdict(data, believed=BELIEVED, environment="production", newer_than=99):
    try:
        return accept(data, believed, environment, newer_than).generation
    except BundleError as error:
        return error.trouble


def tampered(position):
    data = bytearray(envelope())
    data[position] ^= 1
    return bytes(data)


def raw(value):
    """Any payload, truly signed."""
    return sign(msgspec.msgpack.encode(value), [KEY])


ROWS = {
    "signed, newer": (envelope(), {}, 100),
    "the first one, of generation 0": (envelope(0), {"newer_than": -1}, 0),
    "signed by the old key and the new one": (envelope(by=(OTHER_KEY, KEY)), {}, 100),
    "one of several keys is believed": (
        envelope(),
        {"believed": (OTHER_KEY.public_key, KEY.public_key)},
        100,
    ),
    "the same generation again": (envelope(), {"newer_than": 100}, "older"),
    "an older one, played back": (envelope(), {"newer_than": 101}, "older"),
    "for another environment": (envelope(environment="staging"), {}, "environment"),
    "signed by nobody": (envelope(by=()), {}, "unsigned"),
    "signed by somebody else": (envelope(by=(OTHER_KEY,)), {}, "unsigned"),
    "made by a clock that is years ahead": (envelope(issued=2**40), {}, 100),
    "made by a clock that stands at the beginning": (envelope(issued=0), {}, 100),
    "nobody is believed": (envelope(), {"believed": ()}, "unsigned"),
    "nothing": (b"", {}, "damaged"),
    "cut short": (envelope()[:-1], {}, "damaged"),
    "with something after it": (envelope() + b"\0", {}, "damaged"),
    "text": (b"<html>502 Bad Gateway</html>", {}, "damaged"),
    "longer than any": (b"\0" * (MAX_ENVELOPE_BYTES + 1), {}, "too-large"),
    "deeply nested": (b"\x91" * 100_000, {}, "damaged"),
    "a list that says it has four thousand million entries": (b"\xdd\xff\xff\xff\xff", {}, "damaged"),
    "a payload that says it is longer": (b"\x92\xc6\xff\xff\xff\xffabc", {}, "damaged"),
    "signed, of a format to come": (raw([2, "everything", {"is": "different"}]), {}, "format"),
    "signed, not a manifest": (raw({"format": 1}), {}, "damaged"),
    "signed, without keys": (raw([1, "production", 100, 0, []]), {}, "damaged"),
    "signed, a generation below zero": (raw([1, "production", -1, 0, [KEY.public_key]]), {}, "damaged"),
    "signed, a generation beyond 64 bits": (
        raw([1, "production", 2**64 - 1, 0, [KEY.public_key]]),
        {},
        "damaged",
    ),
    "signed, a key of another length": (raw([1, "production", 100, 0, [b"short"]]), {}, "damaged"),
}


@pytest.mark.parametrize("row", ROWS)
def test_verdict(row):
    data, given, expected = ROWS[row]
    assert verdict(data, **given) == expected


def test_a_change_of_any_byte_is_refused():
    data = envelope()
    accepted = [at for at in range(len(data)) if isinstance(verdict(tampered(at)), int)]
    assert accepted == []


def test_a_signature_for_something_else_does_not_count():
    payload = encode_manifest(manifest())
    bare = KEY._key.sign(payload)
    assert verdict(msgspec.msgpack.encode(Envelope(payload, {KEY.id: bare}))) == "unsigned"


def test_nothing_of_a_payload_is_read_before_its_signature_is_good():
    payload = b"\x91" * 100_000
    forged = msgspec.msgpack.encode(Envelope(payload, {KEY.id: b"0" * 64}))
    assert verdict(forged) == "unsigned"


CONTRADICTIONS = {
    "domains out of order": lambda shelf: {"domains": (shelf.domain("b"), shelf.domain("a"))},
    "a domain twice": lambda shelf: {"domains": (shelf.domain("a"), shelf.domain("a"))},
    "a gap in the purges": lambda _: {"purges": (purge(1), purge(3))},
    "purges that begin elsewhere": lambda _: {"purges": (purge(2),), "first_purge_seq": 1},
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_what_contradicts_itself_is_neither_made_nor_accepted(case):
    made = msgspec.structs.replace(manifest(), **CONTRADICTIONS[case](Shelf()))
    with pytest.raises(BundleError) as refused:
        encode_manifest(made)
    assert refused.value.trouble == "contradiction"
    assert verdict(raw(made)) == "contradiction"


@pytest.mark.parametrize(
    ("purges", "first", "last"), [((), 1, 0), ((), 8, 7), ((purge(1),), 1, 1), ((purge(5), purge(6)), 5, 6)]
)
def test_the_number_of_the_latest_purge(purges, first, last):
    assert manifest(purges=purges, first_purge_seq=first).last_purge_seq == last


def test_the_most_purges_fit_and_one_more_does_not():
    most = tuple(purge(seq) for seq in range(1, MAX_PURGES + 1))
    assert decode_manifest(encode_manifest(manifest(purges=most))).last_purge_seq == MAX_PURGES
    with pytest.raises(BundleError, match="manifest"):
        encode_manifest(manifest(purges=(*most, purge(MAX_PURGES + 1))))


def test_equal_manifests_are_equal_bytes():
    assert envelope() == envelope()


def test_a_key_does_not_show_its_secret():
    assert "1111" not in repr(KEY)
    assert KEY.id in repr(KEY)
