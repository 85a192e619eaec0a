"""
The log as it happens: lines that nodes send of domains somebody reads, handed to each reader through a queue of its own.

Nodes send lines only of domains in `wanted`. A reader that is slower than its lines loses some and is told how many; one
that takes nothing for long is ended. Recent lines of each domain are kept, within a bound, for whoever comes next.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import msgspec

from runtime.console.calls import Overloaded
from runtime.console.sync.filters import Filter

RECENT: Final = 500
"""Lines kept of a domain."""
MAX_DOMAINS: Final = 100
"""Domains with recent lines, and domains that are tailed."""
MAX_READERS: Final = 200
QUEUE: Final = 1_000
"""Lines that wait for one reader."""
STUCK_S: Final = 30.0
WANTED_FOR_S: Final = 30.0
"""After somebody asked for recent lines without staying."""
MAX_LINE: Final = 32 << 10

Place = tuple[str, str]
"""Environment and domain."""


class Reader:
    """Somebody who stays. Use as `async for`-like: `await next()`, and `close()` at the end."""

    def __init__(self, matches: Filter, clock: Callable[[], float], token: str) -> None:
        self.token = token
        """The id of the token it was let in with."""
        self._matches = matches
        self._clock = clock
        self._waiting: deque[bytes] = deque()
        self._event = asyncio.Event()
        self._taken = clock()
        self._lost = 0
        self.ended = False

    def offer(self, line: Mapping[str, Any], data: bytes) -> None:
        """A line, `data` being its JSON."""
        if self.ended or not self._matches(line):
            return
        if len(self._waiting) < QUEUE:
            self._waiting.append(data)
        else:
            self._lost += 1
            if self._clock() - self._taken > STUCK_S:
                self.ended = True
        self._event.set()

    def end(self) -> None:
        """No more lines will come."""
        self.ended = True
        self._event.set()

    async def take(self, within_s: float) -> tuple[list[bytes], int]:
        """Lines that came, at once if there are any; and how many were lost before them."""
        if not self._waiting and not self.ended:
            try:
                async with asyncio.timeout(within_s):
                    await self._event.wait()
            except TimeoutError:
                pass
        lines, lost = list(self._waiting), self._lost
        self._waiting.clear()
        self._lost = 0
        self._event.clear()
        self._taken = self._clock()
        return lines, lost


class Tail:
    """Lines of all domains, and who reads them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` is monotonic."""
        self._clock = clock
        self._recent: OrderedDict[Place, deque[tuple[float, Mapping[str, Any], bytes]]] = OrderedDict()
        """With when each came."""
        self._readers: dict[Place, set[Reader]] = {}
        self._asked: dict[Place, float] = {}
        self.dropped = 0
        """Lines of nodes that could not be shown."""

    def wanted(self, environment: str) -> tuple[str, ...]:
        """Domains whose lines nodes of `environment` are to send."""
        if not self._readers and not self._asked:
            return ()
        old = self._clock() - WANTED_FOR_S
        self._asked = {place: at for place, at in self._asked.items() if at > old}
        return tuple(sorted({d for e, d in (*self._readers, *self._asked) if e == environment})[:MAX_DOMAINS])

    def take(self, environment: str, node: str, lines: Iterable[dict[str, Any]]) -> None:
        """Lines that a node sent."""
        wanted = frozenset(self.wanted(environment))
        for line in lines:
            domain = line.get("domain")
            if not isinstance(domain, str) or domain not in wanted:
                continue
            shown = {**line, "node": node}
            try:
                data = msgspec.json.encode(shown)
            except (TypeError, ValueError, msgspec.MsgspecError):
                self.dropped += 1
                continue
            if len(data) > MAX_LINE:
                self.dropped += 1
                continue
            place = (environment, domain)
            self._keep(place, shown, data)
            for reader in self._readers.get(place, ()):
                reader.offer(shown, data)

    def _keep(self, place: Place, line: Mapping[str, Any], data: bytes) -> None:
        recent = self._recent.get(place)
        if recent is None:
            recent = self._recent[place] = deque(maxlen=RECENT)
            if len(self._recent) > MAX_DOMAINS:
                self._recent.popitem(last=False)
        recent.append((self._clock(), line, data))

    def recent(
        self, environment: str, domain: str, matches: Filter, limit: int, within_s: float
    ) -> list[bytes]:
        """
        The newest lines first, as JSON; asking makes nodes send more for a while.

        `within_s` is the domain's age: who has its name now is not shown what was of somebody before.
        """
        place = (environment, domain)
        if place in self._asked or len(self._asked) < MAX_DOMAINS:
            self._asked[place] = self._clock()
        found: list[bytes] = []
        oldest = self._clock() - within_s
        for came, line, data in reversed(self._recent.get(place, ())):
            if len(found) == limit or came < oldest:
                break
            if matches(line):
                found.append(data)
        return found

    def read(self, environment: str, domain: str, matches: Filter, token: str) -> Reader:
        """A reader from now on, let in with the token of that id. Raises Overloaded."""
        if sum(map(len, self._readers.values())) >= MAX_READERS:
            raise Overloaded
        reader = Reader(matches, self._clock, token)
        self._readers.setdefault((environment, domain), set()).add(reader)
        return reader

    def leave(self, environment: str, domain: str, reader: Reader) -> None:
        """The reader has gone."""
        readers = self._readers.get((environment, domain))
        if readers is not None:
            readers.discard(reader)
            if not readers:
                del self._readers[environment, domain]

    def tokens(self) -> set[str]:
        """Of all who read."""
        return {reader.token for readers in self._readers.values() for reader in readers}

    def end(self, tokens: Collection[str] | None = None) -> None:
        """Whoever reads with one of these tokens reads no more; all where the console stops."""
        for readers in self._readers.values():
            for reader in readers:
                if tokens is None or reader.token in tokens:
                    reader.end()
