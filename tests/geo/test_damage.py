"""Damaged databases: refused, or places unknown; never an exception of another kind, never a long wait."""

import random
import time

import pytest

from edgescript.services import GeoRecord
from runtime.geo.database import DatabaseError
from runtime.geo.places import open_databases
from tests.geo.files import ALL, write

FILES = 400
"""Of each schema."""
ADDRESSES = (
    "223.5.5.5",
    "192.0.2.1",
    "198.51.100.200",
    "203.0.113.1",
    "10.0.0.1",
    "2001:db8::1",
    "2a00::1",
    "::1",
)
LONGEST_S = 1.0
"""For opening one and eight look-ups; a sound one of these takes some milliseconds."""


def damaged(data, chance):
    """`data` with some bytes changed, and sometimes without its end or its middle."""
    spoilt = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5, 30])):
        spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    match chance.randrange(6):
        case 0:
            del spoilt[chance.randrange(len(spoilt)) :]
        case 1:
            start = chance.randrange(len(spoilt))
            del spoilt[start : start + chance.randrange(1, 64)]
        case _:
            pass
    return bytes(spoilt)


@pytest.mark.parametrize("schema", ALL)
def test_damage_is_an_error_at_the_start_or_a_place_unknown(tmp_path, schema):
    sound = tmp_path / "sound.mmdb"
    write(sound, ALL[schema])
    data = sound.read_bytes()
    path = tmp_path / "a.mmdb"
    refused = 0
    for seed in range(FILES):
        path.write_bytes(damaged(data, random.Random(seed)))
        began = time.monotonic()
        try:
            places = open_databases([str(path)])
        except DatabaseError:
            refused += 1
            continue
        for address in ADDRESSES:
            found = places.lookup(address)
            assert found is None or (isinstance(found, GeoRecord) and all(code.isascii() for code in found))
        assert time.monotonic() - began < LONGEST_S
    assert 0 < refused < FILES


def test_one_wrong_node_of_the_tree_at_a_time(tmp_path):
    sound = tmp_path / "sound.mmdb"
    write(sound, ALL["own"])
    data = sound.read_bytes()
    path = tmp_path / "a.mmdb"
    for at in range(0, 1200, 11):
        path.write_bytes(data[:at] + b"\xff\xff\xff" + data[at + 3 :])
        try:
            places = open_databases([str(path)])
        except DatabaseError:
            continue
        for address in ADDRESSES:
            places.lookup(address)
