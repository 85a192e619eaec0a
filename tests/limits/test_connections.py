"""Requests in progress: `limit_conn` and its places."""

import pytest

from edgescript.context import Context
from edgescript.faults import ScriptFault
from edgescript.request import Request
from edgescript.services import Services
from runtime.limits.local import LocalLimits
from runtime.state.limits.shared import SharedLimits, layout


@pytest.fixture(params=["one process", "shared"])
def limits(request, tmp_path):
    limits = (
        LocalLimits() if request.param == "one process" else SharedLimits(tmp_path / "limits", layout(100))
    )
    yield limits
    limits.close()


def test_so_many_and_no_more(limits):
    connections = limits.site().connections
    places = [connections.acquire("k", 2) for _ in range(3)]
    assert [place is not None for place in places] == [True, True, False]
    assert limits.in_progress() == 2
    places[0].release()
    assert connections.acquire("k", 2) is not None
    assert connections.acquire("k", 2) is None


def test_a_place_is_given_back_once(limits):
    connections = limits.site().connections
    first, second = connections.acquire("k", 2), connections.acquire("k", 2)
    for _ in range(3):
        first.release()
    assert limits.in_progress() == 1
    second.release()
    assert limits.in_progress() == 0


def test_keys_and_numbers_are_counted_each_for_itself(limits):
    connections = limits.site().connections
    assert connections.acquire("k", 1)
    assert connections.acquire("k", 1) is None
    assert connections.acquire("l", 1)
    assert connections.acquire("k", 2)


def test_a_request_is_counted_once_and_hears_the_same_answer(limits):
    connections = limits.site().connections
    services = Services(connections=connections)
    one, other = Context(Request(), services=services), Context(Request(), services=services)
    assert [one.acquire("k", 1), one.acquire("k", 1)] == [True, True]
    assert [other.acquire("k", 1), other.acquire("k", 1)] == [False, False]
    for place in one.leases:
        place.release()
    assert not other.acquire("k", 1)  # it was told so
    other.renew(Request(), 0.0)
    assert other.leases == ()
    assert other.acquire("k", 1)


def test_a_request_has_a_bounded_number_of_keys(limits):
    context = Context(Request(), services=Services(connections=limits.site().connections))
    for number in range(16):
        assert context.acquire(str(number), 1)
    with pytest.raises(ScriptFault, match="16 keys"):
        context.acquire("one more", 1)
    assert context.acquire("0", 1)


def test_a_fault_takes_no_place_back(limits):
    context = Context(Request(), services=Services(connections=limits.site().connections))
    saved = context.start_script()
    context.acquire("k", 1)
    context.abandon_script(saved)
    assert len(context.leases) == 1
    assert limits.in_progress() == 1
