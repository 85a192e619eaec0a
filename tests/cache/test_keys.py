"""What stored responses are found by (RFC 9111 §2, §4.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.cache.keys import primary_key, vary_values
from tests.http.notation import fields


def test_the_primary_key_is_the_target_uri():
    assert primary_key("http", "a.b:8080", "/c?d") == "http://a.b:8080/c?d"


hosts = st.text("ab.:1", min_size=1, max_size=4)
paths = st.text("ab/:.?", max_size=4).map("/".__add__)
uris = st.tuples(st.sampled_from(["http", "https"]), hosts, paths)


@given(uris, uris)
def test_different_targets_have_different_keys(one, other):
    assert (primary_key(*one) == primary_key(*other)) is (one == other)


@pytest.mark.parametrize(
    ("names", "stored_for", "asked_with", "same"),
    [
        ("accept", "Accept: a", "accept: a", True),
        ("accept", "Accept: a", "Accept: b", False),
        ("accept", "Accept: a, b", "Accept: a |X: y| Accept: b", True),
        ("accept", "Accept: a,b", "Accept: , a ,  b", True),
        ("accept", "Accept: a, b", "Accept: b, a", False),
        ("accept", "Accept: a", "", False),
        ("accept", "Accept:", "", False),
        ("accept", "X: y", "Host: a", True),
        ("x-device", "X-Device: a, b", "X-Device: a,b", True),
        ("user-agent", "User-Agent: a, b", "User-Agent: a,b", False),
        ("x-device", "X-Device: a", "X-Device: A", False),
        ("accept x-device", "Accept: a | X-Device: b", "X-Device: b | Accept: a", True),
        ("accept x-device", "Accept: a | X-Device: b", "Accept: a", False),
        ("", "Accept: a", "Accept: b", True),
    ],
)
def test_variants(names, stored_for, asked_with, same):
    wanted = tuple(name.encode() for name in names.split())
    assert (vary_values(wanted, fields(stored_for)) == vary_values(wanted, fields(asked_with))) is same
