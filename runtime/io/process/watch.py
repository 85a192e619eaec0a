"""
Whether files are others than those that were read: for nodes whose files are put there by a program, such as the volume of
a ConfigMap, whose files all change at once when a symbolic link is replaced.

Files are looked at, not listened to: inotify tells of no change in volumes of a network, nor of a link further up in the
path. A look costs 2 µs a file.
"""

import os
from collections.abc import Iterable
from typing import Final

LOOK_S: Final = 0.3
"""Between two looks: what has changed and is the same at the next look is read within a second."""

_State = tuple[int, int, int, int] | tuple[str, ...] | None


def state_of(path: str) -> _State:
    """What tells a file from its next: None where there is none; of a directory, the names in it."""
    try:
        found = os.stat(path)  # noqa: PTH116 - of thousands of files, several times a second
        if os.path.isdir(path):  # noqa: PTH112 - as above
            return tuple(sorted(os.listdir(path)))  # noqa: PTH208 - as above
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


class Watch:
    """Remembers files as they were when they were read."""

    def __init__(self) -> None:
        self._read: dict[str, _State] = {}
        self._last: dict[str, _State] = {}

    def begin(self, paths: Iterable[str]) -> None:
        """`paths` are about to be read: what changes from here on is a change."""
        self._read = self._last = {path: state_of(path) for path in paths}

    def follow(self, paths: Iterable[str]) -> None:
        """Of what was read `paths` are watched from now on; one that is not known yet, as it is now."""
        self._read = {path: self._read[path] if path in self._read else state_of(path) for path in paths}
        self._last = self._read

    def changed(self) -> bool:
        """Whether files are others than those that were read, and were not just being written: true once a change."""
        now = {path: state_of(path) for path in self._read}
        settled = now == self._last
        self._last = now
        if not settled or now == self._read:
            return False
        self._read = now
        return True
