"""Blobs: what is sealed comes back, what is not its own bytes does not; what a node still needs."""

import contextlib
import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.bundles.documents import (
    MAX_ENTRIES,
    DomainDocument,
    Release,
    ScriptEntry,
    blobs_of,
    decode_dictionary,
    decode_document,
    encode_dictionary,
    encode_document,
)
from runtime.bundles.manifest import DomainEntry
from runtime.bundles.sealing import MAX_TEXT_BYTES, BlobRef, seal, unseal
from runtime.bundles.split import Split
from runtime.bundles.verify import missing, open_document
from runtime.bundles.wire import BundleError
from tests.bundles.made import STORE_KEY, Shelf, manifest, opened

HALF = Split(50.0, b"salt")


def trouble(call, *arguments):
    with pytest.raises(BundleError) as refused:
        call(*arguments)
    return refused.value.trouble


@given(st.binary(max_size=300))
def test_what_is_sealed_comes_back_and_tells_nothing_else(text):
    ref, data = seal(STORE_KEY, text)
    assert unseal(ref, data) == text
    assert len(data) == ref.size == len(text) + 16
    assert ref.name == hashlib.sha256(data).hexdigest()
    assert len(text) < 4 or text not in data


@given(st.binary(min_size=1, max_size=60), st.data())
def test_bytes_that_are_not_the_blobs_are_damaged(text, data):
    ref, sealed = seal(STORE_KEY, text)
    changed = data.draw(st.binary(max_size=len(sealed) + 4).filter(lambda other: other != sealed))
    assert trouble(unseal, ref, changed) == "damaged"


def test_equal_texts_are_one_blob_under_one_key_only():
    assert seal(STORE_KEY, b"text") == seal(STORE_KEY, b"text")
    assert seal(STORE_KEY, b"text").data != seal(b"t" * 32, b"text").data


def test_a_blob_named_rightly_that_its_key_does_not_open_is_damaged():
    data = bytes(40)
    ref = BlobRef(hashlib.sha256(data).digest(), b"k" * 32, 40)
    assert trouble(unseal, ref, data) == "damaged"


def test_the_longest_text_is_sealed_and_one_byte_more_is_not():
    ref, data = seal(STORE_KEY, bytes(MAX_TEXT_BYTES))
    assert len(unseal(ref, data)) == MAX_TEXT_BYTES
    assert trouble(seal, STORE_KEY, bytes(MAX_TEXT_BYTES + 1)) == "too-large"


# --- documents --------------------------------------------------------------------------------------------------


def document(**parts):
    return DomainDocument(**{"name": "shop", "settings": {}, "releases": (Release(1),), **parts})


def script(name="a", **parts):
    return ScriptEntry(
        **{"name": name, "version": 1, "code": Shelf().put(b"code"), "position": "head", **parts}
    )


CONTRADICTIONS = {
    "two releases and no split": document(releases=(Release(1), Release(2))),
    "a split and one release": document(split=HALF),
    "a script twice": document(releases=(Release(1, (script(), script())),)),
}
DAMAGED = {
    "no release": document(releases=()),
    "three releases": document(releases=(Release(1), Release(2), Release(3)), split=HALF),
    "a name with a capital letter": document(name="Shop"),
    "a name with a line's end": document(name="shop\n"),
    "a script's name with a slash": document(releases=(Release(1, (script("a/b"),)),)),
    "a priority of 1000": document(releases=(Release(1, (script(pri=1000),)),)),
    "a share above all": document(releases=(Release(1), Release(2)), split=Split(100.5, b"")),
    "a share that is no number": document(releases=(Release(1), Release(2)), split=Split(float("nan"), b"")),
    "a split by the method": document(releases=(Release(1), Release(2)), split=Split(5.0, b"", "method")),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_a_document_that_contradicts_itself_is_refused(case):
    assert trouble(encode_document, CONTRADICTIONS[case]) == "contradiction"


@pytest.mark.parametrize("case", DAMAGED)
def test_a_document_out_of_bounds_is_refused(case):
    assert trouble(encode_document, DAMAGED[case]) == "damaged"
    assert trouble(decode_document, msgspec.msgpack.encode(DAMAGED[case])) == "damaged"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_refused(data):
    with contextlib.suppress(BundleError):
        assert isinstance(decode_document(data), DomainDocument)


def test_settings_nested_without_end_are_refused():
    nested = b"\x93\xa4shop" + b"\x81\xa1a" * 50_000 + b"\xc0" + b"\x90"
    assert trouble(decode_document, nested) == "damaged"


def test_a_release_may_have_settings_of_its_own():
    both = document(settings={"a": 1}, releases=(Release(1), Release(2, settings={"a": 2})), split=HALF)
    assert [both.settings_of(each) for each in both.releases] == [{"a": 1}, {"a": 2}]


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=10))
def test_a_dictionary_comes_back(entries):
    assert decode_dictionary(encode_dictionary(entries)) == entries


