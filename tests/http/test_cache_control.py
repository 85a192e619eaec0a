"""Cache-Control (RFC 9111 §5.2)."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.http.directives import (
    MAX_DELTA_S,
    NO_DIRECTIVES,
    Directives,
    parse_delta,
    parse_directives,
    request_directives,
)
from tests.http.notation import fields, table


@table(
    "value directives",
    [
        ("5.2", "max-age=60", Directives(max_age=60)),
        ("5.2", "Public, MAX-AGE=60", Directives(public=True, max_age=60)),
        ("5.2 both forms", 'max-age="60"', Directives(max_age=60)),
        ("5.2 spaces", "  no-store ,, s-maxage = 5 ", Directives(no_store=True, s_maxage=5)),
        ("5.2.3 unknown", 'community="UCI, x", no-cache', Directives(no_cache=True)),
        ("5.2.3 quoted comma", 'x="no-store, private", public', Directives(public=True)),
        ("5.2.2.4 with names", 'no-cache="set-cookie, x"', Directives(no_cache=True)),
        ("5.2.2.7 with names", 'private="x"', Directives(private=True)),
        ("5.2 flag with a value", "no-store=0", Directives(no_store=True)),
        ("4.2.1 invalid", "max-age=soon", Directives(max_age=0)),
        ("4.2.1 invalid", "max-age", Directives(max_age=0)),
        ("4.2.1 negative", "max-age=-1", Directives(max_age=0)),
        ("4.2.1 fraction", "s-maxage=1.5", Directives(s_maxage=0)),
        ("4.2.1 twice alike", "max-age=60, max-age=60", Directives(max_age=60)),
        ("4.2.1 twice, differing", "max-age=60, max-age=90", Directives(max_age=0)),
        ("1.2.2 overflow", "max-age=99999999999999999999", Directives(max_age=MAX_DELTA_S)),
        ("1.2.2 overflow", "max-age=2147483649", Directives(max_age=MAX_DELTA_S)),
        ("1.2.2 zeros", "max-age=000000000000060", Directives(max_age=60)),
        ("5.2.1.2", "max-stale", Directives(max_stale=MAX_DELTA_S)),
        ("5.2.1.2", "max-stale=5", Directives(max_stale=5)),
        ("5.2.1.2 invalid", "max-stale=x", NO_DIRECTIVES),
        ("5.2.1.2 the stricter", "max-stale=5, max-stale", Directives(max_stale=5)),
        ("5.2.1.2 invalid beside valid", "max-stale=5, max-stale=x", Directives(max_stale=5)),
        ("5.2.1.3 the stricter", "min-fresh=5, min-fresh=7", Directives(min_fresh=7)),
        ("5.2.1.7", "only-if-cached", Directives(only_if_cached=True)),
        (
            "5.2.2",
            "must-revalidate, proxy-revalidate, must-understand, no-transform",
            Directives(must_revalidate=True, proxy_revalidate=True, must_understand=True, no_transform=True),
        ),
        (
            "5861, 8246",
            "immutable, stale-while-revalidate=30, stale-if-error=60",
            Directives(immutable=True, stale_while_revalidate=30, stale_if_error=60),
        ),
        ("4.2.1 a quote without its end", 'x="y, private', Directives(private=True)),
        (
            "4.2.1 the same after others",
            'max-age=9, x="a, b", y="z, no-store',
            Directives(max_age=9, no_store=True),
        ),
        ("5.2 quotes within quotes", 'x="y\\", private"', NO_DIRECTIVES),
        ("5.2 nothing", "", NO_DIRECTIVES),
    ],
)
def test_directives(value, directives):
    assert request_directives(fields(f"Cache-Control: {value}")) == directives


def test_lines_are_one_list():
    assert request_directives(
        fields("Cache-Control: public | X: y | cache-control: max-age=1")
    ) == Directives(public=True, max_age=1)
    assert request_directives(fields("X: y")) is NO_DIRECTIVES


@table(
    "field_text directives",
    [
        ("5.4", "Pragma: no-cache", Directives(no_cache=True)),
        ("5.4", "Pragma: x, No-Cache", Directives(no_cache=True)),
        (
            "5.4 Cache-Control goes before",
            "Pragma: no-cache | Cache-Control: max-age=3",
            Directives(max_age=3),
        ),
        ("5.4", "Pragma: x", NO_DIRECTIVES),
        ("5.4", "", NO_DIRECTIVES),
    ],
)
def test_pragma_in_requests(field_text, directives):
    assert request_directives(fields(field_text)) == directives


@given(st.integers(min_value=0))
def test_delta_seconds_are_read_and_bounded(seconds):
    assert parse_delta(b"%d" % seconds) == min(seconds, MAX_DELTA_S)


@given(st.binary())
def test_any_bytes_are_directives(value):
    assert isinstance(parse_directives(value), Directives)


shards = st.lists(
    st.sampled_from(
        [
            "no-store",
            "private",
            "no-cache",
            "max-age=5",
            "max-age=6",
            "max-age=x",
            "public",
            "x",
            "s-maxage=1",
        ]
    )
)


@given(shards, shards)
def test_saying_more_never_makes_a_response_fresher(said, more):
    before = parse_directives(", ".join(said).encode())
    after = parse_directives(", ".join(said + more).encode())
    assert after.no_store >= before.no_store
    assert after.private >= before.private
    assert after.no_cache >= before.no_cache
    if before.max_age is not None:
        assert after.max_age is not None
        assert after.max_age <= before.max_age


def test_a_long_value_is_read_all_the_same():
    assert parse_directives(b"x, " * 1000 + b"no-store").no_store
