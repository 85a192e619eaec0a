"""
The audit's chain: each entry has the hash of all before it, so that none can be changed, taken out or put in unseen.

`hash = SHA-256(hash of the entry before + canonical JSON of this one)`; before the first one stands nothing. Whoever may write
to the store could make the whole chain anew, so a hash that was noted elsewhere is what proves it to others.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

BEGINNING: Final = ""


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
