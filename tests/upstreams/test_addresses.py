"""The addresses of a name as lookups come and fail."""

from ipaddress import ip_network

import pytest

from runtime.upstreams.addresses import MAX_ADDRESSES, MAX_TRIED, Addresses, is_address


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "::1"])
def test_an_address_is_never_looked_up(host):
    addresses = Addresses(host, 30.0)
    assert (addresses.known, addresses.is_due(1e12)) == ((host,), False)


@pytest.mark.parametrize("host", ["origin.test", "1.2.3", "localhost", "[::1]", ""])
def test_names(host):
    assert not is_address(host)


def test_a_name_is_looked_up_at_once_and_again_later():
    addresses = Addresses("a.test", 30.0)
    assert addresses.is_due(0.0)
    addresses.began()
    assert not addresses.is_due(100.0)
    assert addresses.found(["192.0.2.1"], 100.0) == frozenset()
    assert [addresses.is_due(now) for now in (129.0, 130.0)] == [False, True]


def test_what_left_the_name_is_told():
    addresses = Addresses("a.test", 30.0)
    addresses.found(["192.0.2.1", "192.0.2.2"], 0.0)
    assert addresses.found(["192.0.2.2", "192.0.2.3"], 30.0) == {"192.0.2.1"}
    assert addresses.known == ("192.0.2.2", "192.0.2.3")


def test_a_lookup_that_fails_changes_nothing_and_is_soon_repeated():
    addresses = Addresses("a.test", 30.0)
    addresses.found(["192.0.2.1"], 0.0)
    assert addresses.found([], 30.0) == frozenset()
    assert addresses.known == ("192.0.2.1",)
    assert [addresses.is_due(now) for now in (34.0, 35.0)] == [False, True]


def test_connections_begin_with_each_address_in_turn():
    addresses = Addresses("a.test", 30.0)
    addresses.found(["a", "b", "c"], 0.0)
    assert ["".join(addresses.in_turn()) for _ in range(4)] == ["bca", "cab", "abc", "bca"]


def test_an_address_that_failed_comes_last():
    addresses = Addresses("a.test", 30.0)
    addresses.found(["a", "b", "c"], 0.0)
    addresses.failed("a")
    assert addresses.in_turn() == ("b", "c", "a")
    addresses.failed("other")
    assert set(addresses.known) == {"a", "b", "c"}


def test_a_name_with_ever_so_many_addresses():
    addresses = Addresses("a.test", 30.0)
    addresses.found([f"192.0.2.{number % 200}" for number in range(1000)], 0.0)
    assert (len(addresses.known), len(addresses.in_turn())) == (MAX_ADDRESSES, MAX_TRIED)


REFUSED = tuple(map(ip_network, ("127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10", "10.0.0.0/8")))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "169.254.169.254", "10.1.2.3", "::1", "fe80::1", "fe80::1%eth0"),
        *("::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::FFFF:10.0.0.1"),
    ],
)
def test_an_address_that_is_refused_is_refused_for_ever(address):
    addresses = Addresses(address, 30.0, REFUSED)
    assert (addresses.known, addresses.forbidden, addresses.is_due(1e12)) == ((), True, False)
    assert Addresses(address, 30.0).known == (address,)


@pytest.mark.parametrize("address", ["192.0.2.1", "128.0.0.1", "2001:db8::1", "::ffff:192.0.2.1", "::2"])
def test_others_are_not(address):
    addresses = Addresses(address, 30.0, REFUSED)
    assert (addresses.known, addresses.forbidden) == ((address,), False)


def test_of_a_name_only_the_addresses_that_are_refused_are_dropped():
    addresses = Addresses("a.test", 30.0, REFUSED)
    assert not addresses.forbidden
    addresses.found(["127.0.0.1", "192.0.2.1", "no address", "::ffff:10.0.0.1"], 0.0)
    assert (addresses.known, addresses.forbidden) == (("192.0.2.1",), False)


def test_a_name_that_comes_to_lead_where_it_may_not_is_left_at_once():
    addresses = Addresses("a.test", 30.0, REFUSED)
    addresses.found(["192.0.2.1"], 0.0)
    assert addresses.found(["127.0.0.1"], 30.0) == {"192.0.2.1"}
    assert (addresses.known, addresses.forbidden) == ((), True)
    assert [addresses.is_due(now) for now in (59.0, 60.0)] == [False, True]
    addresses.found(["192.0.2.2"], 60.0)
    assert (addresses.known, addresses.forbidden) == (("192.0.2.2",), False)


def test_many_addresses_that_are_refused_do_not_hide_another():
    addresses = Addresses("a.test", 30.0, REFUSED)
    addresses.found([*(f"10.0.0.{number}" for number in range(MAX_ADDRESSES)), "192.0.2.1"], 0.0)
    assert addresses.known == ("192.0.2.1",)
