"""Who gets the candidate: a stable share of the clients, that only grows with the percentage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.bundles.split import Split, chooser, chooses_candidate, decides_here

CLIENTS = [b"192.0.2.%d/%d" % (number % 250, number) for number in range(20_000)]


@pytest.mark.parametrize("percent", [0, 0.1, 1, 5, 25, 50, 99, 100])
def test_a_share_is_about_what_it_says(percent):
    chooses = chooser(Split(percent, b"rollout 7"))
    got = sum(map(chooses, CLIENTS)) / len(CLIENTS) * 100
    assert got == pytest.approx(percent, abs=0.8)
    if percent in {0, 100}:
        assert got == percent


@given(st.binary(max_size=40), st.binary(max_size=32), st.floats(0, 100), st.floats(0, 100))
def test_who_has_the_candidate_keeps_it_as_the_share_grows(key, salt, first, second):
    low, high = sorted((first, second))
    assert chooses_candidate(Split(low, salt), key) <= chooses_candidate(Split(high, salt), key)


def test_the_same_client_is_on_the_same_side_everywhere_and_always():
    chosen = [number for number in range(20) if chooses_candidate(Split(25.0, b"rollout 7"), CLIENTS[number])]
    assert chosen == [1, 3, 5, 14, 15, 17]


def test_another_rollout_deals_anew():
    first, second = chooser(Split(50.0, b"rollout 7")), chooser(Split(50.0, b"rollout 8"))
    both = sum(first(key) and second(key) for key in CLIENTS) / len(CLIENTS)
    assert both == pytest.approx(0.25, abs=0.02)


PLACES = [
    ((), (), "a", "eu", True),
    ((), (), "", "", True),
    (("a",), (), "a", "eu", True),
    (("a",), (), "b", "eu", False),
    ((), ("eu", "us"), "b", "us", True),
    ((), ("eu", "us"), "b", "", False),
    (("a",), ("eu",), "a", "us", False),
    (("a",), ("eu",), "a", "eu", True),
]


@pytest.mark.parametrize(("pools", "regions", "pool", "region", "expected"), PLACES)
def test_pools_and_regions_of_a_rollout(pools, regions, pool, region, expected):
    assert decides_here(Split(5.0, b"", pools=pools, regions=regions), pool, region) is expected
