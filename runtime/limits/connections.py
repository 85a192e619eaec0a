"""
Requests in progress under a key: one process's count.

A key is in the table while it has any, so the table is as large as there are places held, and needs no bound of its own:
requests in progress are bounded. The same protocol for all workers of a node: `runtime.state.limits.connections`.
"""


class Connections:
    """Counts by (site, key, most)."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int], int] = {}

    def acquire(self, site: str, key: str, most: int) -> "Place | None":
        """A place among at most `most`; None when all are taken."""
        identity = site, key, most
        count = self._counts.get(identity, 0)
        if count >= most:
            return None
        self._counts[identity] = count + 1
        return Place(self, identity)

    def give_back(self, identity: tuple[str, str, int]) -> None:
        """Of a `Place`."""
        count = self._counts[identity] - 1
        if count:
            self._counts[identity] = count
        else:
            del self._counts[identity]

    @property
    def held(self) -> int:
        """Places that are taken."""
        return sum(self._counts.values())


class Place:
    """One request in progress."""

    __slots__ = ("_connections", "_identity")

    def __init__(self, connections: Connections, identity: tuple[str, str, int]) -> None:
        self._connections: Connections | None = connections
        self._identity = identity

    def release(self) -> None:
        """Give the place back; once is as good as often."""
        if self._connections is not None:
            connections, self._connections = self._connections, None
            connections.give_back(self._identity)
