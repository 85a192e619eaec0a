"""Pieces of a body: what is held of it, what is put together, and that neither bytes nor pieces nor copies get out of hand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.cache.body import MAX_READ_BYTES, DamagedBodyError
from runtime.cache.parts import MAX_PIECES, PartialBody

SIZE = 60
CONTENT = bytes(range(SIZE))
MUCH = 1 << 20


def parts(*spans, max_bytes=MUCH):
    """Of `CONTENT`, as they come one after the other: `2-5`."""
    body = PartialBody(SIZE)
    for first, last in (map(int, span.split("-")) for span in spans):
        body = body.joined(first, CONTENT[first : last + 1], max_bytes)
    return body


def shown(body):
    return repr(body).removeprefix("<").partition(" of")[0]


@pytest.mark.parametrize(
    ("spans", "held"),
    [
        ("2-5", "2-5"),
        ("2-5 7-9", "2-5, 7-9"),
        ("7-9 2-5", "2-5, 7-9"),
        ("2-5 6-9", "2-9"),
        ("6-9 2-5", "2-9"),
        ("2-5 8-9 6-7", "2-9"),
        ("2-5 4-9", "2-9"),
        ("4-7 2-5", "2-7"),
        ("4-9 2-5", "2-3, 4-9"),
        ("2-5 3-4", "2-5"),
        ("3-4 2-5", "2-5"),
        ("2-3 6-7 0-9", "0-9"),
        ("2-3 6-7 3-6", "2-7"),
        ("2-3 6-7 2-7", "2-7"),
        ("0-9 10-10", "0-9, 10-10"),  # joining would copy ten bytes for one
        ("0-9 10-10 11-11 12-12", "0-9, 10-12"),
        ("0-9 10-10 11-14", "0-14"),
    ],
)
def test_what_is_held(spans, held):
    assert shown(parts(*spans.split())) == held


def test_bytes_that_differ_are_of_something_else():
    body = parts("2-5", "8-9")
    assert body.joined(4, CONTENT[4:9], MUCH) is not None
    assert body.joined(4, b"?" + CONTENT[5:9], MUCH) is None
    assert body.joined(4, CONTENT[4:8] + b"?", MUCH) is None
    assert body.joined(3, b"??", MUCH) is None


def test_the_oldest_go_when_it_is_too_much():
    assert shown(parts("0-9", "20-29", "40-44", max_bytes=20)) == "20-29, 40-44"
    assert shown(parts("20-29", "0-9", "40-49", max_bytes=20)) == "0-9, 40-49"
    assert shown(parts("0-9", "10-19", "20-29", max_bytes=20)) == "20-29"  # the first two had become one


def test_pieces_are_few():
    body = PartialBody(MUCH)
    for at in range(0, 4 * MAX_PIECES, 2):
        body = body.joined(at, b"x", MUCH)
    assert len(body.pieces) == MAX_PIECES
    assert body.has(4 * MAX_PIECES - 2, 4 * MAX_PIECES - 2)
    assert not body.has(0, 0)


def test_byte_after_byte_is_copied_as_often_as_the_length_doubles():
    size = 1 << 12
    body, copied = PartialBody(size), 0
    for at in range(size):
        known = {id(piece.data) for piece in body.pieces}
        body = body.joined(at, b"x", MUCH)
        copied += sum(len(piece.data) for piece in body.pieces if id(piece.data) not in known)
    assert body.whole() == b"x" * size
    assert copied < 16 * size


def test_what_is_missing_is_not_read():
    body = parts("2-5", "6-20", "30-31")
    assert body.read(4, 10) == CONTENT[4:14]
    assert body.piece(2, 19) == CONTENT[2:21]
    for first, length in [(0, 3), (20, 2), (21, 1), (31, 2), (59, 1)]:
        assert body.piece(first, length) is None
        with pytest.raises(DamagedBodyError):
            body.read(first, min(length, SIZE - first))
    assert body.whole() is None


def test_one_read_gives_no_more_than_a_loop_may_take():
    body = PartialBody.of_one(2 * MAX_READ_BYTES, 0, bytes(2 * MAX_READ_BYTES - 1))
    assert len(body.read(0, len(body))) == MAX_READ_BYTES


@given(
    st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(1, SIZE)), max_size=20),
    st.integers(5, 2 * SIZE),
    st.tuples(st.integers(0, SIZE - 1), st.integers(1, SIZE)),
)
def test_against_a_set_of_places(came, max_bytes, asked):
    body, held = PartialBody(SIZE), set()
    for first, length in came:
        data = CONTENT[first : first + min(length, max_bytes)]
        before = body
        body = body.joined(first, data, max_bytes)
        held |= set(range(first, first + len(data)))
        assert body.held_bytes == sum(len(piece.data) for piece in body.pieces) <= max_bytes
        ends = [(piece.first, piece.end) for piece in body.pieces]
        assert all(one[1] <= other[0] for one, other in pairwise(ends))
        if before.held_bytes + len(data) <= max_bytes:
            assert body.has(first, first + len(data) - 1)
            assert {at for piece in body.pieces for at in range(piece.first, piece.end)} == held
        held = {at for piece in body.pieces for at in range(piece.first, piece.end)}
        assert all(CONTENT[piece.first : piece.end] == piece.data for piece in body.pieces)
    first, length = asked
    last = min(first + length, SIZE) - 1
    is_held = held >= set(range(first, last + 1))
    assert body.has(first, last) is is_held
    assert body.piece(first, last - first + 1) == (CONTENT[first : last + 1] if is_held else None)
    assert body.whole() == (CONTENT if len(held) == SIZE else None)
