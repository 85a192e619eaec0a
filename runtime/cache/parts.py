"""
The parts of a representation that have come so far (RFC 9111 §3.3, §3.4).

They are pieces in order of place, none overlapping another; each has a number that says when it came. Pieces side by
side are joined where that copies little: a piece at most twice as long as the new one. So who asks byte after byte has
each byte copied a few times (as often as the length doubles) and not once a request, and few pieces are left of it.

Bytes that came twice have to be the same. Where they are not, the parts are of two representations, whatever their
validators say, and `joined` gives None.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple, Self

from runtime.cache.body import MAX_READ_BYTES, Body, DamagedBodyError

MAX_PIECES: Final = 64
"""Of one representation; the oldest goes first. Looking one up takes a few steps, telling what is held as many as there are."""
_COPIED: Final = 2
"""How much longer than the new piece one beside it may be and still be joined."""
PIECE_OVERHEAD_BYTES: Final = 200
"""A piece, its bytes object, its numbers."""


class Piece(NamedTuple):
    """Bytes from `first` on; `number` is larger for what came later."""

    first: int
    data: bytes
    number: int

    @property
    def end(self) -> int:
        """The place behind the last byte."""
        return self.first + len(self.data)


class PartialBody:
    """Pieces of a body of `size` bytes; never changes. A `FileBody` whose gaps cannot be read."""

    __slots__ = ("_firsts", "held_bytes", "pieces", "size")

    def __init__(self, size: int, pieces: Sequence[Piece] = ()) -> None:
        """`pieces` in order of place, apart from each other and within `size`."""
        self.size = size
        self.pieces = tuple(pieces)
        self._firsts = [piece.first for piece in self.pieces]
        self.held_bytes = sum(len(piece.data) for piece in self.pieces)

    @classmethod
    def of_one(cls, size: int, first: int, data: bytes) -> Self:
        """The part `data` from `first` on, of a body of `size` bytes."""
        return cls(size, (Piece(first, data, 1),))

    def __len__(self) -> int:
        """The complete length, as that of any body."""
        return self.size

    @property
    def cost_bytes(self) -> int:
        """What it takes in memory, about."""
        return self.held_bytes + len(self.pieces) * PIECE_OVERHEAD_BYTES

    # --- what is held -------------------------------------------------------------------------------------------

    def piece(self, first: int, length: int) -> bytes | None:
        """The `length` bytes from `first` on; None unless all of them are held."""
        at = bisect_right(self._firsts, first) - 1
        if at < 0:
            return b"" if length == 0 else None
        start = first - self.pieces[at].first
        data = self.pieces[at].data[start : start + length]
        if len(data) == length:
            return data
        found, held = [data], len(data)
        for before, piece in zip(self.pieces[at:], self.pieces[at + 1 :], strict=False):
            if before.end != piece.first:
                return None
            data = piece.data[: length - held]
            found.append(data)
            held += len(data)
            if held == length:
                return b"".join(found)
        return None

    def has(self, first: int, last: int) -> bool:
        """Whether bytes `first` to `last`, both included, are held."""
        at = bisect_right(self._firsts, first) - 1
        if at < 0 or first > last:
            return False
        end = self.pieces[at].end
        for piece in self.pieces[at + 1 :]:
            if end > last or piece.first != end:
                break
            end = piece.end
        return first < end and last < end

    def read(self, offset: int, length: int) -> bytes:
        """As `FileBody.read`; raises DamagedBodyError for what is not held."""
        length = min(length, MAX_READ_BYTES, self.size - offset)
        data = self.piece(offset, length) if length > 0 else b""
        if data is None:
            raise DamagedBodyError(f"bytes from {offset} on are not held")
        return data

    def whole(self) -> bytes | None:
        """The complete body; None while something is missing."""
        if self.held_bytes != self.size:
            return None
        return b"".join([piece.data for piece in self.pieces])

    # --- more of it ---------------------------------------------------------------------------------------------

    def joined(self, first: int, data: bytes, max_bytes: int) -> "PartialBody | None":
        """
        These pieces and `data` from `first` on, which lies within `size`: `max_bytes` of them at most, which `data` alone
        is not more than; the oldest go, and with them what they had of `data`. None where bytes held already are others.
        """
        end = first + len(data)
        below = bisect_right(self._firsts, first)
        if below and self.pieces[below - 1].end > first:
            below -= 1
        above = bisect_right(self._firsts, end - 1)
        before, over, after = (
            list(self.pieces[:below]),
            self.pieces[below:above],
            list(self.pieces[above:]),
        )
        if not all(_agree(piece, first, data) for piece in over):
            return None
        if over and over[0].first <= first and over[0].end >= end:
            return self
        # What is held on both sides stays as it is: the new piece takes the place between.
        if over and over[0].first < first:
            before.append(over[0])
            data = data[over[0].end - first :]
            first = over[0].end
        if over and over[-1].end > end:
            after.insert(0, over[-1])
            data = data[: over[-1].first - first]
        if not data:
            return self
        number = 1 + max((piece.number for piece in self.pieces), default=0)
        new = _with_neighbours(Piece(first, data, number), before, after, max_bytes)
        return PartialBody(self.size, _within([*before, new, *after], max_bytes))

    def __repr__(self) -> str:
        spans = ", ".join(f"{piece.first}-{piece.end - 1}" for piece in self.pieces)
        return f"<{spans or 'nothing'} of {self.size} bytes>"


def _agree(piece: Piece, first: int, data: bytes) -> bool:
    """Whether `piece` and `data` from `first` on have the same bytes where both have any."""
    start, end = max(piece.first, first), min(piece.end, first + len(data))
    return piece.data[start - piece.first : end - piece.first] == data[start - first : end - first]


def _with_neighbours(new: Piece, before: list[Piece], after: list[Piece], max_bytes: int) -> Piece:
    """`new`, joined with those beside it that are not too long, which leave `before` and `after`."""
    while before and before[-1].end == new.first and _may_join(before[-1], new, max_bytes):
        left = before.pop()
        new = Piece(left.first, left.data + new.data, new.number)
    while after and after[0].first == new.end and _may_join(after[0], new, max_bytes):
        new = Piece(new.first, new.data + after.pop(0).data, new.number)
    return new


def _may_join(beside: Piece, new: Piece, max_bytes: int) -> bool:
    length = len(beside.data)
    return length <= _COPIED * len(new.data) and length + len(new.data) <= max_bytes


def _within(pieces: list[Piece], max_bytes: int) -> list[Piece]:
    """`pieces` less the oldest, so that they are as many and as long as may be kept."""
    surplus = sum(len(piece.data) for piece in pieces) - max_bytes
    gone: set[int] = set()
    for piece in sorted(pieces, key=lambda piece: piece.number):
        if surplus <= 0 and len(pieces) - len(gone) <= MAX_PIECES:
            break
        gone.add(piece.number)
        surplus -= len(piece.data)
    return [piece for piece in pieces if piece.number not in gone] if gone else pieces


def memory_bytes(body: Body) -> int:
    """What `body` takes in memory, or would, about."""
    return body.cost_bytes if isinstance(body, PartialBody) else len(body)


def held_bytes(body: Body) -> int:
    """How many bytes of `body` there are."""
    return body.held_bytes if isinstance(body, PartialBody) else len(body)
