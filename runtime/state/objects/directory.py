"""
The directory of stored objects: who may use it, what of it can be believed, what is left over.

    objects-1/start     held while a process opens or closes the directory
    objects-1/alive     held, shared, by each process that uses it
    objects-1/clean     says that the last process to leave wrote everything to the disk
    objects-1/doubt     says that the index proved damaged, to be dropped by who next comes alone
    objects-1/numbers   shared memory (`purges`)
    objects-1/marks     shared memory (`marks`)
    objects-1/index/    LMDB (`index`)
    objects-1/bodies/   files (`bodies`)

The number is the version of the format. Another version has another directory, which is removed when nobody uses it: it is
never misread.

Who comes when no other process is there, looks before it trusts. The index is written without sync: what a killed process
leaves is whole, since the kernel has it, and what a machine that fell over leaves is not. So the index is believed after a
crash only if the machine has run on since (the boot id), or if it was left clean. LMDB believes its file, and a file changed
behind its back can end the process that reads it. So one that is cut short is noticed by its length, and a child process
walks through it first, and writes a little; what ends the child does not end the node. Then the files that no record names go.
"""

import faulthandler
import fcntl
import os
import resource
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import lmdb

from runtime.state.objects.bodies import FOLDERS
from runtime.state.objects.index import DAMAGE, MAX_READERS, Index
from runtime.state.objects.marks import Marks
from runtime.state.objects.purges import Numbers

VERSION: Final = 1
_PREFIX: Final = "objects-"
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_START_WAIT_S: Final = 30.0
"""For another process that is opening the directory and may have to look through it."""
_WALK_WAIT_S: Final = 20.0
_WALK_S: Final = 5.0
"""A larger index is looked through as far as that goes: a gigabyte or more."""
_TRIALS: Final = 8
_TRIAL_BYTES: Final = 64 << 10
_LOOK_AT_CLOCK_EVERY: Final = 1000
_LARGEST: Final = (1 << 64) - 1
_POLL_S: Final = 0.01
_READER_BYTES: Final = 64
"""Of one reader in LMDB's lock file: a cache line."""
_LOCK_BYTES: Final = (MAX_READERS + 2) * _READER_BYTES


_OPENED: Final[set[Path]] = set()
"""Directories this process has open: LMDB's locks do not tell two openings by one process apart."""


class DirectoryError(Exception):
    """The directory cannot be used; the text says why."""


