"""What is kept of a response (RFC 9111 §3.1, RFC 9110 §6.6.1)."""

import pytest

from runtime.cache.store import StoredResponse
from runtime.http.storage import DoNotStore, decide_storage
from tests.http.notation import NOW, fields, text

DATE = "Date: Sun, 09 Sep 2001 01:46:40 GMT"


def keep(response, request="", **script):
    found = fields(response)
    decision = decide_storage(b"GET", fields(request), 200, found, NOW, **script)
    assert not isinstance(decision, DoNotStore)
    return StoredResponse.from_origin(
        200, found, b"body", decision, request_fields=fields(request), request_time=NOW, response_time=NOW
    )


@pytest.mark.parametrize(
    ("response", "kept"),
    [
        (f"Cache-Control: max-age=9 | {DATE}", f"Cache-Control: max-age=9 | {DATE}"),
        ("Cache-Control: max-age=9", f"Cache-Control: max-age=9 | {DATE}"),
        (
            f"Connection: x-hop | X-Hop: 1 | Keep-Alive: 5 | Transfer-Encoding: chunked | {DATE} | Cache-Control: max-age=9",
            f"{DATE} | Cache-Control: max-age=9",
        ),
        (
            f"Content-Length: 4 | Age: 3 | {DATE} | Cache-Control: max-age=9",
            f"{DATE} | Cache-Control: max-age=9",
        ),
    ],
)
def test_fields(response, kept):
    assert text(keep(response).fields) == kept


def test_age_counts_against_the_origins_lifetime_and_not_against_a_scripts():
    assert keep("Cache-Control: max-age=60 | Age: 50").fresh_until == NOW + 10
    assert keep("Cache-Control: max-age=60 | Age: 50", script_ttl_s=60).fresh_until == NOW + 60
    assert keep("Age: 50", script_ttl_s=60).age(NOW + 5) == 55


def test_a_response_to_be_asked_about_each_time_is_never_fresh():
    assert keep('Cache-Control: no-cache, max-age=60 | ETag: "a"').fresh_until == 0


def test_it_keeps_what_was_decided():
    stored = keep('Cache-Control: max-age=9, must-revalidate | ETag: "a"')
    assert stored.validators.etag == b'"a"'
    assert stored.lifetime_s == 9
    assert stored.must_revalidate
    assert not stored.always_validate


def test_it_keeps_how_long_it_may_be_sent_stale():
    stored = keep("Cache-Control: max-age=9, stale-while-revalidate=5, stale-if-error=7")
    assert (stored.stale_while_revalidate_s, stored.stale_if_error_s) == (5, 7)


def test_it_matches_requests_with_the_same_vary_fields():
    stored = keep("Cache-Control: max-age=9 | Vary: Accept", "Accept: a, b")
    assert stored.matches(fields("X: y | accept: a,b"))
    assert not stored.matches(fields("Accept: b"))
    assert keep("Cache-Control: max-age=9", "Accept: a").matches(fields("Accept: b"))


def test_after_a_304_its_own_age_counts():
    decision = decide_storage(b"GET", [], 200, fields("Cache-Control: max-age=60"), NOW)
    assert not isinstance(decision, DoNotStore)
    stored = StoredResponse.from_origin(
        200,
        fields("Cache-Control: max-age=60"),
        b"",
        decision,
        request_fields=[],
        request_time=NOW,
        response_time=NOW,
        age_fields=fields("Age: 7"),
    )
    assert stored.initial_age_s == 7


def test_size_grows_with_body_and_fields():
    def size(name, body):
        return StoredResponse(200, ((name, b""),), body, request_time=0, response_time=0).size_bytes

    assert size(b"X", b"12345") - size(b"X", b"") == 5
    assert size(b"Xyz", b"") - size(b"X", b"") >= 2


def test_repr_tells_what_it_is():
    assert repr(keep("Cache-Control: max-age=9")) == "<stored 200, 4 bytes, fresh 9 s>"
