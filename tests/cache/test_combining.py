"""
What is stored when a part comes beside what is there (RFC 9111 §3.4).

A row: what is stored and what comes, as `SPAN of SIZE AGE | fields`; then what is stored after it, `-` for no change.
AGE is the seconds since it arrived. The bytes are those of the alphabet, or of another in capitals.
"""

from runtime.cache.combining import reconciled
from runtime.cache.parts import PartialBody
from runtime.cache.store import StoredResponse
from runtime.http.conditional import validators_of
from tests.http.notation import NOW, fields, table, text

SMALL = b"abcdefghijklmnopqrstuvwxyz"
LIFETIME_S = 100


def stored(said):
    if not said:
        return None
    place, _, rest = said.partition(" | ")
    span, _, size, age = place.split()
    letters = SMALL.upper() if span.endswith("X") else SMALL
    first, _, last = span.rstrip("X").partition("-")
    data = letters[int(first) : int(last) + 1]
    body = data if len(data) == int(size) else PartialBody.of_one(int(size), int(first), data)
    found = fields(rest)
    return StoredResponse(
        200,
        tuple(found),
        body,
        request_time=NOW - int(age),
        response_time=NOW - int(age),
        lifetime_s=LIFETIME_S,
        validators=validators_of(found, NOW),
    )


def shown(response):
    if response is None:
        return "-"
    body = response.body
    what = repr(body) if isinstance(body, PartialBody) else body.decode()
    return f"{what} | {text(list(response.fields))}"


A = 'ETag: "a"'
B = 'ETag: "b"'


@table(
    "there comes after",
    [
        ("nothing was there", "", f"0-3 of 9 0 | {A}", f"<0-3 of 9 bytes> | {A}"),
        (
            "3.4 the same",
            f"0-3 of 9 9 | {A}",
            f"6-7 of 9 0 | {A} | X: 1",
            f"<0-3, 6-7 of 9 bytes> | {A} | X: 1",
        ),
        ("3.4 all of it", f"0-3 of 9 9 | {A}", f"4-8 of 9 0 | {A}", f"abcdefghi | {A}"),
        ("3.4 overlapping", f"0-5 of 9 9 | {A}", f"2-8 of 9 0 | {A}", f"abcdefghi | {A}"),
        ("3.4 other bytes", f"0-5 of 9 9 | {A}", f"5-6X of 9 0 | {A}", f"<5-6 of 9 bytes> | {A}"),
        ("3.4 another tag", f"0-3 of 9 9 | {A}", f"4-8 of 9 0 | {B}", f"<4-8 of 9 bytes> | {B}"),
        ("3.4 another tag, but earlier", f"0-3 of 9 0 | {A}", f"4-8 of 9 9 | {B}", "-"),
        (
            "3.4 weak",
            '0-3 of 9 9 | ETag: W/"a"',
            '4-8 of 9 0 | ETag: W/"a"',
            '<4-8 of 9 bytes> | ETag: W/"a"',
        ),
        ("3.4 none", "0-3 of 9 9 | A: 1", "4-8 of 9 0 | A: 2", "<4-8 of 9 bytes> | A: 2"),
        ("3.4 another total", f"0-3 of 9 9 | {A}", f"4-8 of 10 0 | {A}", f"<4-8 of 10 bytes> | {A}"),
        (
            "3.4 another time",
            f"0-3 of 9 9 | {A} | Last-Modified: Sun, 09 Sep 2001 01:46:39 GMT",
            f"4-8 of 9 0 | {A} | Last-Modified: Sun, 09 Sep 2001 01:46:38 GMT",
            f"<4-8 of 9 bytes> | {A} | Last-Modified: Sun, 09 Sep 2001 01:46:38 GMT",
        ),
        (
            "3.4 another type",
            f"0-3 of 9 9 | {A} | Content-Type: a/b",
            f"4-8 of 9 0 | {A}",
            f"<4-8 of 9 bytes> | {A}",
        ),
        ("a fresh whole stays", f"0-8 of 9 9 | {A}", f"4-7 of 9 0 | {A}", "-"),
        (
            "a stale one is fresh again",
            f"0-8 of 9 999 | {A}",
            f"4-7 of 9 0 | {A} | X: 1",
            f"abcdefghi | {A} | X: 1",
        ),
        ("unless it is another", f"0-8 of 9 9 | {A}", f"4-7 of 9 0 | {B}", f"<4-7 of 9 bytes> | {B}"),
        ("that came before", f"0-8 of 9 0 | {A}", f"4-7 of 9 9 | {B}", "-"),
        ("a fresh whole of which nothing is said", "0-8 of 9 9 | A: 1", "4-7 of 9 0 | A: 2", "-"),
        ("a stale one", "0-8 of 9 999 | A: 1", "4-7 of 9 0 | A: 2", "<4-7 of 9 bytes> | A: 2"),
        ("all at once", f"0-3 of 9 9 | {A}", f"0-8 of 9 0 | {B}", f"abcdefghi | {B}"),
        ("all at once, of the time before", f"0-3 of 9 0 | {A}", f"0-8 of 9 9 | {B}", "-"),
    ],
)
def test_what_is_stored(there, comes, after):
    assert shown(reconciled(stored(there), stored(comes), NOW, 1 << 20)) == after


def test_together_they_are_no_more_than_may_be_kept():
    both = reconciled(stored(f"0-3 of 9 9 | {A}"), stored(f"6-8 of 9 0 | {A}"), NOW, 5)
    assert shown(both) == f"<6-8 of 9 bytes> | {A}"
    assert both.size_bytes == stored(f"6-8 of 9 0 | {A}").size_bytes
