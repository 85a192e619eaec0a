"""
Column types that hold the same values on SQLite and PostgreSQL.

Left to themselves the two differ: PostgreSQL refuses NUL in text and sorts by the language of the database, SQLite refuses
integers above 64 bits. Callers may look up anything that came from outside, so a type turns what cannot be stored into
something that is never found, and loses nothing that is to be kept.
"""

from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Double, LargeBinary, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_LARGEST: Final = 2**63 - 1


class Name(TypeDecorator[str]):
    """
    An identifier, ordered by code points.

    NUL and lone surrogates, which no name has, become U+FFFD: looking such a name up finds nothing.
    """

    impl = Text().with_variant(Text(collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


class Words(TypeDecorator[str]):
    """Text of any characters as somebody wrote it, NUL and lone surrogates too: UTF-8 bytes in the database."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> bytes | None:
        return None if value is None else value.encode("utf-8", "surrogatepass")

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> str | None:
        return None if value is None else bytes(value).decode("utf-8", "surrogatepass")


class Json(TypeDecorator[Any]):
    """A JSON value, kept as its text with the order of its keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str:
        # Only a NUL could trouble PostgreSQL, and JSON text writes it as an escape.
        return msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        return None if value is None else msgspec.json.decode(value)


class Number(TypeDecorator[int]):
    """A signed integer of 64 bits; beyond that the nearest, which nothing is numbered with."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, _dialect: Dialect) -> int | None:
        return None if value is None else max(-_LARGEST, min(_LARGEST, value))


Moment: Final = Double
"""Unix seconds as a double, the same after reading as before writing."""
Octets: Final = LargeBinary
