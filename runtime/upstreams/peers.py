"""
The servers of an upstream as one worker sees them, and which of them is asked next.

All state here is the worker's own: its requests in progress, its failures, its turn. With several workers each
balances its own share of the requests, and learns of a dead server by itself.

Backup servers are asked when no other may be. When none may be at all the answer is None, and nothing is asked, as in
nginx; an upstream of one server is always asked, whatever it failed, since there is no better.
"""

from collections.abc import Container
from hashlib import blake2b
from math import log
from typing import Final, get_args

from runtime.upstreams.health import Active, Passive
from runtime.upstreams.upstream import Balance, Server, Upstream

_WORD: Final = (1 << 64) - 1


class Peer:
    """One server of an upstream."""

    __slots__ = (
        "active",
        "current_weight",
        "effective_weight",
        "in_use",
        "most",
        "passive",
        "seed",
        "server",
        "share",
        "weight",
    )

    def __init__(self, upstream: Upstream, server: Server) -> None:
        self.server = server
        self.weight = self.effective_weight = server.weight
        self.current_weight = 0
        self.share = server.weight // upstream.max_fails if upstream.max_fails else 0
        """Of its weight, what a failure costs."""
        self.seed = _word(f"{server.host}:{server.port}")
        self.in_use = 0
        """Connections that carry a request, or are being opened for one."""
        self.most = server.max_connections
        self.passive = Passive(upstream.max_fails, upstream.fail_timeout_s)
        self.active = None if upstream.health is None else Active(upstream.health)

    @property
    def is_healthy(self) -> bool:
        """What the node's own checks say; True without any."""
        return self.active is None or self.active.up

    @property
    def has_room(self) -> bool:
        """Whether one more connection is within its bound."""
        return not self.most or self.in_use < self.most

    def failed(self, now: float) -> bool:
        """A request failed; whether the server is left alone from now on."""
        self.effective_weight = max(0, self.effective_weight - self.share)
        return self.passive.failed(now)

    def __repr__(self) -> str:
        return f"<Peer {self.server.host}:{self.server.port} in use {self.in_use}>"


class Peers:
    """See the module's text. `now` is monotonic seconds."""

    def __init__(self, upstream: Upstream) -> None:
        self.all = tuple(Peer(upstream, server) for server in upstream.servers)
        self._single = self.all[0] if len(self.all) == 1 else None
        primary = [peer for peer in self.all if not peer.server.backup]
        backup = [peer for peer in self.all if peer.server.backup]
        self._tiers = [tier for tier in (primary, backup) if tier]
        self._choose = _BALANCERS[upstream.balance]

    def choose(self, key: str, now: float, tried: Container[Peer] = ()) -> Peer | None:
        """The server for a request with cache key `key`, of those not `tried`; None when none may be asked."""
        single = self._single
        if single is not None:
            return single if single not in tried and single.is_healthy and single.has_room else None
        for tier in self._tiers:
            able = [
                peer
                for peer in tier
                if peer not in tried and peer.is_healthy and peer.has_room and peer.passive.is_up(now)
            ]
            if able:
                peer = self._choose(able, key)
                peer.passive.tried(now)
                return peer
        return None

    def any_busy(self, now: float, tried: Container[Peer] = ()) -> bool:
        """Whether a server would be asked, had it room."""
        return any(
            peer not in tried and peer.is_healthy and (peer is self._single or peer.passive.is_up(now))
            for peer in self.all
            if not peer.has_room
        )


def in_turn(able: list[Peer], key: str) -> Peer:
    """
    Smooth weighted round robin, nginx's: a server of weight 5 among two of 1 is asked in a a b a c a a, not a a a a a b
    c. A failure lowers the weight that counts, each turn gives one back.
    """
    del key
    total = 0
    best = able[0]
    for peer in able:
        weight = peer.effective_weight
        peer.current_weight += weight
        total += weight
        if weight < peer.weight:
            peer.effective_weight = weight + 1
        if peer.current_weight > best.current_weight:
            best = peer
    best.current_weight -= total
    return best


def least_busy(able: list[Peer], key: str) -> Peer:
    """The fewest requests in progress for its weight; among equals in turn."""
    least = min(peer.in_use / peer.weight for peer in able)
    return in_turn([peer for peer in able if peer.in_use / peer.weight == least], key)


def by_key(able: list[Peer], key: str) -> Peer:
    """
    Always the same server for a key, as long as it may be asked.

    Weighted rendezvous hashing: each server draws a number from itself and the key, the best draw wins. So when a
    server goes only its keys move, shared out among the others by weight, and they come back with it; the same in every
    worker and node, and whatever the order of configuration.
    """
    word = _word(key)
    return min(able, key=lambda peer: _draw(peer.seed, word) / peer.weight)


_BALANCERS: Final = {"round_robin": in_turn, "least_conn": least_busy, "hash": by_key}
assert set(_BALANCERS) == set(get_args(Balance))


def _word(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("latin-1", "replace"), digest_size=8).digest(), "big")


def _draw(seed: int, key: int) -> float:
    """An exponentially distributed number, of seed and key alone."""
    mixed = (seed ^ key) * 0xBF58476D1CE4E5B9 & _WORD
    mixed = (mixed ^ mixed >> 30) * 0x94D049BB133111EB & _WORD
    mixed ^= mixed >> 31
    return -log((mixed + 1) / (_WORD + 2))