def test_the_largest_dictionary_and_one_entry_more():
    entries = {str(number): "" for number in range(MAX_ENTRIES)}
    assert len(decode_dictionary(encode_dictionary(entries))) == MAX_ENTRIES
    assert trouble(encode_dictionary, {**entries, "more": ""}) == "damaged"


def test_what_a_dictionary_holds_is_not_repeated_in_errors():
    data = msgspec.msgpack.encode({"k": 17, "password": "hunter2"})
    with pytest.raises(BundleError) as refused:
        decode_dictionary(data)
    assert "hunter2" not in str(refused.value)


# --- what is missing --------------------------------------------------------------------------------------------


def shop(shelf):
    return shelf.domain(
        "shop",
        [("auth", b"code 1"), ("late", b"code 2", {"position": "foot"})],
        [("hosts", {"a": "b"})],
        split=HALF,
        candidate=[("auth", b"code 3")],
    )


def test_documents_are_missing_first_then_what_they_name():
    full, here = Shelf(), Shelf()
    bundle = manifest(domains=[shop(full), full.domain("blog", [("auth", b"code 1")])])
    known, rounds = {}, []
    while wanted := missing(bundle, here, known):
        rounds.append(len(wanted))
        here.blobs.update((ref.name, full.blobs[ref.name]) for ref in wanted)
    assert rounds == [2, 4]
    assert [domain.document.name for domain in opened(bundle, here)] == ["blog", "shop"]


def test_a_new_share_is_one_small_blob():
    shelf = Shelf()
    before = manifest(domains=[shop(shelf)])
    known = {}
    assert missing(before, shelf, known) == []
    document = open_document(before.domains[0], shelf.read(before.domains[0].blob))
    text = encode_document(msgspec.structs.replace(document, split=Split(60.0, b"salt")))
    ref = seal(STORE_KEY, text).ref
    after = manifest(101, [DomainEntry("shop", hashlib.sha256(text).digest(), ref)])
    assert missing(after, shelf, known) == [ref]


def test_a_document_that_was_known_and_is_gone_is_missing():
    shelf, known = Shelf(), {}
    bundle = manifest(domains=[shop(shelf)])
    missing(bundle, shelf, known)
    del shelf.blobs[bundle.domains[0].blob.name]
    assert missing(bundle, shelf, known) == [bundle.domains[0].blob]


def test_a_document_of_another_domain_is_refused():
    shelf = Shelf()
    entry = shop(shelf)
    bundle = manifest(domains=[msgspec.structs.replace(entry, name="else")])
    assert missing(bundle, shelf, {}) == []  # it is there; that it cannot be served is said by who opens it
    assert trouble(opened, bundle, shelf) == "contradiction"


def test_texts_are_those_that_the_document_names():
    shelf = Shelf()
    (domain,) = opened(manifest(domains=[shop(shelf)]), shelf)
    refs = list(blobs_of(domain.document))
    assert [domain.texts[ref.sha256] for ref in refs][:3] == [b"code 1", b"code 2", b"code 3"]
    assert decode_dictionary(domain.texts[refs[3].sha256]) == {"a": "b"}


def test_a_blob_that_is_not_there_is_missing_and_a_changed_one_damaged():
    shelf = Shelf()
    bundle = manifest(domains=[shop(shelf)])
    name = seal(STORE_KEY, b"code 3").ref.name
    whole = shelf.blobs.pop(name)
    assert trouble(opened, bundle, shelf) == "missing"
    shelf.blobs[name] = whole[:-1]
    assert trouble(opened, bundle, shelf) == "damaged"
