"""A stored body: bytes in memory, or a file behind a protocol that this package needs no file for."""

from typing import Protocol, TypeAlias

MAX_READ_BYTES = 256 << 10
"""Most that one `read` gives: what a loop may spend on one client before it turns to the next."""


class DamagedBodyError(Exception):
    """The stored bytes are not those that were stored, or cannot be read: the answer has to be cut."""


class FileBody(Protocol):
    """
    A whole body that memory does not hold. It never changes, and can be read as long as somebody holds it, though what
    it was stored under is purged meanwhile.
    """

    @property
    def size(self) -> int:
        """Bytes, >= 0."""

    def __len__(self) -> int:
        """The same, so that a body's length is asked in one way."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """
        The bytes from `offset` on: `length` of them, less beyond the end, and `MAX_READ_BYTES` at most.

        Raises DamagedBodyError.
        """
        ...


Body: TypeAlias = bytes | FileBody
