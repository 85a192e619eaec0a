"""
Bodies that tell whose they are: of each URL its own, so that a client knows a wrong or shortened one for what it is.

A target `/KIND/SIZE/NAME` has SIZE bytes; any other has `DEFAULT_BYTES`. What the origin does with it besides is KIND's
matter (`odd_origin`).
"""

import re
from hashlib import sha256
from typing import Final

DEFAULT_BYTES: Final = 1024
MAX_BYTES: Final = 64 << 20
_SIZE: Final = re.compile(r"/[a-z]+/([0-9]{1,8})/")


def size_of(target: str) -> int:
    """Bytes of the body of `target`."""
    found = _SIZE.match(target)
    return min(int(found[1]), MAX_BYTES) if found else DEFAULT_BYTES


def body_of(host: str, target: str, version: int = 0) -> bytes:
    """The only right body of a URL; of another `version` of what is there, another one."""
    size = size_of(target)
    pattern = sha256(f"{host} {target} {version}".encode()).hexdigest().encode()
    # Every period tells where it stands, so that one left out or told twice is noticed.
    periods = size // 1024 + 1
    if periods == 1:
        return (pattern * 16)[:size]
    return b"".join(b"%s%08x" % ((pattern * 16)[:1016], place) for place in range(periods))[:size]
