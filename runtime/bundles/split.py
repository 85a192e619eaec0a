"""
Who gets the candidate while a release is rolled out: a stable hash of the client against a share.

A node outside the pools and regions of the rollout serves the stable release alone (`decides_here`). Elsewhere each
client falls on a number below 1 by its key and the rollout's salt, and gets the candidate where that is below the share. So a
client stays on its side on every node and after every restart, and raising the share takes nobody back; another salt
deals anew, so that it is not always the same clients who try things first.
"""

import hashlib
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from runtime.bundles.wire import Place

_DIGEST_BYTES: Final = 8
_ALL: Final = 1 << 8 * _DIGEST_BYTES
CLIENT_IP: Final = "client_ip"

Sticky = Annotated[str, Meta(pattern=r"\A(?:client_ip|(?:cookie|header|arg):[!-9;-~]{1,128})\Z")]
"""What of a request is the client's key: `client_ip`, `cookie:NAME`, `header:NAME` or `arg:NAME`."""


class Split(msgspec.Struct, array_like=True, frozen=True):
    percent: Annotated[float, Meta(ge=0, le=100)]
    salt: Annotated[bytes, Meta(max_length=32)]
    sticky: Sticky = CLIENT_IP
    """Where a request lacks what is named, its client's address is the key."""
    pools: Annotated[tuple[Place, ...], Meta(max_length=1_000)] = ()
    """() for all."""
    regions: Annotated[tuple[Place, ...], Meta(max_length=1_000)] = ()
    """() for all."""


def decides_here(split: Split, pool: str, region: str) -> bool:
    """Whether a node of that pool and region gives the candidate to anybody."""
    return (not split.pools or pool in split.pools) and (not split.regions or region in split.regions)


def chooses_candidate(split: Split, key: bytes) -> bool:
    """Whether the client whose key is `key` gets the candidate."""
    return chooser(split)(key)


def chooser(split: Split) -> Callable[[bytes], bool]:
    """`chooses_candidate` of one split, with all worked out that does not depend on the client; 0.6 µs a call."""
    most = round(split.percent / 100 * _ALL)
    salted = hashlib.blake2b(key=split.salt, digest_size=_DIGEST_BYTES)

    def chooses(key: bytes) -> bool:
        state = salted.copy()
        state.update(key)
        return int.from_bytes(state.digest(), "big") < most

    return chooses
