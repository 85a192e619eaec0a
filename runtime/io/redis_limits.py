"""
Limits that several nodes share, divided among their workers by Redis.

Each worker is a member. Of each key it counts, it leases a share of the rate for `lease_s`, and asks again when half of it is
over; what a share does is `runtime.limits.shares`. Requests never wait for Redis: a task of the worker's loop asks, and while it
gets no answer members go on with their leases, and then with the part of one among those last known.

Redis holds, for each key that is in use, who has which share until when, and for how much demand; and the members. A
script divides: a tenth in equal parts, so that who comes is not without, the rest by demand, never more than the others
leave. Its clock is Redis's. All of it runs out by itself; Redis needs no persistence.

Token buckets (`limit_req` with and without `delay`) are divided. Sliding windows and `limit_conn` stay each node's own.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b
from typing import Any, Final, Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from runtime.limits.counts import LimitCounts
from runtime.limits.local import SiteLimiter, SiteLimits
from runtime.limits.shares import Identity, Shares

DEFAULT_MAX_KEYS: Final = 10_000
"""Keys under lease in one worker; a further one is refused until an idle one is dropped."""
_BATCH: Final = 200
"""Keys of one call: the script takes some microseconds for each, and Redis does nothing else meanwhile."""
_MEMBERS: Final = "edgescript:members"
_KEY: Final = "edgescript:limit:"
_MEMBER_LEASES: Final = 3
"""Leases after which a member that says nothing is no more counted."""
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 2.0
MAX_TROUBLE: Final = 200
"""Of what Redis says is wrong."""
_NO_SHARES: Final = "an answer that has no shares"
_DIVIDE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local member, lease, stay = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + stay, member)
redis.call('PEXPIRE', KEYS[1], stay)
local answer = {redis.call('ZCARD', KEYS[1])}
for i = 2, #KEYS do
  local demand = tonumber(ARGV[i + 2])
  local count, taken, total = 1, 0, demand
  local all = redis.call('HGETALL', KEYS[i])
  for j = 1, #all, 2 do
    if all[j] ~= member then
      local share, till, wanted = string.match(all[j + 1], '^(%S+) (%S+) (%S+)$')
      if tonumber(till) <= now then
        redis.call('HDEL', KEYS[i], all[j])
      else
        count, taken, total = count + 1, taken + share, total + wanted
      end
    end
  end
  local part = total > 0 and demand / total or 1 / count
  local share = math.max(0, math.min(0.1 / count + 0.9 * part, 1 - taken))
  share = math.floor(share * 1000000) / 1000000
  redis.call('HSET', KEYS[i], member, string.format('%.6f %d %.6f', share, now + lease, demand))
  redis.call('PEXPIRE', KEYS[i], lease)
  answer[i] = string.format('%.6f', share)
end
return answer
"""


class NodeLimits(Protocol):
    """`LocalLimits` or `SharedLimits`."""

    def site(self, name: str = "") -> SiteLimits: ...
    def counts(self) -> LimitCounts: ...
    def keys(self, now_s: float, /) -> int: ...
    def in_progress(self) -> int: ...
    def sweep(self) -> int: ...
    def close(self) -> None: ...


