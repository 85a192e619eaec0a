"""
A stored response as bytes, and back.

    crc32 | ticket | generation | cost | file | length of meta | tagged || meta || body

The checksum covers all that follows it. `meta` is a MessagePack array of what a `StoredResponse` is made from, with its
primary key; a body too long for a record is in the file named by `file`, and meta then says how long it is and what its
table of checksums sums up to. Whatever does not decode to exactly this is `DamagedRecordError`: it is left out.
"""

import struct
import zlib
from typing import Final, NamedTuple, TypeAlias

import msgspec

from runtime.cache.body import Body
from runtime.cache.stale import stale_from
from runtime.cache.store import StoredResponse
from runtime.http.conditional import Validators

_HEADER: Final = struct.Struct("<IQQQQIB")
_CRC_BYTES: Final = 4
_PAGE_BYTES: Final = 4096
_PAGE_ROOM: Final = 4080
_OWN_PAGES_ABOVE: Final = 2030
"""LMDB gives a longer node pages of its own."""
_NODE_BYTES: Final = 140
"""LMDB's head of a node, and a key, about."""
_ENTRY_BYTES: Final = 160
"""Of one record in the queue, or under one tag."""


class DamagedRecordError(Exception):
    """These bytes are no record of this format."""


class Header(NamedTuple):
    """What can be told of a record without decoding it."""

    ticket: int
    """Its place in the queue of eviction, which also tells which of two is the later."""
    generation: int
    """The number of the latest purge it outlived."""
    cost: int
    """Bytes of the disk it takes, about."""
    file: int
    """The number of its body's file; 0 when the body is in the record."""
    meta_length: int
    tagged: bool


class FileSum(NamedTuple):
    """A body that is in a file."""

    size: int
    table_crc: int


class _Meta(msgspec.Struct, array_like=True, frozen=True):
    """Names and order of `StoredResponse`'s arguments, after the key and the file."""

    primary: bytes
    file_sum: FileSum | None
    status: int
    fields: tuple[tuple[bytes, bytes], ...]
    request_time: float
    response_time: float
    initial_age_s: float
    lifetime_s: float
    always_validate: bool
    must_revalidate: bool
    stale_while_revalidate_s: float
    stale_if_error_s: float
    tags: tuple[str, ...]
    validators: Validators
    vary_names: tuple[bytes, ...]
    vary_values: tuple[bytes | None, ...]


KEPT: Final = _Meta.__struct_fields__[2:]
"""What of a `StoredResponse` is kept, beside its body."""
_ARGUMENTS: Final = KEPT[2:]
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Meta).decode

Buffer: TypeAlias = bytes | memoryview


class Draft(NamedTuple):
    """A response ready to be stored, but for its place in the queue."""

    meta: bytes
    body: bytes
    """Empty when the body is in a file."""
    file: int
    cost: int
    tagged: bool


def draft(primary: str, stored: StoredResponse, file: int = 0, file_sum: FileSum | None = None) -> Draft:
    """What is to be kept of `stored`; without a file its body must be bytes."""
    values = [getattr(stored, name) for name in KEPT]
    meta = _encode(_Meta(primary.encode("latin-1"), file_sum, *values))
    body = stored.body if isinstance(stored.body, bytes) and file_sum is None else b""
    return Draft(
        meta, body, file, _cost(len(meta) + len(body), len(stored.tags), file_sum), bool(stored.tags)
    )


def _cost(length: int, tags: int, file_sum: FileSum | None) -> int:
    """
    Bytes of the disk for a record with `length` bytes of meta and body.

    Pages split in the middle, and a page with room for two then holds one: counted is what a half-full tree takes, so that
    what is counted is not less than what is taken.
    """
    node = _HEADER.size + length + _NODE_BYTES
    if node > _OWN_PAGES_ABOVE:
        size = _whole_pages(node) + 2 * _NODE_BYTES
    else:
        size = _PAGE_BYTES // max(1, (_PAGE_ROOM // node + 1) // 2)
    return size + _ENTRY_BYTES * (1 + tags) + (_whole_pages(file_sum.size) if file_sum is not None else 0)


def _whole_pages(size: int) -> int:
    return -(-size // _PAGE_BYTES) * _PAGE_BYTES


def record(what: Draft, ticket: int, generation: int) -> bytes:
    header = _HEADER.pack(0, ticket, generation, what.cost, what.file, len(what.meta), what.tagged)
    rest = b"".join((header[_CRC_BYTES:], what.meta, what.body))
    return struct.pack("<I", zlib.crc32(rest)) + rest


def header_of(value: Buffer) -> Header:
    """Unchecked but for its length. Raises DamagedRecordError."""
    if len(value) < _HEADER.size:
        raise DamagedRecordError
    return Header._make(_HEADER.unpack_from(value)[1:])


def _checked_meta(value: Buffer, header: Header) -> _Meta:
    if zlib.crc32(memoryview(value)[_CRC_BYTES:]) != struct.unpack_from("<I", value)[0]:
        raise DamagedRecordError
    try:
        return _decode(memoryview(value)[_HEADER.size : _HEADER.size + header.meta_length])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedRecordError from error


class Kept(NamedTuple):
    """A record read back, its body not looked for yet."""

    header: Header
    primary: str
    tags: tuple[str, ...]
    vary_names: tuple[bytes, ...]
    vary_values: tuple[bytes | None, ...]
    file_sum: FileSum | None
    meta: _Meta

    def response(self, body: Body, stale_since: float | None = None) -> StoredResponse:
        """With `body`; stale from a moment on, if a soft purge made it so."""
        meta = self.meta
        arguments = {name: getattr(meta, name) for name in _ARGUMENTS}
        stored = StoredResponse(meta.status, meta.fields, body, **arguments)
        return stored if stale_since is None else stale_from(stored, stale_since)


def read(value: Buffer) -> Kept:
    """Raises DamagedRecordError."""
    header = header_of(value)
    meta = _checked_meta(value, header)
    return Kept(
        header,
        meta.primary.decode("latin-1"),
        meta.tags,
        meta.vary_names,
        meta.vary_values,
        meta.file_sum,
        meta,
    )


def inline_body(value: Buffer, header: Header) -> bytes:
    return bytes(memoryview(value)[_HEADER.size + header.meta_length :])
