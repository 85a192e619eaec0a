"""Server-Sent Events: bytes in any pieces, events out."""

import pytest

from runtime.console.events import MAX_EVENT_BYTES, Event, EventTooLargeError, read_events

ROWS = {
    "one": (b"data: a\n\n", [Event("message", "a", "")]),
    "named": (b"event: notice\ndata: a\n\n", [Event("notice", "a", "")]),
    "a name is of one event": (
        b"event: n\ndata: a\n\ndata: b\n\n",
        [Event("n", "a", ""), Event("message", "b", "")],
    ),
    "lines of data": (b"data: a\ndata: b\n\n", [Event("message", "a\nb", "")]),
    "CRLF": (b"data: a\r\n\r\n", [Event("message", "a", "")]),
    "one space is left out": (b"data:  a\n\n", [Event("message", " a", "")]),
    "without a space": (b"data:a\n\n", [Event("message", "a", "")]),
    "comments": (b": still here\n\ndata: a\n\n: still here\n", [Event("message", "a", "")]),
    "an id stays": (
        b"id: 7\ndata: a\n\ndata: b\n\n",
        [Event("message", "a", "7"), Event("message", "b", "7")],
    ),
    "unknown fields": (b"retry: 5\nsize: 9\ndata: a\n\n", [Event("message", "a", "")]),
    "no data, no event": (b"event: x\n\ndata: a\n\n", [Event("message", "a", "")]),
    "cut off": (b"data: a\n\ndata: b\n", [Event("message", "a", "")]),
    "what is no UTF-8": (b"data: \xff\n\n", [Event("message", "\N{REPLACEMENT CHARACTER}", "")]),
    "characters across pieces": ("data: 中\n\n".encode(), [Event("message", "中", "")]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize("case", ROWS)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_read(case, size):
    data, events = ROWS[case]
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert list(read_events(chunks)) == events


def test_an_event_may_be_as_large_as_the_limit():
    (event,) = read_events([b"data: " + b"x" * (MAX_EVENT_BYTES - 6), b"\n\n"])
    assert len(event.data) == MAX_EVENT_BYTES - 6


@pytest.mark.parametrize(
    "chunks", [[b"data: " + b"x" * MAX_EVENT_BYTES], [b"data: x\n" * (MAX_EVENT_BYTES // 7 + 1)]]
)
def test_a_larger_one_is_refused(chunks):
    with pytest.raises(EventTooLargeError):
        list(read_events(chunks))
