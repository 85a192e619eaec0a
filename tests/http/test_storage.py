"""
What may be stored and for how long (RFC 9111 §3, §4.2).

A row is: request, status and response fields, scripts' lifetimes -> `fresh N` seconds, `ask` the origin at each reuse,
or `no:` with the reason.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.http.storage import (
    MAX_HEURISTIC_S,
    MAX_VARY_NAMES,
    NO_GRACE,
    DoNotStore,
    Grace,
    Store,
    decide_storage,
)
from tests.http.notation import NOW, fields, table

DATE = "Sun, 09 Sep 2001 01:46:40 GMT"
IN_A_MINUTE = "Sun, 09 Sep 2001 01:47:40 GMT"
A_MINUTE_AGO = "Sun, 09 Sep 2001 01:45:40 GMT"


def decision(response, request="GET", status=200, path_ttl=None, by_status=None, **more):
    method, _, request_fields = request.partition(" ")
    decided = decide_storage(
        method.encode(),
        fields(request_fields),
        status,
        fields(response),
        NOW,
        script_ttl_s=path_ttl,
        script_ttl_s_by_status=by_status,
        **more,
    )
    if isinstance(decided, DoNotStore):
        return f"no: {decided.reason}"
    return "ask" if decided.always_validate else f"fresh {decided.lifetime_s}"


@table(
    "response decided",
    [
        ("4.2.1 max-age", "Cache-Control: max-age=60", "fresh 60"),
        ("4.2.1 s-maxage first", "Cache-Control: max-age=60, s-maxage=5", "fresh 5"),
        ("4.2.1 before Expires", f"Cache-Control: max-age=5 | Expires: {IN_A_MINUTE}", "fresh 5"),
        ("4.2.1 Expires minus Date", f"Date: {DATE} | Expires: {IN_A_MINUTE}", "fresh 60"),
        ("4.2.1 Expires minus Date", f"Date: {A_MINUTE_AGO} | Expires: {IN_A_MINUTE}", "fresh 120"),
        ("6.6.1 no Date", f"Expires: {IN_A_MINUTE}", "fresh 60"),
        ("6.6.1 no valid Date", f"Date: x | Expires: {IN_A_MINUTE}", "fresh 60"),
        ("5.3 past", f'ETag: "a" | Expires: {A_MINUTE_AGO}', "fresh 0"),
        ("5.3 invalid is past", 'ETag: "a" | Expires: 0', "fresh 0"),
        ("5.3 twice is invalid", f'ETag: "a" | Expires: {IN_A_MINUTE} | Expires: {IN_A_MINUTE}', "fresh 0"),
        ("3 nothing explicit", 'ETag: "a"', "no: no freshness lifetime"),
        ("3 public alone", "Cache-Control: public", "no: no freshness lifetime"),
        ("5.2.2.5", "Cache-Control: no-store, max-age=60", "no: response says no-store"),
        ("5.2.2.7", "Cache-Control: private, max-age=60", "no: response is private"),
        ("5.2.2.7 limited", 'Cache-Control: private="x", max-age=60', "no: response is private"),
        ("5.2.2.4", 'Cache-Control: no-cache | ETag: "a"', "ask"),
        ("5.2.2.4", f"Cache-Control: no-cache, max-age=60 | Last-Modified: {DATE}", "ask"),
        (
            "5.2.2.4 no validator",
            "Cache-Control: no-cache, max-age=60",
            "no: stale at once and without validator",
        ),
        ("4.3 no validator", "Cache-Control: max-age=0", "no: stale at once and without validator"),
        ("4.3 validator", 'Cache-Control: max-age=0 | ETag: "a"', "fresh 0"),
        ("5.2.2.3", "Cache-Control: must-understand, no-store, max-age=60", "fresh 60"),
        ("4.1 star", "Cache-Control: max-age=60 | Vary: *", "no: response varies on everything"),
        ("4.1 star among", "Cache-Control: max-age=60 | Vary: a, *", "no: response varies on everything"),
        ("4.1", "Cache-Control: max-age=60 | Vary: Accept", "fresh 60"),
        (
            "4.1 bounded",
            "Cache-Control: max-age=60 | Vary: " + ",".join(map(str, range(MAX_VARY_NAMES + 1))),
            "no: response varies on too many fields",
        ),
        (
            "7.3, stricter",
            "Cache-Control: public, max-age=60 | Set-Cookie: a=b",
            "no: response sets a cookie",
        ),
    ],
)
def test_response(response, decided):
    assert decision(response) == decided


@table(
    "asked status response decided",
    [
        ("3 method", "POST", 200, "Cache-Control: max-age=60", "no: method is not GET"),
        ("3 method", "HEAD", 200, "Cache-Control: max-age=60", "no: method is not GET"),
        ("3 method case", "get", 200, "Cache-Control: max-age=60", "no: method is not GET"),
        ("3 interim", "GET", 103, "Cache-Control: max-age=60", "no: status is not final, or never stored"),
        ("3.3", "GET", 206, "Cache-Control: max-age=60", "no: status is not final, or never stored"),
        ("4.3.4", "GET", 304, "Cache-Control: max-age=60", "no: status is not final, or never stored"),
        ("3 any final status", "GET", 404, "Cache-Control: max-age=60", "fresh 60"),
        ("3 any final status", "GET", 599, "Cache-Control: max-age=60", "fresh 60"),
        (
            "5.2.2.3",
            "GET",
            599,
            "Cache-Control: max-age=60, must-understand",
            "no: must-understand, and the status is not understood",
        ),
        ("5.2.2.3", "GET", 599, "Cache-Control: must-understand, no-store", "no: response says no-store"),
        (
            "5.2.1.5",
            "GET Cache-Control: no-store",
            200,
            "Cache-Control: max-age=60",
            "no: request says no-store",
        ),
        ("3.5", "GET Authorization: x", 200, "Cache-Control: max-age=60", "no: request has Authorization"),
        ("3.5", "GET Authorization: x", 200, "Cache-Control: max-age=60, public", "fresh 60"),
        ("3.5", "GET Authorization: x", 200, "Cache-Control: max-age=60, must-revalidate", "fresh 60"),
        ("3.5", "GET Authorization: x", 200, "Cache-Control: s-maxage=60", "fresh 60"),
    ],
)
def test_request_and_status(asked, status, response, decided):
    assert decision(response, asked, status) == decided


@table(
    "path_ttl by_status status response decided",
    [
        ("7.8 path", 30, None, 200, "", "fresh 30"),
        ("7.8 path overrides the origin", 30, None, 200, "Cache-Control: max-age=60", "fresh 30"),
        ("7.8 path overrides the origin", 30, None, 200, f"Expires: {A_MINUTE_AGO}", "fresh 30"),
        ("7.8 path overrides no-cache", 30, None, 200, "Cache-Control: no-cache", "fresh 30"),
        ("7.8 path, as proxy_cache_valid", 30, None, 301, "", "fresh 30"),
        ("7.8 path, as proxy_cache_valid", 30, None, 404, "", "no: no freshness lifetime"),
        ("7.8 path, as proxy_cache_valid", 30, None, 500, "Cache-Control: max-age=5", "fresh 5"),
        ("7.8 path 0", 0, None, 200, "Cache-Control: max-age=60", "no: script says not to store"),
        ("7.8 path 0, any status", 0, None, 404, "Cache-Control: max-age=60", "no: script says not to store"),
        ("7.8 code", None, {404: 1, 302: 0}, 404, "", "fresh 1"),
        (
            "7.8 code 0",
            None,
            {404: 1, 302: 0},
            302,
            "Cache-Control: max-age=60",
            "no: script says not to store",
        ),
        ("7.8 code not listed", None, {404: 1}, 200, "Cache-Control: max-age=60", "fresh 60"),
        ("7.8 code before path", 30, {200: 7}, 200, "", "fresh 7"),
        ("7.8 code before path", 0, {404: 1}, 404, "", "fresh 1"),
        ("7.8 code beside path", 30, {404: 1}, 200, "", "fresh 30"),
        ("7.8 not over no-store", 30, None, 200, "Cache-Control: no-store", "no: response says no-store"),
        ("7.8 not over private", 30, None, 200, "Cache-Control: private", "no: response is private"),
        ("7.8 not over Vary", 30, None, 200, "Vary: *", "no: response varies on everything"),
        ("7.8 not over cookies", 30, None, 200, "Set-Cookie: a=b", "no: response sets a cookie"),
        ("7.8 not for 206", None, {206: 9}, 206, "", "no: status is not final, or never stored"),
    ],
)
def test_script(path_ttl, by_status, status, response, decided):
    assert decision(response, "GET", status, path_ttl, by_status) == decided


def test_a_script_does_not_share_what_credentials_were_sent_for():
    assert decision("", "GET Authorization: x", path_ttl=30) == "no: request has Authorization"


def stored(response, **script) -> Store:
    decided = decide_storage(b"GET", [], 200, fields(response), NOW, **script)
    assert isinstance(decided, Store)
    return decided


@table(
    "response answer",
    [
        ("5.2.2.2", "Cache-Control: max-age=60, must-revalidate", True),
        ("5.2.2.8", "Cache-Control: max-age=60, proxy-revalidate", True),
        ("5.2.2.10", "Cache-Control: s-maxage=60", True),
        ("4.2.4", "Cache-Control: max-age=60", False),
    ],
)
def test_never_stale(response, answer):
    assert stored(response).must_revalidate is answer


def test_what_else_is_decided():
    decided = stored('Cache-Control: max-age=60 | ETag: "a" | Vary: Accept, x | vary: ACCEPT')
    assert decided.vary_names == (b"accept", b"x")
    assert decided.validators.etag == b'"a"'
    assert not decided.from_arrival
    assert stored("", script_ttl_s=5).from_arrival


names = st.sampled_from(
    [b"Cache-Control", b"Expires", b"Date", b"Vary", b"Set-Cookie", b"ETag", b"Authorization"]
)
values = st.one_of(
    st.sampled_from([b"no-store", b"private", b"max-age=5", DATE.encode(), b"*"]), st.binary(max_size=20)
)
messages = st.lists(st.tuples(names, values), max_size=5)


@given(messages, messages, st.integers(100, 599), st.none() | st.integers(-5, 100))
def test_any_exchange_is_decided(request_fields, response_fields, status, ttl):
    decided = decide_storage(b"GET", request_fields, status, response_fields, NOW, script_ttl_s=ttl)
    if isinstance(decided, Store):
        assert decided.lifetime_s >= 0
        assert decided.lifetime_s > 0 or decided.validators.usable
        assert b"*" not in decided.vary_names
    forbidding = decide_storage(
        b"GET",
        request_fields,
        status,
        [*response_fields, (b"Cache-Control", b"private")],
        NOW,
        script_ttl_s=ttl,
    )
    # A quote left open by a value before can swallow what is added after it.
    if not any(b'"' in value for _, value in response_fields):
        assert isinstance(forbidding, DoNotStore)


A_DAY_AGO = "Sat, 08 Sep 2001 01:46:40 GMT"


@table(
    "status response decided",
    [
        ("4.2.2 a tenth", 200, f"Last-Modified: {A_DAY_AGO}", "fresh 8640"),
        ("4.2.2 up to Date", 200, f"Last-Modified: {A_MINUTE_AGO} | Date: {DATE}", "fresh 6"),
        (
            "4.2.2 a day at most",
            200,
            "Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT",
            f"fresh {MAX_HEURISTIC_S}",
        ),
        ("4.2.2 to come", 200, f"Last-Modified: {IN_A_MINUTE}", "fresh 0"),
        ("4.2.2 no date", 200, "Last-Modified: then", "no: no freshness lifetime"),
        ("4.2.2 404", 404, f"Last-Modified: {A_DAY_AGO}", "fresh 8640"),
        ("4.2.2 302", 302, f"Last-Modified: {A_DAY_AGO}", "no: no freshness lifetime"),
        ("4.2.2 public", 302, f"Last-Modified: {A_DAY_AGO} | Cache-Control: public", "fresh 8640"),
        ("4.2.2 not where one is stated", 200, f"Last-Modified: {A_DAY_AGO} | Expires: 0", "fresh 0"),
    ],
)
def test_heuristic(status, response, decided):
    assert decision(response, "GET", status) == decided


@table(
    "ttl by_status status response decided",
    [
        ("where none is stated", 30, None, 200, "", "fresh 30"),
        ("before a heuristic", 30, None, 200, f"Last-Modified: {A_DAY_AGO}", "fresh 30"),
        ("after the origin's", 30, None, 200, "Cache-Control: max-age=5", "fresh 5"),
        ("for its status", 30, {404: 9}, 404, "", "fresh 9"),
        ("not for other statuses", 30, {404: 9}, 503, "", "no: no freshness lifetime"),
        ("0", 30, {404: 0}, 404, f"Last-Modified: {A_DAY_AGO}", "no: site says not to store"),
        ("0 after the origin's", 30, {404: 0}, 404, "Cache-Control: max-age=5", "fresh 5"),
        ("not over no-store", 30, None, 200, "Cache-Control: no-store", "no: response says no-store"),
    ],
)
def test_default(ttl, by_status, status, response, decided):
    found = decision(response, "GET", status, default_ttl_s=ttl, default_ttl_s_by_status=by_status)
    assert found == decided


def windows(response, grace=NO_GRACE):
    decided = decide_storage(b"GET", [], 200, fields(response), NOW, grace=grace)
    return (decided.stale_while_revalidate_s, decided.stale_if_error_s)


@table(
    "response windows_s",
    [
        ("RFC 5861", "Cache-Control: max-age=1, stale-while-revalidate=2, stale-if-error=3", (2, 3)),
        ("RFC 5861 without validator", "Cache-Control: max-age=0, stale-if-error=3", (0, 3)),
        ("must-revalidate", "Cache-Control: max-age=1, stale-if-error=3, must-revalidate", (0, 0)),
        ("s-maxage", "Cache-Control: s-maxage=1, stale-while-revalidate=3", (0, 0)),
        ("no-cache", 'Cache-Control: no-cache, stale-while-revalidate=3 | ETag: "a"', (0, 0)),
        (
            "RFC 9213",
            "CDN-Cache-Control: max-age=1, stale-if-error=4 | Cache-Control: stale-if-error=3",
            (0, 4),
        ),
    ],
)
def test_windows(response, windows_s):
    assert windows(response) == windows_s


def test_scripts_and_sites_speak_in_place_of_the_origin():
    response = "Cache-Control: max-age=1, stale-while-revalidate=2, stale-if-error=3"
    assert windows(response, Grace(7, None)) == (7, 3)
    assert windows(response, Grace(0, 0)) == (0, 0)
    assert windows(response + ", must-revalidate", Grace(7, 7)) == (0, 0)


@table(
    "status response decided",
    [
        ("9.3.3", 200, "Cache-Control: max-age=5", "fresh 5"),
        ("9.3.3 no lifetime", 200, f"Last-Modified: {A_DAY_AGO}", "no: method is not GET"),
        ("9.3.3 another status", 201, "Cache-Control: max-age=5", "no: method is not GET"),
    ],
)
def test_post(status, response, decided):
    assert decision(response, "POST", status, represents_target=True) == decided
    assert decision(response, "POST", status) == "no: method is not GET"
    assert decision(response, "PUT", status, represents_target=True) == "no: method is not GET"


@table(
    "response decided",
    [
        ("7.3", "Set-Cookie: a=b | Cache-Control: max-age=5", "fresh 5"),
        (
            "7.3 not by heuristic",
            f"Set-Cookie: a=b | Last-Modified: {A_DAY_AGO}",
            "no: response sets a cookie",
        ),
    ],
)
def test_cookies_where_they_may_be_stored(response, decided):
    assert decision(response, store_cookies=True) == decided
    assert decision(response) == "no: response sets a cookie"


@pytest.mark.parametrize(
    ("arguments", "lifetime_s"),
    [
        ({"script_ttl_s": 9}, 9),
        ({"script_ttl_s_by_status": {200: 8}}, 8),
        ({"script_ttl_s_by_status": {200: 8, 206: 7}}, 7),
        ({"default_ttl_s_by_status": {206: 0}}, 60),
        ({}, 60),
    ],
)
def test_a_part_is_stored_as_what_it_is_of_unless_something_is_said_of_206(arguments, lifetime_s):
    said = fields("Cache-Control: max-age=60")
    decided = decide_storage(b"GET", [], 206, said, NOW, is_part=True, **arguments)
    assert decided.lifetime_s == lifetime_s
    assert isinstance(decide_storage(b"GET", [], 206, said, NOW, **arguments), DoNotStore)
