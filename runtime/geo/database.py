"""
One database of addresses: a file in the MMDB format (MaxMind DB 2.0), read whole when it is opened.

A damaged file must neither end the node nor hold it up, so the reader is maxminddb's own Python one, which bounds the
depth, the values and the bytes of a record: the one in C reads outside the file when a node of the tree is wrong. And the
file is held in memory, not mapped: a mapped file that somebody writes over ends the process that reads it.
"""

import io
import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import maxminddb

from edgescript.services import GeoRecord
from runtime.geo.addresses import Address
from runtime.geo.schemas import Schema, recognise

MAX_DATABASE_BYTES: Final = 1 << 30
"""Held in memory; country, city and carrier databases of the whole world have 5 to 700 MB."""
_LOOKED_AT: Final = 512
"""Networks of each protocol among which a record must be that tells the schema."""
_GLOBAL_UNICAST: Final = int(ipaddress.IPv6Address("2000::"))
_SHOWN_KEYS: Final = 6

UNKNOWN: Final = GeoRecord()


class DatabaseError(Exception):
    """A file that cannot serve as a database of addresses; the text begins with its path."""


class Database:
    """Looks addresses up in one file. `lookup` never raises."""

    def __init__(self, name: str, reader: maxminddb.Reader, schema: Schema) -> None:
        self.name = name
        self._reader = reader
        self._schema = schema

    def lookup(self, address: Address) -> GeoRecord:
        """What is known of `address`; '' in each field that is not."""
        try:
            record = self._reader.get(address)
        except Exception:  # noqa: BLE001 - damage shows as any exception, and is an address nothing is known of
            return UNKNOWN
        return self._schema.read(record) if isinstance(record, dict) else UNKNOWN

    def __repr__(self) -> str:
        return f"<{self.name}: {self._schema.name}>"


def open_database(path: str) -> Database:
    """The database in a file. Raises DatabaseError."""
    data = _read(path)
    try:
        reader = maxminddb.open_database(io.BytesIO(data), maxminddb.MODE_FD)
        sound = reader.metadata().ip_version in (4, 6)
    except Exception:  # noqa: BLE001 - metadata is data: what is wrong with it shows as any exception
        raise DatabaseError(f"{path}: not a database in the MMDB format, or damaged") from None
    if not sound:
        raise DatabaseError(f"{path}: damaged: neither of IPv4 nor of IPv6 addresses")
    return Database(Path(path).name, reader, _schema(path, reader))


def _read(path: str) -> bytes:
    """The file's bytes. Raises DatabaseError."""
    try:
        if not Path(path).is_file():
            raise DatabaseError(
                f"{path}: {'not a file' if Path(path).exists() else 'no such file or directory'}"
            )
        with Path(path).open("rb") as file:
            data = file.read(MAX_DATABASE_BYTES + 1)
    except OSError as error:
        raise DatabaseError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except ValueError:  # a zero byte in the path
        raise DatabaseError(f"{path!r}: no name of a file") from None
    if len(data) > MAX_DATABASE_BYTES:
        raise DatabaseError(f"{path}: longer than {MAX_DATABASE_BYTES} bytes")
    return data


def _schema(path: str, reader: maxminddb.Reader) -> Schema:
    """The schema of the first record that has one. Raises DatabaseError."""
    seen: object = None
    try:
        for record in _first_records(reader):
            schema = recognise(record)
            if schema is not None:
                return schema
            seen = seen or record
    except Exception:  # noqa: BLE001 - as in `lookup`
        raise DatabaseError(f"{path}: damaged: a record cannot be read") from None
    if seen is None:
        raise DatabaseError(f"{path}: no record in it")
    keys = ", ".join(repr(str(key)[:40]) for key in [*seen][:_SHOWN_KEYS]) if isinstance(seen, dict) else ""
    raise DatabaseError(
        f"{path}: its records ({f'with keys {keys}' if keys else 'of no keys'}) are neither our own codes"
        " (country, region, city, isp) nor of a schema that is known"
    )


def _first_records(reader: maxminddb.Reader) -> Iterator[object]:
    """Records in order of address, IPv4's first; of each protocol, those in its first networks."""
    yield from _walk(reader, 0, 32)
    if reader.metadata().ip_version == 6:
        yield from _walk(reader, _GLOBAL_UNICAST, 128)


def _walk(reader: maxminddb.Reader, number: int, bits: int) -> Iterator[object]:
    kind = ipaddress.IPv4Address if bits == 32 else ipaddress.IPv6Address
    for _ in range(_LOOKED_AT):
        record, length = reader.get_with_prefix_len(kind(number))
        if record is not None:
            yield record
        number = (number | ((1 << (bits - length)) - 1)) + 1
        if number >> bits:
            return
