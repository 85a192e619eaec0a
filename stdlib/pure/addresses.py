"""
Sets of addresses, an extension: which networks an address is in.

A set is text of CIDR blocks and single addresses (RFC 4632, RFC 4291), made once into sorted ranges without overlap,
so that a question costs the same for ten blocks and for thousands. An IPv4 address written as IPv6 (`::ffff:192.0.2.1`,
RFC 4291 section 2.5.5.2) is that IPv4 address, in sets too; so `::/0` holds no IPv4 address.
"""

import ipaddress
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final

from edgescript.builtins import AnyValue, Cost, Effect, Family, Str
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import Meter
from edgescript.types import Table, Value, type_name

addresses = Family("addresses", effect=Effect.PURE, extension=True)

_MAX_ADDRESS_BYTES: Final = 64
"""No address is longer, with its zone (RFC 4007)."""
_MAX_SET_BYTES: Final = 64 << 10
"""Of a set as text: what a literal may hold. Making its ranges takes some 8 ms, which fuel does not measure."""
_MAX_SET_ENTRIES: Final = 5000
"""Of a set as dictionary, for the same reason."""
_OCTETS: Final = {str(octet): octet for octet in range(256)}
_SEPARATORS: Final = re.compile(r"[,\s]+", re.ASCII)
_V4_BITS, _V6_BITS = 32, 128
_MAPPED: Final = 0xFFFF << _V4_BITS
_MAPPED_BITS: Final = _V6_BITS - _V4_BITS


def parse_address(text: str) -> tuple[int, int] | None:
    """(number, bits: 32 or 128) of an address, IPv4 out of IPv6 as IPv4; None for any other text."""
    try:
        a, b, c, d = text.split(".", 4)
        return _OCTETS[a] << 24 | _OCTETS[b] << 16 | _OCTETS[c] << 8 | _OCTETS[d], _V4_BITS
    except (ValueError, KeyError):
        return _parse_v6(text)


def _parse_v6(text: str) -> tuple[int, int] | None:
    if len(text) > _MAX_ADDRESS_BYTES or "%" in text:  # a zone is of one machine only
        return None
    try:
        number = int(ipaddress.IPv6Address(text))
    except ValueError:
        return None
    if number >> _V4_BITS == _MAPPED >> _V4_BITS:
        return number - _MAPPED, _V4_BITS
    return number, _V6_BITS


def _parse_block(text: str) -> tuple[int, int, int] | None:
    """(first, last, bits) of an address or CIDR block, whose host bits do not count; None for any other text."""
    base, slash, length = text.partition("/")
    address = parse_address(base)
    if address is None:
        return None
    number, bits = address
    prefix = bits
    if slash:
        if not (length.isascii() and length.isdigit() and len(length) <= 3):
            return None
        prefix = int(length)
        if bits == _V4_BITS and ":" in base:
            if prefix < _MAPPED_BITS:
                number, bits = number | _MAPPED, _V6_BITS
            else:
                prefix -= _MAPPED_BITS
        if prefix > bits:
            return None
    rest = (1 << bits - prefix) - 1
    return number & ~rest, number | rest, bits


class _Ranges:
    """Numbers in sorted ranges that neither overlap nor touch."""

    __slots__ = ("first", "last")

    def __init__(self, ranges: Iterable[tuple[int, int]], *, is_small: bool) -> None:
        first: list[int] = []
        last: list[int] = []
        for low, high in sorted(ranges):
            if last and low <= last[-1] + 1:
                last[-1] = max(last[-1], high)
            else:
                first.append(low)
                last.append(high)
        # 32-bit numbers stand in arrays, at a ninth of the memory.
        self.first: Sequence[int] = array("I", first) if is_small else first
        self.last: Sequence[int] = array("I", last) if is_small else last

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self.first, number) - 1
        return at >= 0 and number <= self.last[at]


class AddressSet:
    """Which addresses are in some blocks. Raises ScriptFault 499 for text that is no block."""

    def __init__(self, blocks: Iterable[str]) -> None:
        ranges: dict[int, list[tuple[int, int]]] = {_V4_BITS: [], _V6_BITS: []}
        for text in blocks:
            block = _parse_block(text)
            if block is None:
                raise ScriptFault(
                    FaultCode.OTHER, f"ip_in: got {text[:50]!r}, want an address or a CIDR block"
                )
            first, last, bits = block
            ranges[bits].append((first, last))
        self._by_bits = {bits: _Ranges(found, is_small=bits == _V4_BITS) for bits, found in ranges.items()}

    def has(self, ip: str) -> bool:
        """False for text that is no address, too."""
        address = parse_address(ip)
        return address is not None and address[0] in self._by_bits[address[1]]


@addresses.builtin(cost=Cost(40, worst=lambda call: call.entries("blocks") >> 1))
def ip_in(meter: Meter, ip: Str, blocks: AnyValue) -> bool:
    """
    Return whether the address `ip` is in one of `blocks`: addresses and CIDR blocks, IPv4 and IPv6, in a string with
    commas or white space between them, or as the values of a dictionary. False when `ip` is no address.

    Host bits of a block do not count: '10.1.2.3/8' is '10.0.0.0/8'. Anything that is no block is error 499, as are more
    than 64 KiB of text or 5000 values. A literal string is made ready before the first request.

    ip_in('192.0.2.7', '10.0.0.0/8, 192.0.2.0/24, 2001:db8::/32') => true
    ip_in('2001:db8::1', ['10.0.0.0/8', '2001:db8::/32'])         => true
    ip_in('::ffff:10.1.2.3', '10.0.0.0/8')                        => true
    ip_in('nowhere', '0.0.0.0/0 ::/0')                            => false
    """
    if isinstance(blocks, Table):
        meter.charge(len(blocks) >> 1)
        among = _of_values(_texts(blocks))
    else:
        among = _of_constant(blocks)
    meter.look_at_clock()
    return among.has(ip)


@addresses.specialised(ip_in, "blocks", takes_run=False)
def _ip_in_constant(blocks: Value) -> Callable[[str], bool]:
    return _of_constant(blocks).has


def _of_constant(value: Value) -> AddressSet:
    if isinstance(value, str):
        return _of_text(value)
    raise ScriptFault(
        FaultCode.OTHER, f"ip_in: got a set of type {type_name(value)}, want a string or a dictionary"
    )


# Sets are few and asked again and again; the interpreter and sets in dictionaries come here on every call.
@lru_cache(maxsize=32)
def _of_text(text: str) -> AddressSet:
    if len(text) > _MAX_SET_BYTES:
        raise ScriptFault(
            FaultCode.OTHER, f"ip_in: got a set of {len(text)} bytes, more than {_MAX_SET_BYTES}"
        )
    return AddressSet(filter(None, _SEPARATORS.split(text)))


@lru_cache(maxsize=32)
def _of_values(blocks: tuple[str, ...]) -> AddressSet:
    return AddressSet(blocks)


def _texts(table: Table) -> tuple[str, ...]:
    """The values, all strings. Raises 499."""
    if len(table) > _MAX_SET_ENTRIES:
        raise ScriptFault(
            FaultCode.OTHER, f"ip_in: got a set of {len(table)} entries, more than {_MAX_SET_ENTRIES}"
        )
    texts = tuple(text for text in (*table.array, *table.named.values()) if isinstance(text, str))
    if len(texts) < len(table):
        raise ScriptFault(FaultCode.OTHER, "ip_in: got a set with a value that is no string")
    return texts
