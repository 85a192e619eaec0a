"""Changes to bytes, the same for the same seed: what stands in where no coverage is measured."""

import random
from collections.abc import Iterator, Sequence

TOKENS = (
    *(bytes([byte]) for byte in b"'\"()[]{},=#/\\$\n\r\t \x00\x7f\xff&?%+-.;:*^|<>"),
    *b"if else for def return true false and or in say exit set get concat match_re 're:' 1e999 -1 0".split(),
    b"\xef\xbb\xbf",
    b"\xe4\xb8\xad",
    b"9" * 20,
    b"a" * 64,
    b"(" * 32,
    b"{1,1000}",
)
LARGEST = 4096
"""Bytes of an input; as many as the guided search makes."""


def mutations(seeds: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Endless variations of the seeds, each made of one to four changes."""
    chance = random.Random(seed)
    pool = list(seeds) or [b""]
    while True:
        data = chance.choice(pool)
        for _ in range(chance.randint(1, 4)):
            data = chance.choice(_CHANGES)(data, chance, pool)
        yield data[:LARGEST]


def _replace(data: bytes, chance: random.Random, _pool: Sequence[bytes]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _token(data: bytes, chance: random.Random, _pool: Sequence[bytes]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(TOKENS) + data[at + chance.randint(0, 2) :]


def _cut(data: bytes, chance: random.Random, _pool: Sequence[bytes]) -> bytes:
    begin = chance.randint(0, len(data))
    return data[:begin] + data[begin + chance.randint(1, 16) :]


def _repeat(data: bytes, chance: random.Random, _pool: Sequence[bytes]) -> bytes:
    begin = chance.randint(0, len(data))
    end = begin + chance.randint(1, 12)
    return data[:begin] + data[begin:end] * chance.randint(2, 40) + data[end:]


def _splice(data: bytes, chance: random.Random, pool: Sequence[bytes]) -> bytes:
    other = chance.choice(pool)
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


_CHANGES = (_replace, _token, _cut, _repeat, _splice)
