"""
A body on its way into a file, which others may read along up to where it has come.

Whoever fetches it reads the origin as fast as that sends, and each reader takes at its own pace what is there, so none
waits for another. What the writer has yet to write is kept here (`_tail`), some hundred kilobytes at most.

When it cannot be written on (the disk is full, it is longer than may be stored), those who read it are to have it whole
all the same. From then on the rest passes through the tail, which goes away as the slowest of them reads it, and whoever
fetches waits while `is_full`: only then do they share a pace, and memory is bounded by `WINDOW_BYTES` and one read.

Ends in `finish` or `break_off`. The readers of one that breaks off must not take what they have for the whole.
"""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final, Protocol

from runtime.cache.body import DamagedBodyError
from runtime.cache.store import StoredResponse
from runtime.cache.writing import Along
from runtime.http.fields import Field

WINDOW_BYTES: Final = 1 << 20


class Reader(Protocol):
    """Reads a growing body from its start on; `offset` is how far it has come."""

    offset: int

    def grown(self) -> None:
        """There is more, or the end: look again, not at once but soon."""
        ...


class _State(Enum):
    STORED = auto()
    PASSING = auto()
    WHOLE = auto()
    BROKEN = auto()


class Growing:
    """
    See the module's text. `told` is the response as it is going to be stored, without its body, whose `length` is None
    where it is not known.
    """

    __slots__ = (
        "_along",
        "_readers",
        "_state",
        "_tail",
        "_tail_at",
        "come",
        "length",
        "told",
        "trailers",
        "when_room",
        "when_unread",
    )

    def __init__(self, told: StoredResponse, length: int | None, along: Along) -> None:
        self.told = told
        self.length = length
        self.trailers: Sequence[Field] = ()
        """What came behind a body that is whole."""
        self.when_unread: Callable[[], None] | None = None
        """Called when the last reader leaves a body that still grows."""
        self.when_room: Callable[[], None] | None = None
        """Called when it is not full any more."""
        self._along = along
        self._tail = bytearray(along.unwritten())
        self._tail_at = along.written
        self.come = self._tail_at + len(self._tail)
        """Bytes that can be read."""
        self._state = _State.STORED
        self._readers: dict[Reader, None] = {}

    # --- for who fetches ----------------------------------------------------------------------------------------

    def take(self, data: bytes, *, stored: bool) -> None:
        """`data` came, and was `stored` or could not be; once it could not, it is no more."""
        if not stored:
            self._state = _State.PASSING
        self._tail += data
        self.come += len(data)
        if self._state is _State.STORED:
            self._forget_before(self._along.written)
        else:
            self._forget_read()
        self._tell()

    def finish(self, trailers: Sequence[Field] = ()) -> None:
        """It is whole."""
        if self.grows:
            self.trailers = trailers
            self._end_as(_State.WHOLE)

    def break_off(self) -> None:
        """There will be no more of it, and it is not whole."""
        if self.grows:
            self._end_as(_State.BROKEN)

    @property
    def is_full(self) -> bool:
        """So much waits for the slowest reader that no more should come."""
        return self._state is _State.PASSING and len(self._tail) > WINDOW_BYTES

    # --- for who reads ------------------------------------------------------------------------------------------

    @property
    def grows(self) -> bool:
        return self._state in {_State.STORED, _State.PASSING}

    @property
    def is_whole(self) -> bool:
        """Nothing comes behind `come`."""
        return self._state is _State.WHOLE

    @property
    def is_broken(self) -> bool:
        return self._state is _State.BROKEN

    @property
    def is_read(self) -> bool:
        """Whether there is a reader."""
        return bool(self._readers)

    def join(self, reader: Reader) -> None:
        """`reader` is told of growth until it leaves. Its offset is within what is kept."""
        self._readers[reader] = None

    def leave(self, reader: Reader) -> None:
        """Harmless when it has left before."""
        if self._readers.pop(reader, _NOBODY) is _NOBODY:
            return
        if not self.grows:
            return
        if self._readers:
            self._forget_read()
        elif self.when_unread is not None:
            self.when_unread()

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` of the bytes from `offset` on, less where less is there or they lie apart. Raises DamagedBodyError."""
        if offset < self._tail_at:
            data = self._along.read(offset, min(length, self._tail_at - offset))
            if not data:
                raise DamagedBodyError(f"got nothing at {offset}")
            return data
        start = offset - self._tail_at
        return bytes(self._tail[start : start + length])

    def advanced(self) -> None:
        """A reader's offset has moved."""
        if self._state is _State.PASSING:
            self._forget_read()

    # --- within -------------------------------------------------------------------------------------------------

    def _end_as(self, state: _State) -> None:
        self._state = state
        self.when_unread = self.when_room = None  # or the two would keep each other
        self._tell()

    def _forget_read(self) -> None:
        """While it passes: drop of the tail what all readers have."""
        was_full = self.is_full
        self._forget_before(min((reader.offset for reader in self._readers), default=self.come))
        if was_full and not self.is_full and self.when_room is not None:
            self.when_room()

    def _forget_before(self, offset: int) -> None:
        if offset > self._tail_at:
            del self._tail[: offset - self._tail_at]
            self._tail_at = offset

    def _tell(self) -> None:
        for reader in tuple(self._readers):
            reader.grown()

    def __repr__(self) -> str:
        return f"<growing, {self.come} bytes, {len(self._readers)} readers, {self._state.name}>"


_NOBODY: Final = object()
