"""Conditional requests (RFC 9110 §13): method, request fields, what is current -> what to answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.http.conditional import (
    MAX_ENTITY_TAG_BYTES,
    NotModified,
    PreconditionFailed,
    Proceed,
    Validators,
    contradicts,
    describes,
    evaluate_at_cache,
    evaluate_preconditions,
    freshens,
    is_for_origin,
    validators_of,
)
from tests.http.notation import NOW, fields, table, text

EARLIER = "Sun, 09 Sep 2001 01:46:39 GMT"
SAME = "Sun, 09 Sep 2001 01:46:40 GMT"
LATER = "Sun, 09 Sep 2001 01:46:41 GMT"
STRONG = Validators(b'"a"', NOW)
WEAK = Validators(b'W/"a"', NOW)
DATED = Validators(None, NOW)
TAGGED = Validators(b'"a"')
NONE = Validators()


@table(
    "method field_text current outcome",
    [
        ("13.2.1 none", b"GET", "Host: a", STRONG, Proceed),
        # If-Match: strong comparison
        ("13.1.1", b"PUT", 'If-Match: "a"', STRONG, Proceed),
        ("13.1.1", b"PUT", 'If-Match: "b", "a"', STRONG, Proceed),
        ("13.1.1 two lines", b"PUT", 'If-Match: "b" | if-match: "a"', STRONG, Proceed),
        ("13.1.1", b"PUT", 'If-Match: "b"', STRONG, PreconditionFailed),
        ("13.1.1 for GET too", b"GET", 'If-Match: "b"', STRONG, PreconditionFailed),
        ("13.1.1 weak", b"PUT", 'If-Match: W/"a"', STRONG, PreconditionFailed),
        ("13.1.1 weak", b"PUT", 'If-Match: W/"a"', WEAK, PreconditionFailed),
        ("13.1.1 star", b"PUT", "If-Match: *", NONE, Proceed),
        ("13.1.1 no tag", b"PUT", 'If-Match: "a"', DATED, PreconditionFailed),
        # If-Unmodified-Since
        ("13.1.4", b"PUT", f"If-Unmodified-Since: {SAME}", DATED, Proceed),
        ("13.1.4", b"PUT", f"If-Unmodified-Since: {LATER}", DATED, Proceed),
        ("13.1.4", b"PUT", f"If-Unmodified-Since: {EARLIER}", DATED, PreconditionFailed),
        ("13.1.4 no date", b"PUT", "If-Unmodified-Since: today", DATED, Proceed),
        ("13.1.4 undated", b"PUT", f"If-Unmodified-Since: {EARLIER}", TAGGED, Proceed),
        ("13.2.2.1 before 2", b"PUT", f'If-Match: "a" | If-Unmodified-Since: {EARLIER}', STRONG, Proceed),
        # If-None-Match: weak comparison
        ("13.1.2", b"GET", 'If-None-Match: "a"', STRONG, NotModified),
        ("13.1.2", b"HEAD", 'If-None-Match: "x", "a"', STRONG, NotModified),
        ("13.1.2", b"PUT", 'If-None-Match: "a"', STRONG, PreconditionFailed),
        ("13.1.2 weak", b"GET", 'If-None-Match: W/"a"', STRONG, NotModified),
        ("13.1.2 weak", b"GET", 'If-None-Match: "a"', WEAK, NotModified),
        ("13.1.2 star", b"GET", "If-None-Match: *", NONE, NotModified),
        ("13.1.2 star", b"PUT", "If-None-Match: *", NONE, PreconditionFailed),
        ("13.1.2", b"GET", 'If-None-Match: "b"', STRONG, Proceed),
        ("13.1.2 unquoted", b"GET", "If-None-Match: a", STRONG, Proceed),
        ("13.1.2 comma in tag", b"GET", 'If-None-Match: "x,y"', Validators(b'"x,y"'), NotModified),
        ("13.1.2 case of W", b"GET", 'If-None-Match: w/"a"', STRONG, Proceed),
        ("13.1.2 no tag", b"GET", 'If-None-Match: "a"', DATED, Proceed),
        # If-Modified-Since
        ("13.1.3", b"GET", f"If-Modified-Since: {SAME}", DATED, NotModified),
        ("13.1.3", b"GET", f"If-Modified-Since: {LATER}", DATED, NotModified),
        ("13.1.3", b"GET", f"If-Modified-Since: {EARLIER}", DATED, Proceed),
        ("13.1.3 rfc850", b"GET", "If-Modified-Since: Sunday, 09-Sep-01 01:46:40 GMT", DATED, NotModified),
        ("13.1.3 GET, HEAD only", b"PUT", f"If-Modified-Since: {SAME}", DATED, Proceed),
        ("13.1.3 no date", b"GET", "If-Modified-Since: yesterday", DATED, Proceed),
        (
            "13.1.3 two dates",
            b"GET",
            f"If-Modified-Since: {SAME} | If-Modified-Since: {SAME}",
            DATED,
            Proceed,
        ),
        ("13.1.3 undated", b"GET", f"If-Modified-Since: {SAME}", TAGGED, Proceed),
        ("13.2.2.3 before 4", b"GET", f'If-None-Match: "b" | If-Modified-Since: {SAME}', STRONG, Proceed),
        (
            "13.2.2.3 before 4",
            b"GET",
            f'If-None-Match: "a" | If-Modified-Since: {EARLIER}',
            STRONG,
            NotModified,
        ),
        ("13.2.2.1 then 3", b"GET", 'If-Match: "a" | If-None-Match: "a"', STRONG, NotModified),
    ],
)
def test_evaluation(method, field_text, current, outcome):
    assert isinstance(evaluate_preconditions(method, fields(field_text), current, NOW), outcome)


@table(
    "field_text outcome",
    [
        ("9111 4.3.2", 'If-Match: "b"', Proceed),
        ("9111 4.3.2", f"If-Unmodified-Since: {EARLIER}", Proceed),
        ("9111 4.3.2", 'If-Match: "b" | If-None-Match: "a"', NotModified),
        ("9111 4.3.2", f"If-Modified-Since: {SAME}", NotModified),
        ("9111 4.3.2", f"If-Modified-Since: {EARLIER}", Proceed),
    ],
)
def test_a_cache_looks_only_at_what_is_for_caches(field_text, outcome):
    assert isinstance(evaluate_at_cache(b"GET", fields(field_text), STRONG, NOW), outcome)


@table(
    "field_text validators",
    [
        ("8.8.3", 'ETag: "a"', TAGGED),
        ("8.8.3", 'ETag: W/"a"', Validators(b'W/"a"')),
        ("8.8.3 empty opaque-tag", 'ETag: ""', Validators(b'""')),
        ("8.8.3 unquoted", "ETag: a", NONE),
        ("8.8.3 twice", 'ETag: "a" | ETag: "b"', NONE),
        ("8.8.3 quote inside", 'ETag: "a"b"', NONE),
        ("8.8.3 as long as may be", 'ETag: "' + "a" * 1022 + '"', Validators(b'"' + b"a" * 1022 + b'"')),
        ("8.8.3 too long", 'ETag: "' + "a" * (MAX_ENTITY_TAG_BYTES - 1) + '"', NONE),
        ("8.8.2", f"Last-Modified: {SAME}", DATED),
        ("8.8.2 the epoch", "Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT", Validators(None, 0)),
        ("8.8.2 no date", "Last-Modified: now", NONE),
        ("8.8.2 before 1970", "Last-Modified: Wed, 31 Dec 1969 23:59:59 GMT", NONE),
    ],
)
def test_validators_of_a_response(field_text, validators):
    assert validators_of(fields(field_text), NOW) == validators


@table(
    "validators asked",
    [
        ("9111 4.3.1", STRONG, f'If-None-Match: "a" | If-Modified-Since: {SAME}'),
        ("9111 4.3.1", WEAK, f'If-None-Match: W/"a" | If-Modified-Since: {SAME}'),
        ("9111 4.3.1", DATED, f"If-Modified-Since: {SAME}"),
        ("9111 4.3.1", NONE, ""),
    ],
)
def test_asking_the_origin(validators, asked):
    assert text(validators.conditional_fields()) == asked
    assert validators.usable is bool(asked)


@table(
    "stored fresh answer",
    [
        ("9111 4.3.4 same tag", STRONG, Validators(b'"a"'), True),
        ("9111 4.3.4 weakly the same", STRONG, Validators(b'W/"a"'), True),
        ("9111 4.3.4 other tag", STRONG, Validators(b'"b"', NOW), False),
        ("9111 4.3.4 a tag from nowhere", DATED, Validators(b'"a"'), False),
        ("9111 4.3.4 same date", DATED, Validators(None, NOW), True),
        ("9111 4.3.4 other date", DATED, Validators(None, NOW + 1), False),
        ("9111 4.3.4 date beside a tag", STRONG, Validators(None, NOW + 1), True),
        ("9111 4.3.4 no validators", STRONG, NONE, True),
    ],
)
def test_whether_a_304_speaks_of_the_stored_response(stored, fresh, answer):
    assert freshens(stored, fresh) is answer


names = st.sampled_from([b"If-Match", b"If-None-Match", b"If-Modified-Since", b"If-Unmodified-Since"])
values = st.one_of(st.sampled_from([b'"a"', b"*", SAME.encode()]), st.binary(max_size=30))


@given(st.lists(st.tuples(names, values), max_size=4), st.sampled_from([STRONG, WEAK, DATED, NONE]))
def test_any_fields_have_an_outcome(found, current):
    assert isinstance(evaluate_at_cache(b"GET", found, current, NOW), Proceed | NotModified)
    outcome = evaluate_preconditions(b"POST", found, current, NOW)
    assert isinstance(outcome, Proceed | PreconditionFailed)


@pytest.mark.parametrize("current", [STRONG, WEAK, DATED])
def test_a_client_that_repeats_the_validators_is_told_not_modified(current):
    assert evaluate_at_cache(b"GET", current.conditional_fields(), current, NOW) == NotModified()


@table(
    "field_text outcome",
    [
        ("9111 4.3.2 without a modification time Date counts", f"If-Modified-Since: {SAME}", NotModified),
        ("9111 4.3.2 later", f"If-Modified-Since: {LATER}", NotModified),
        ("9111 4.3.2 earlier", f"If-Modified-Since: {EARLIER}", Proceed),
        ("9111 4.3.2 not beside a tag", f'If-None-Match: "b" | If-Modified-Since: {SAME}', Proceed),
    ],
)
def test_date_stands_in_at_a_cache(field_text, outcome):
    assert isinstance(evaluate_at_cache(b"GET", fields(field_text), TAGGED, NOW, NOW), outcome)


@table(
    "field_text only_origin",
    [
        ("9111 4.3.2", 'if-match: "a"', True),
        ("9111 4.3.2", f"If-Unmodified-Since: {SAME}", True),
        ("9111 4.3.2", 'If-None-Match: "a"', False),
        ("9111 4.3.2", f'If-Range: "a" | If-Modified-Since: {SAME}', False),
    ],
)
def test_what_only_the_origin_can_judge(field_text, only_origin):
    assert is_for_origin(fields(field_text)) is only_origin


@table(
    "stored headed same other",
    [
        ("9111 4.3.5 same tag", STRONG, TAGGED, True, False),
        ("9111 4.3.5 same time", DATED, DATED, True, False),
        ("9111 4.3.5 a weak tag is another", STRONG, WEAK, False, True),
        ("9111 4.3.5 one has no tag", STRONG, DATED, False, False),
        ("9111 4.3.5 other time", DATED, Validators(None, NOW - 1), False, True),
        ("9111 4.3.5 nothing", NONE, NONE, False, False),
    ],
)
def test_answers_to_head(stored, headed, same, other):
    assert (describes(stored, headed), contradicts(stored, headed)) == (same, other)
