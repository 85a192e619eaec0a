"""
The last purges by number: what a fetch begun earlier must be held against before its response is stored.

A store that removes at once what a purge is about needs no memory of it. But a response that was asked for before the purge
and arrives after it is as old as those that were purged. So the latest number of each URL, tag and prefix is kept, as
many as the bounds say; a fetch that began before the latest one forgotten is not stored, since nobody knows.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from runtime.cache.purge import Purge, both_schemes, url_of, without_scheme

MAX_URLS: Final = 16384
"""Every unsafe request that is answered is a purge of its URL; a fetch lasts as long as the origin takes."""
MAX_TAGS: Final = 4096
MAX_PREFIXES: Final = 256
"""Each newer than a fetch is compared with its key."""


class RecentPurges:
    """Purges numbered from 1 on, without a gap."""

    __slots__ = ("_all", "_forgotten", "_prefixes", "_tags", "_urls", "last")

    def __init__(self) -> None:
        self._urls: OrderedDict[str, int] = OrderedDict()
        self._tags: OrderedDict[str, int] = OrderedDict()
        self._prefixes: OrderedDict[str, int] = OrderedDict()
        self._all = 0
        self._forgotten = 0
        """The highest number of a purge that is not kept."""
        self.last = 0
        """The number of the latest; 0 when there was none."""

    def add(self, purge: Purge) -> None:
        """`purge` is number `last + 1`."""
        self.last += 1
        match purge.kind:
            case "all":
                self._all = self.last
            case "url":
                self._note(self._urls, without_scheme(purge.value), MAX_URLS)
            case "tag":
                self._note(self._tags, purge.value, MAX_TAGS)
            case "prefix":
                self._note(self._prefixes, purge.value, MAX_PREFIXES)

    def _note(self, numbers: OrderedDict[str, int], value: str, limit: int) -> None:
        numbers[value] = self.last
        numbers.move_to_end(value)
        if len(numbers) > limit:
            _, number = numbers.popitem(last=False)
            self._forgotten = max(self._forgotten, number)

    def skip_to(self, number: int) -> None:
        """There were purges up to `number`, and which is not known."""
        self._forgotten = self.last = number

    def concern(self, primary: str, tags: Iterable[str], since: int) -> bool:
        """Whether a response asked for when `since` was the latest number may be one that was purged."""
        if since >= self.last:
            return False
        if since < self._forgotten or since < self._all:
            return True
        urls = self._urls
        if (
            urls.get(without_scheme(url_of(primary)), 0) > since
            or urls.get(without_scheme(primary), 0) > since
        ):
            return True
        if any(self._tags.get(tag, 0) > since for tag in tags):
            return True
        for prefix, number in reversed(self._prefixes.items()):
            if number <= since:
                return False
            if primary.startswith(both_schemes(prefix)):
                return True
        return False
