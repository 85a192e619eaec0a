"""
Server-Sent Events (WHATWG HTML, section 9.2.6) as a client reads them: bytes as they come, events as they are whole.

Lines end with LF or CRLF. A lone CR, which the format has too, is left in its line: whether one is the end of a line
cannot be told before the next byte has come, and the console sends none.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

MAX_EVENT_BYTES: Final = 1 << 20
"""Of one event; a console's log line has some hundred."""


class Event(NamedTuple):
    """`name` is `message` where the stream gives none."""

    name: str
    data: str
    id: str


class EventTooLargeError(ValueError):
    """An event passes MAX_EVENT_BYTES."""


def read_events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events with data; one that the stream's end cuts off is dropped. Raises EventTooLargeError."""
    data: list[str] = []
    name, last_id, size = "", "", 0
    for line in _lines(chunks):
        size += len(line)
        if size > MAX_EVENT_BYTES:
            raise EventTooLargeError(f"an event of more than {MAX_EVENT_BYTES} bytes")
        if not line:
            if data:
                yield Event(name or "message", "\n".join(data), last_id)
            name, data, size = "", [], 0
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id" and "\0" not in value:
            last_id = value


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Whole lines without their ends. Raises EventTooLargeError for one that goes on and on."""
    begun: list[bytes] = []
    size = 0
    for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for end in whole:
            yield b"".join([*begun, end]).removesuffix(b"\r").decode("utf-8", "replace")
            begun, size = [], 0
        size += len(rest)
        if size > MAX_EVENT_BYTES:
            raise EventTooLargeError(f"a line of more than {MAX_EVENT_BYTES} bytes")
        if rest:
            begun.append(rest)
