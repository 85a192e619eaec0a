"""Field grammar and field facts (RFC 9110 §5)."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.http.fields import (
    FIELD_FACTS,
    HOP_BY_HOP,
    check_fields,
    combined,
    is_field_value,
    is_token,
    list_items,
)
from tests.http.notation import fields, table


@table(
    "name answer",
    [
        ("5.6.2", b"Accept", True),
        ("5.6.2", b"x_y-z.1!#$%&'*+^`|~", True),
        ("5.6.2", b"", False),
        ("5.1", b"Host ", False),
        ("5.1", b" Host", False),
        ("5.6.2", b"a:b", False),
        ("5.6.2", b"a\x00", False),
        ("5.6.2", b"a\n", False),
        ("5.6.2", b"n\xe4me", False),
        ("5.6.2", b"(comment)", False),
    ],
)
def test_token(name, answer):
    assert is_token(name) is answer


@table(
    "value answer",
    [
        ("5.5", b"", True),
        ("5.5", b"a \t b", True),
        ("5.5 obs-text", b"\x80\xff", True),
        ("5.5", b"a\x00b", False),
        ("5.5", b"a\rb", False),
        ("5.5", b"a\nb", False),
        ("5.5", b"a\n", False),
        ("5.5", b"\x7f", False),
        ("5.5", b"\x1b[0m", False),
    ],
)
def test_field_value(value, answer):
    assert is_field_value(value) is answer


pairs = st.lists(st.tuples(st.binary(max_size=4), st.binary(max_size=4)), max_size=4)


@given(pairs)
def test_check_fields_asks_both_questions_of_every_field(found):
    assert check_fields(found) is all(is_token(name) and is_field_value(value) for name, value in found)


@table(
    "value items",
    [
        ("5.6.1", b"a, b,c", [b"a", b"b", b"c"]),
        ("5.6.1.2", b", a ,, b , ", [b"a", b"b"]),
        ("5.6.1.2", b"", []),
        ("5.6.1.2", b" , ,", []),
        ("5.6.4", b'a="x, y", b', [b'a="x, y"', b"b"]),
        ("5.6.4", rb'"a\", b", c', [rb'"a\", b"', b"c"]),
        ("5.6.4", rb'"a\\", b', [rb'"a\\"', b"b"]),
        ("5.6.4 open to the end", b'"a, b', [b'"a, b']),
        ("5.6.4 open to the end", b'"a, b\\', [b'"a, b\\']),
        ("5.6.1", b"a\tb,\tc", [b"a\tb", b"c"]),
    ],
)
def test_list_items(value, items):
    assert list_items(value) == items


@given(st.lists(st.from_regex(rb'[a-z]+(="[a-z, ]*")?', fullmatch=True)))
def test_list_items_undo_joining(items):
    assert list_items(b" ,".join(items)) == items


@given(st.binary())
def test_list_items_take_any_bytes(value):
    assert all(item and item == item.strip(b" \t") for item in list_items(value))


def test_a_long_unterminated_quoted_string_is_read_in_one_pass():
    # A quadratic reader needs minutes for this; the suite's time-out ends it.
    assert list_items(b'"\\' * 400_000) == [b'"\\' * 400_000]


def test_combined_joins_lines_in_order():
    found = fields("Via: 1.1 a | X: y | via: 1.1 b")
    assert combined(found, b"via") == b"1.1 a, 1.1 b"
    assert combined(found, b"x") == b"y"
    assert combined(found, b"z") is None


def test_facts_are_by_lower_case_token_and_cite_their_source():
    for name, fact in FIELD_FACTS.items():
        assert name == fact.name == fact.name.lower()
        assert is_token(name)
        assert fact.source
        assert not (fact.is_list and fact.singleton), name


def test_fixed_hop_by_hop_fields_are_those_of_rfc_9110_and_their_kin():
    named_by_7_6_1 = {
        b"connection",
        b"proxy-connection",
        b"keep-alive",
        b"te",
        b"transfer-encoding",
        b"upgrade",
    }
    assert named_by_7_6_1 <= HOP_BY_HOP
    assert not HOP_BY_HOP & {b"host", b"content-length", b"authorization", b"cache-control", b"via", b"date"}