class Directory:
    """An opened directory; `close` when done."""

    def __init__(self, state: Path, map_bytes: int) -> None:
        """Raises DirectoryError."""
        self.path = state / f"{_PREFIX}{VERSION}"
        self.dropped = ""
        """Why what was stored before was not believed; empty when it was, or there was nothing."""
        self._alive = -1
        self._place = self.path.resolve()
        if self._place in _OPENED:
            raise DirectoryError("this process has the directory open already")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with _Lock(self.path / "start"):
                self._open(state, map_bytes)
        except (OSError, lmdb.Error) as error:
            self._leave()
            raise DirectoryError(str(error)) from error
        _OPENED.add(self._place)

    def _open(self, state: Path, map_bytes: int) -> None:
        self._alive = _open_file(self.path / "alive")
        alone = _try_lock(self._alive, fcntl.LOCK_EX)
        if alone:
            _remove_other_versions(state, self.path.name)
            self.dropped = self._doubt(map_bytes)
            if self.dropped:
                self._drop()
            (self.path / "clean").unlink(missing_ok=True)
            _write_down(self.path / "boot", _boot_id())
            (self.path / "bodies").mkdir(exist_ok=True)
            (self.path / "index").mkdir(exist_ok=True)
            _make_lock_file(self.path / "index" / "lock.mdb")
        self.index = Index(self.path / "index", map_bytes)
        self.numbers = Numbers(self.path / "numbers")
        self.marks = Marks(self.path / "marks")
        if alone:
            self._sweep()
        if not _try_lock(self._alive, fcntl.LOCK_SH):
            raise DirectoryError("the directory is used by another version")

    def _doubt(self, map_bytes: int) -> str:
        """Why not to believe what is there; empty if it can be believed."""
        data = self.path / "index" / "data.mdb"
        if not data.exists():
            return "there is no index" if (self.path / "bodies").exists() else ""
        if (self.path / "doubt").exists():
            return "the index proved damaged"
        boot, now = _read_down(self.path / "boot"), _boot_id()
        if not (self.path / "clean").exists() and (not now or boot != now):
            return "the machine went down while the index was in use"
        return _walk_in_child(self.path / "index", map_bytes)

    def _drop(self) -> None:
        for name in ("index", "bodies"):
            shutil.rmtree(self.path / name, ignore_errors=True)
        for name in ("numbers", "marks", "doubt"):
            (self.path / name).unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove the files that no record names."""
        for folder in range(FOLDERS):
            path = self.path / "bodies" / f"{folder:02x}"
            if path.is_dir():
                names = {_number(entry.name): entry.name for entry in os.scandir(path)}
                for file in self.index.unnamed(names):
                    (path / names[file]).unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """What this process may still write on the disk; 0 if nobody can tell."""
        with suppress(OSError):
            disk = os.statvfs(self.path)
            return disk.f_bavail * disk.f_frsize
        return 0

    def doubt(self) -> None:
        """The index proved damaged."""
        with suppress(OSError):
            (self.path / "doubt").touch()

    def close(self) -> None:
        """The last process to leave writes everything to the disk, so that the index is believed after a crash too."""
        with suppress(OSError, lmdb.Error), _Lock(self.path / "start"):
            if _try_lock(self._alive, fcntl.LOCK_EX):
                self.index.env.sync(force=True)
                self.numbers.flush()
                self.marks.flush()
                _write_down(self.path / "clean", "")
        self.index.close()
        self._leave()
        _OPENED.discard(self._place)

    def _leave(self) -> None:
        if self._alive >= 0:
            os.close(self._alive)
            self._alive = -1


class _Lock:
    """The lock of a file, waited for within a bound. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def __enter__(self) -> None:
        self._fd = _open_file(self._path)
        until = time.monotonic() + _START_WAIT_S
        while not _try_lock(self._fd, fcntl.LOCK_EX):
            if time.monotonic() > until:
                os.close(self._fd)
                raise TimeoutError(f"{self._path.name} is held by another process")
            time.sleep(_POLL_S)

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def _open_file(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(fd: int, how: int) -> bool:
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _boot_id() -> str:
    """Empty where the system has none, which equals no other."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _read_down(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def _write_down(path: Path, text: str) -> None:
    """Have a file with `text`, on the disk when this returns."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, text.encode("ascii"))
        os.fsync(fd)
    finally:
        os.close(fd)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _make_lock_file(path: Path) -> None:
    """LMDB's lock file with its blocks taken: LMDB would leave a hole, and end the process there on a full disk."""
    fd = _open_file(path)
    try:
        if os.fstat(fd).st_size < _LOCK_BYTES:
            os.posix_fallocate(fd, 0, _LOCK_BYTES)
    finally:
        os.close(fd)


def _remove_other_versions(state: Path, own: str) -> None:
    for entry in list(os.scandir(state)):
        if entry.name.startswith(_PREFIX) and entry.name != own and entry.is_dir(follow_symlinks=False):
            fd = _open_file(Path(entry.path) / "alive")
            try:
                if _try_lock(fd, fcntl.LOCK_EX):
                    shutil.rmtree(entry.path, ignore_errors=True)
            finally:
                os.close(fd)


def _walk_in_child(directory: Path, map_bytes: int) -> str:
    """Have a child process read all keys of an index; why it could not, empty if it could."""
    child = os.fork()
    if child == 0:
        status = 1
        with suppress(BaseException):
            # It may well be ended by a signal: that is an answer, and nothing to be written about.
            faulthandler.disable()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            status = 0 if _walk(directory, map_bytes) else 1
        os._exit(status)
    until = time.monotonic() + _WALK_WAIT_S
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "" if status == 0 else "the index is damaged"
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "the index could not be looked through in time"
        time.sleep(_POLL_S)


def _walk(directory: Path, map_bytes: int) -> bool:
    """Whether all of an index can be read. May end the process."""
    index = Index(directory, map_bytes)
    info, page = index.env.info(), index.env.stat()["psize"]
    if (info["last_pgno"] + 1) * page > (directory / "data.mdb").stat().st_size:
        return False
    until = time.monotonic() + _WALK_S
    with index.env.begin(buffers=True) as transaction:
        for table in index.tables:
            entries = 0
            for entries, _ in enumerate(transaction.cursor(table), 1):
                if entries % _LOOK_AT_CLOCK_EVERY == 0 and time.monotonic() > until:
                    return True
            if entries != transaction.stat(table)["entries"]:
                return False
    return _try_to_write(index)


def _try_to_write(index: Index) -> bool:
    """Whether LMDB's own books of free pages let something be written and taken away. May end the process."""
    try:
        for _ in range(_TRIALS):
            with index.env.begin(write=True) as transaction:
                transaction.put(b"trial", bytes(_TRIAL_BYTES), db=index.tables.ledger)
            with index.env.begin(write=True) as transaction:
                transaction.delete(b"trial", db=index.tables.ledger)
    except DAMAGE:
        return False
    except lmdb.Error:
        return True  # no room, which is no damage
    return True


def _number(name: str) -> int:
    """A body file's number; 0, which no file has, for another name."""
    try:
        return int(name, 16) & _LARGEST
    except ValueError:
        return 0
