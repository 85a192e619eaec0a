"""W3C trace context: which `traceparent` is continued, and what the origin is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.observe.trace import continued, ids_of, new_trace_ids, told_of

REQUEST = "3f" * 8 + "0" * 15 + "7"
NEW, SPAN = ids_of(REQUEST)
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


def told(*fields):
    return continued(fields, REQUEST).fields


# What came (section of the recommendation), what is told of it; None for a new trace.
PARENTS = [
    (f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{SPAN}-01"),  # 3.2.2
    (f"00-{TRACE}-{PARENT}-00", f"00-{TRACE}-{SPAN}-00"),
    (f"00-{TRACE}-{PARENT}-ff", f"00-{TRACE}-{SPAN}-01"),  # 3.2.2.5: other flags are not ours to pass on
    (f" 00-{TRACE}-{PARENT}-01\t", f"00-{TRACE}-{SPAN}-01"),
    (f"cc-{TRACE}-{PARENT}-01", f"00-{TRACE}-{SPAN}-01"),  # 3.2.4: a later version
    (f"cc-{TRACE}-{PARENT}-01-what", f"00-{TRACE}-{SPAN}-01"),
    (f"cc-{TRACE}-{PARENT}-01.what", None),
    (f"00-{TRACE}-{PARENT}-01-what", None),
    (f"ff-{TRACE}-{PARENT}-01", None),  # 3.2.2.1
    (f"00-{'0' * 32}-{PARENT}-01", None),  # 3.2.2.3
    (f"00-{TRACE}-{'0' * 16}-01", None),  # 3.2.2.4
    (f"00-{TRACE.upper()}-{PARENT}-01", None),  # lower case only
    (f"00-{TRACE[:-1]}-{PARENT}-01", None),
    (f"00-{TRACE}-{PARENT}-1", None),
    ("", None),
]


@pytest.mark.parametrize(("came", "wanted"), PARENTS)
def test_parent(came, wanted):
    wanted = wanted or f"00-{NEW}-{SPAN}-00"
    assert told((b"TraceParent", came.encode())) == [(b"traceparent", wanted.encode())]


def test_without_a_parent_a_new_trace_begins():
    assert told((b"accept", b"*/*")) == [(b"traceparent", f"00-{NEW}-{SPAN}-00".encode())]


@given(st.integers(0, (1 << 128) - 1))
def test_the_short_way_tells_the_same(number):
    request = f"{number:032x}"
    assert [*told_of((), request)] == continued((), request).fields
    line = (b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())
    assert told_of((line,), request) == continued((line,), request).fields


@given(st.lists(st.integers(0, (1 << 128) - 1)))
def test_many_new_traces_are_those_of_each(numbers):
    requests = [f"{number:032x}" for number in numbers]
    assert new_trace_ids(requests) == [ids_of(request)[0] for request in requests]


def test_two_parents_are_none():
    line = (b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())
    assert told(line, line) == told()


def test_state_goes_with_its_parent_only():
    parent = (b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())
    states = (b"tracestate", b"a=1"), (b"Tracestate", b"b=2")
    assert told(parent, *states)[1] == (b"tracestate", b"a=1,b=2")  # 3.3.1.1: several lines are one list
    assert told(*states) == told()
    assert len(told(parent, (b"tracestate", b"a=" + b"1" * 600))) == 1


@given(st.binary(max_size=80))
def test_whatever_comes_what_is_told_is_valid(came):
    first, second = told((b"traceparent", came)), told((b"traceparent", told((b"traceparent", came))[0][1]))
    assert first[0][1].split(b"-")[1] == second[0][1].split(b"-")[1]


def test_ids_of_neighbours_have_nothing_in_common():
    made = [ids_of(f"{'3f' * 8}{number:016x}") for number in range(2000)]
    assert len({trace for trace, _ in made}) == len({span for _, span in made}) == 2000
    for place in range(32):  # any digit of it might be looked at by who takes a part of all traces
        taken = sum(trace[place] in "01" for trace, _ in made)
        assert 150 < taken < 350, f"digit {place}: {taken} of 2000 where 250 are an eighth"
    for place in range(16):
        assert 150 < sum(span[place] in "01" for _, span in made) < 350