class RedisLimits:
    """A worker's limits. `run` is to be a task of its loop; until it has run, and without it, shares are never leased."""

    def __init__(
        self,
        node: NodeLimits,
        client: Redis,
        member: str,
        lease_s: float,
        mono: Callable[[], float],
        *,
        members: int = 1,
        max_keys: int = DEFAULT_MAX_KEYS,
        changed: Callable[[str], None] = lambda _trouble: None,
    ) -> None:
        """
        `member` is this worker's own name among all; `members` how many there are, until Redis says. `changed` is told
        '' when Redis answers, and why when it does not any more.
        """
        self._node = node
        self._member = member
        self._mono = mono
        self._shares = Shares(max_keys, lease_s, members, mono, node.counts())
        self._wait = self._shares.wait
        self._lease_s = lease_s
        self._client = client
        self._divide = client.register_script(_DIVIDE)
        self._changed = changed
        self._trouble = ""
        self._connected: bool | None = None
        """None until it is known."""
        self._counts = node.counts()
        self._counts.members = members

    def site(self, name: str = "") -> SiteLimits:
        """As `LocalLimits.site`."""
        of_node = self._node.site(name)
        limiter = SiteLimiter(name, self._wait, of_node.limiter.admit_of, self._counts)
        return SiteLimits(limiter, of_node.connections)

    def counts(self) -> LimitCounts:
        """Of this process, kept up to date."""
        return self._counts

    def keys(self, now_s: float) -> int:
        """Keys of rates, those under lease among them."""
        return self._node.keys(now_s) + len(self._shares)

    def in_progress(self) -> int:
        """Places that requests hold on this node."""
        return self._node.in_progress()

    def sweep(self) -> int:
        """As of the node."""
        return self._node.sweep()

    def close(self) -> None:
        """As of the node; cancel the task of `run` before."""
        self._node.close()

    async def run(self) -> None:
        """Ask for shares until cancelled; whatever happens to Redis, it goes on."""
        pause_s = _FIRST_PAUSE_S
        try:
            while True:
                answered = await self._round()
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    # The client may make an error of its own of a cancellation while it connects or closes.
                    raise asyncio.CancelledError
                if answered:
                    pause_s = _FIRST_PAUSE_S
                    await self._until_due()
                else:
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        finally:
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                async with asyncio.timeout(self._lease_s):
                    await self._client.aclose()

    async def _until_due(self) -> None:
        """A quarter of a lease; less if there is a new key, which has a part that is only guessed."""
        for _ in range(8):
            await asyncio.sleep(self._lease_s / 32)
            if self._shares.has_unasked:
                return

    async def _round(self) -> bool:
        """Ask for all that is due, in calls of bounded size; whether Redis answered. A call without keys tells that we live."""
        while True:
            asked_s = self._mono()
            wishes = self._shares.due(_BATCH)
            keys = [_MEMBERS, *(_redis_key(wish.identity) for wish in wishes)]
            arguments = [
                self._member,
                max(1, int(self._lease_s * 1000)),
                max(1, int(self._lease_s * 1000)) * _MEMBER_LEASES,
                *(f"{wish.demand:.6f}" for wish in wishes),
            ]
            answer = await self._ask(keys, arguments)
            self._found("" if answer is not None else self._trouble)
            if answer is None:
                self._counts.lease_failures += 1
                return False
            members, shares = answer
            self._shares.members = self._counts.members = members
            for wish, share in zip(wishes, shares, strict=True):
                self._shares.granted(wish.identity, share, asked_s)
            self._counts.leased_keys = len(self._shares)
            if len(wishes) < _BATCH:
                return True

    def _found(self, trouble: str) -> None:
        before, self._connected = self._connected, not trouble
        self._counts.cut_off = bool(trouble)
        if before is not self._connected:
            self._changed(trouble)

    async def _ask(self, keys: Sequence[str], arguments: Sequence[Any]) -> tuple[int, list[float]] | None:
        """The members and a share for each key, or None, and `_trouble` says why: no answer in time, or none that can be used."""
        try:
            async with asyncio.timeout(self._lease_s / 2):
                call: Awaitable[Any] = self._divide(keys=keys, args=arguments)
                members, *shares = await call
                numbers = [float(share) for share in shares]
        except (TimeoutError, RedisTimeoutError):
            self._trouble = "no answer in time"
            return None
        except (RedisError, OSError) as error:
            self._trouble = str(error)[:MAX_TROUBLE] or "no answer"
            return None
        except (ValueError, TypeError):
            self._trouble = _NO_SHARES
            return None
        if isinstance(members, int) and members >= 1 and len(numbers) == len(keys) - 1:
            return members, numbers
        self._trouble = _NO_SHARES
        return None


def _redis_key(identity: Identity) -> str:
    """The same on every node; of bounded size, and nothing of a client's text in it."""
    site, key, rate_per_s = identity
    text = f"{len(site)}:{site}{rate_per_s!r}:{key}"
    return _KEY + blake2b(text.encode(), digest_size=16).hexdigest()


def client(url: str, lease_s: float) -> Redis:
    """A client of `url` (`redis://`, `rediss://`, `unix://`) that gives up in good time and does not try again by itself."""
    made: Redis = Redis.from_url(
        url,
        socket_timeout=lease_s / 2,
        socket_connect_timeout=lease_s / 2,
        max_connections=2,
        retry=None,
    )
    return made
