"""
Decoders of message bodies (RFC 9112 sections 6 and 7): wire bytes in, content out, strict, bounded.

A decoder's `feed` gives the content in the bytes it was given and how many of them belong to this body; bytes after
the end are the next message's. Both sides of the proxy use the same decoders, so a body the node would not accept
from a client is not accepted from an origin either.
"""

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final, NamedTuple, Protocol

from runtime.http.fields import Field
from runtime.http.framing import Chunked, Length, NoBody, UntilClose

MAX_CHUNK_LINE: Final = 256
"""Chunk size with its extensions; extensions are never used and never forwarded."""
MAX_TRAILER_BYTES: Final = 8192
MAX_TRAILER_FIELDS: Final = 64
_QUOTED: Final = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*+"'
# A quotation that does not end is refused: there are readers for which it would go on in the next line.
_CHUNK_LINE: Final = re.compile(
    rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;(?:[\t\x20\x21\x23-\x7e\x80-\xff]++|%b)*+)?" % _QUOTED
)
_TRAILER_LINE: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)")
_NO_TRAILERS: Final[tuple[Field, ...]] = ()
_CRLF: Final = b"\r\n"


class BodyError(Exception):
    """The body is not well formed. The connection cannot be used further."""


class Fed(NamedTuple):
    """Content found and the number of bytes that belonged to this body."""

    content: bytes
    used: int


class Decoder(Protocol):
    done: bool
    left: int
    """Bytes of content that were announced and have not come; of a chunked body those of the chunk."""
    trailers: Sequence[Field]
    """The fields of the trailer section as received, when `done`; which of them may go on is for others to judge."""

    def feed(self, data: bytes) -> Fed:
        """Decode. Raises BodyError."""
        ...

    def close(self) -> bool:
        """The peer closed: whether the body is complete."""
        ...


class LengthDecoder:
    """A body of exactly `size` bytes (RFC 9112 section 6.2)."""

    trailers: Sequence[Field] = _NO_TRAILERS

    def __init__(self, size: int) -> None:
        self.left = size
        self.done = size == 0

    def feed(self, data: bytes) -> Fed:
        used = min(self.left, len(data))
        self.left -= used
        self.done = self.left == 0
        return Fed(data if used == len(data) else data[:used], used)

    def close(self) -> bool:
        return self.done


class UntilCloseDecoder:
    """A response body that ends with the connection (RFC 9112 section 6.3, item 8)."""

    done = False
    left = 0
    trailers: Sequence[Field] = _NO_TRAILERS

    def feed(self, data: bytes) -> Fed:
        return Fed(data, len(data))

    def close(self) -> bool:
        self.done = True
        return True


class _At(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILER = auto()


class ChunkedDecoder:
    """The chunked coding (RFC 9112 section 7.1). Extensions are checked and dropped, trailer fields kept."""

    def __init__(self) -> None:
        self.done = False
        self.trailers: Sequence[Field] = _NO_TRAILERS
        self._at = _At.SIZE
        self.left = 0
        self._line = b""
        self._trailer_bytes = 0

    def feed(self, data: bytes) -> Fed:
        content: list[bytes] = []
        position = 0
        size = len(data)
        while position < size and not self.done:
            if self._at is _At.DATA:
                taken = data[position : position + self.left]
                content.append(taken)
                position += len(taken)
                self.left -= len(taken)
                if self.left == 0:
                    self._at = _At.DATA_END
                continue
            line, position = self._take_line(data, position)
            if line is not None:
                self._on_line(line)
        return Fed(content[0] if len(content) == 1 else b"".join(content), position)

    def close(self) -> bool:
        return self.done

    def _take_line(self, data: bytes, position: int) -> tuple[bytes | None, int]:
        """The next whole line without its CRLF, or None while it is incomplete; and the new position."""
        end = data.find(b"\n", position)
        part = data[position : end + 1] if end >= 0 else data[position:]
        line = self._line + part
        limit = MAX_TRAILER_BYTES if self._at is _At.TRAILER else MAX_CHUNK_LINE
        if len(line) > limit + 2:
            raise BodyError("line in chunked body too long")
        position += len(part)
        if end < 0:
            self._line = line
            return None, position
        self._line = b""
        if not line.endswith(_CRLF):
            raise BodyError("bare LF in chunked body")
        return line[:-2], position

    def _on_line(self, line: bytes) -> None:
        if self._at is _At.DATA_END:
            if line:
                raise BodyError("chunk longer than its size")
            self._at = _At.SIZE
        elif self._at is _At.SIZE:
            match = _CHUNK_LINE.fullmatch(line)
            if match is None:
                raise BodyError("bad chunk size")
            self.left = int(match[1], 16)
            self._at = _At.DATA if self.left else _At.TRAILER
        elif not line:
            self.done = True
        else:
            match = _TRAILER_LINE.fullmatch(line)
            self._trailer_bytes += len(line)
            if (
                match is None
                or self._trailer_bytes > MAX_TRAILER_BYTES
                or len(self.trailers) >= MAX_TRAILER_FIELDS
            ):
                raise BodyError("bad trailer field")
            self.trailers = [*self.trailers, (match[1], match[2].strip(b" \t"))]


def decoder_for(framing: NoBody | Length | Chunked | UntilClose) -> Decoder:
    """The decoder of a body so framed; one that is done at once where there is none."""
    match framing:
        case NoBody():
            return LengthDecoder(0)
        case Length(size):
            return LengthDecoder(size)
        case Chunked():
            return ChunkedDecoder()
        case UntilClose():
            return UntilCloseDecoder()
