"""
Which site answers for a host: its own name, else the longest wildcard it ends in, else the site for all others.

`*.example.com` is for every name below `example.com`, at any depth, and not for `example.com` itself. A name costs one
look-up; any other costs one more for each of its labels, where there are wildcards.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

EVERY_OTHER: Final = "*"
_LABEL: Final = r"[A-Za-z0-9_-]{1,63}"
_PATTERN: Final = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\]|\*", re.ASCII)
_MAX_HOST: Final = 253


def is_host_pattern(text: str) -> bool:
    """Whether `text` is a host name or address, `*.` before a name, or `*`."""
    return len(text) <= _MAX_HOST and _PATTERN.fullmatch(text) is not None


class HostTable(Generic[T]):
    """What belongs to each host. `find` takes a host as requests have it: lower case, no port, no final dot."""

    def __init__(self, entries: Iterable[tuple[str, T]], default: T | None = None) -> None:
        self.default = default
        exact: dict[str, T] = {}
        wild: dict[str, T] = {}
        for pattern, value in entries:
            folded = pattern.lower()
            if folded == EVERY_OTHER:
                self.default = value
            elif folded.startswith("*."):
                wild[folded[1:]] = value
            else:
                exact[folded] = value
        self._exact = exact
        self._wild = wild
        self.find: Callable[[str], T | None] = self._find_wild if wild else self._find_exact
        """The host's, or None."""

    def _find_exact(self, host: str) -> T | None:
        return self._exact.get(host, self.default)

    def _find_wild(self, host: str) -> T | None:
        found = self._exact.get(host)
        if found is not None:
            return found
        wild = self._wild
        dot = host.find(".", 1)
        while dot > 0:
            found = wild.get(host[dot:])
            if found is not None:
                return found
            dot = host.find(".", dot + 1)
        return self.default
