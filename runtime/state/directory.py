"""
The node's state directory: one node's alone, readable by nobody else.

It is made when it is not there, and locked for as long as any process of the node lives: the lock belongs to the open
file that they inherit, so a second node cannot come between the end of a supervisor and that of its workers.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

LOCK: Final = "lock"
_PREFIX: Final = "edgescript-"
_OTHERS: Final = 0o077
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it


class StateError(Exception):
    """The directory cannot be used; the text says why."""


class UnwritableError(StateError):
    """It could be, but for the system: no room, no right, read-only, or no such place."""


class StateDirectory:
    """
    A locked directory. `kept` tells that it survives the node; another is removed by `close`.

    Use `taken` or `passing`.
    """

    def __init__(self, path: Path, lock: int, *, kept: bool, owner: int) -> None:
        self.path = path
        self.kept = kept
        self._lock = lock
        self._owner = owner

    @classmethod
    def taken(cls, path: Path) -> Self:
        """The directory at `path`, made if need be. Raises UnwritableError; StateError: another user's, in use."""
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = path.stat()
            if found.st_uid != os.geteuid():
                raise StateError(f"{path}: belongs to another user")
            if found.st_mode & _OTHERS:
                path.chmod(0o700)
            lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise UnwritableError(f"{path}: {(error.strerror or str(error)).lower()}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise StateError(f"{path}: in use by another node") from None
        except OSError as error:
            os.close(lock)
            raise UnwritableError(f"{path}: {(error.strerror or str(error)).lower()}") from None
        with suppress(OSError):  # the number is for people; a full disk has no room for it
            os.truncate(lock, 0)
            os.write(lock, b"%d\n" % os.getpid())
        return cls(path, lock, kept=True, owner=os.getpid())

    @staticmethod
    def try_out(path: Path) -> None:
        """
        Raise what `taken` would, without making anything that lasts; that a node has it now does not count, since it may
        be the one whose next configuration is looked at.
        """
        nearest = next((each for each in (path, *path.parents) if os.path.lexists(each)), Path("/"))
        try:
            if nearest == path and path.stat().st_uid != os.geteuid():
                raise StateError(f"{path}: belongs to another user")
            with tempfile.TemporaryFile(dir=nearest) as file:
                file.write(b"0")
        except OSError as error:
            raise UnwritableError(f"{nearest}: {(error.strerror or str(error)).lower()}") from None

    @classmethod
    def passing(cls) -> Self:
        """A directory in shared memory, where there is one, that ends with the node. Raises StateError."""
        within = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
        _remove_left_over(within)
        try:
            path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=within))
            lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateError(f"no room for shared state: {(error.strerror or str(error)).lower()}") from None
        return cls(path, lock, kept=False, owner=os.getpid())

    def close(self) -> None:
        """Give it up; one that is not kept is removed, by the process that made it."""
        if self._lock < 0:
            return
        if not self.kept and os.getpid() == self._owner:
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)
        self._lock = -1


def _remove_left_over(within: Path) -> None:
    """Remove the passing directories of nodes that were killed: ours, and locked by nobody."""
    for path in within.glob(f"{_PREFIX}*"):
        try:
            lock = os.open(path / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:  # another user's, or one that is being made
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_uid == os.geteuid():
                shutil.rmtree(path, ignore_errors=True)
        except OSError:  # in use
            continue
        finally:
            os.close(lock)
