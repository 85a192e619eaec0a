"""
What a log may tell of a request that was refused before it was understood.

Such bytes may be anything: another protocol, a field that came without its request line, a password typed at the wrong
prompt. So only what has the shape of a request line is repeated, and of that no octet a target cannot have.
"""

import re
from typing import Final, NamedTuple

MAX_BEGUN: Final = 1024
"""Bytes of a refused request that are kept until its line is written."""

_LINE: Final = re.compile(
    rb"(?:\r\n)?+([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}+) ([^ \r\n]*+)(?: (HTTP/[0-9]\.[0-9])(?=\r))?+"
).match
_TARGET: Final = re.compile(rb"((?i:https?)://)?((?:(?<=//)[^/?#]*+)?+)([/?#*].*+)?+", re.DOTALL).fullmatch
_INVISIBLE: Final = re.compile(rb"[^\x21-\x7e]")


class RequestLine(NamedTuple):
    """Each '' where it is not known, or nothing that should be written."""

    method: str = ""
    target: str = ""
    protocol: str = ""


UNKNOWN: Final = RequestLine()


def told_of(begun: bytes, *, query: bool) -> RequestLine:
    """What `begun`, the first bytes of a request, has of a request line; without `query`, nothing from `?` or `#` on."""
    found = _LINE(begun)
    target = None if found is None else _TARGET(found[2])
    if found is None or target is None:
        return UNKNOWN
    scheme, authority, rest = target.groups(b"")
    if not query:
        rest = re.split(rb"[?#]", rest, maxsplit=1)[0]
    # A password may stand before an authority.
    shown = scheme + authority.rpartition(b"@")[2] + rest
    text = _INVISIBLE.sub(lambda octet: b"%%%02X" % octet[0][0], shown)
    return RequestLine(found[1].decode("ascii"), text.decode("ascii"), (found[3] or b"").decode("ascii"))
