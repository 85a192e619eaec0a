"""
The audit's chain: each entry has the hash of all before it, so that none can be changed, taken out or put in unseen.

`hash = SHA-256(hash of the entry before + canonical JSON of this one)`; before the first one stands nothing. Whoever may write
to the store could make the chain anew, or take away its end: so its head is marked with a key that is not in the store. Who
puts an older state of all of the store back is not seen by it; a hash that was noted elsewhere proves that.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

BEGINNING: Final = ""
_PURPOSE: Final = b"head of the audit"


class Entry(NamedTuple):
    """What was done. `at` in Unix seconds; `details` are JSON values, without secrets."""

    n: int
    at: float
    who: str
    token: str
    domain: str
    action: str
    subject: str
    details: Mapping[str, Any]


class Chained(NamedTuple):
    entry: Entry
    hash: str


def entry_hash(before: str, entry: Entry) -> str:
    """64 hexadecimal digits."""
    text = json.dumps(
        entry._asdict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def first_broken(entries: Iterable[Chained], n: int = 0, before: str = BEGINNING) -> int | None:
    """The number at which the chain breaks that goes on after entry `n` with the hash `before`; None where it is whole."""
    for entry, stated in entries:
        n += 1
        if entry.n != n:
            return n
        before = entry_hash(before, entry)
        if not hmac.compare_digest(before, stated):
            return n
    return None


def head_mark(key: bytes, n: int, hash: str) -> bytes:  # noqa: A002 - what it is
    """What says that entry `n` with this hash is the last one; made by nobody without `key`."""
    stated = b"%d %s" % (n, hash.encode())
    return stated + b" " + hmac.digest(key, _PURPOSE + stated, "sha256").hex().encode()


def broken_end(key: bytes, mark: bytes | None, n: int, hash: str) -> int | None:  # noqa: A002 - what it is
    """
    The number at which a chain that is whole up to entry `n`, its last, departs from what `mark` says of its head; None where
    it does not. Without a mark there is no entry.
    """
    if mark is None:
        return 1 if n else None
    if hmac.compare_digest(mark, head_mark(key, n, hash)):
        return None
    number, _, rest = mark.partition(b" ")
    genuine = (
        number.isdigit()
        and len(number) < 19
        and hmac.compare_digest(
            mark, head_mark(key, int(number), rest.partition(b" ")[0].decode("ascii", "replace"))
        )
    )
    return min(int(number), n) + 1 if genuine and int(number) != n else max(n, 1)
