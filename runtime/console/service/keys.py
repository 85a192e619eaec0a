"""
Keys of the console: files of its data directory that only its user may read, or a secret mounted there.

`store.key` seals blobs and secret values; `signing-N.key` sign manifests, the highest N being the newest. A file comes into
being whole: it is written under another name, made durable, and then given its own, which fails where that exists. Every
console that serves one database has the same files.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from runtime.bundles.manifest import MAX_KEYS
from runtime.bundles.signing import SEED_BYTES, SigningKey
from runtime.console.model.refusal import Refused

KEY_BYTES: Final = 32
_STORE: Final = "store.key"
_SIGNING: Final = re.compile(r"signing-([1-9][0-9]{0,8})\.key")
Random = Callable[[int], bytes]


class KeysUnusable(Exception):  # noqa: N818 - as StoreUnusable
    """The key files cannot be used; the text says which and why, and has nothing of a key."""


class Keys:
    """The keys in `folder`. Made where they are missing, by `random`, which gives so many bytes."""

    def __init__(self, folder: Path, random: Random) -> None:
        """Raises KeysUnusable."""
        self._folder = folder
        self._random = random
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (folder / _STORE).exists():
                _create(folder / _STORE, random(KEY_BYTES))
            self.store_key = _read(folder / _STORE)
            self._signing: dict[int, SigningKey] = {}
            self.read_signing()
            if not self._signing:
                _create(folder / "signing-1.key", random(SEED_BYTES))
                self.read_signing()
        except OSError as error:
            raise KeysUnusable(f"keys: {(error.strerror or 'unusable').lower()}") from None

    @classmethod
    def open(cls, folder: Path, random: Random) -> "Keys":
        """Raises KeysUnusable."""
        return cls(folder, random)

    def __repr__(self) -> str:
        return f"Keys({', '.join(key.id for key in self.signing)})"

    @property
    def signing(self) -> tuple[SigningKey, ...]:
        """Oldest first."""
        return tuple(self._signing[number] for number in sorted(self._signing))

    @property
    def newest(self) -> SigningKey:
        return self.signing[-1]

    def read_signing(self) -> None:
        """Look which signing keys there are now. Raises OSError, KeysUnusable."""
        found = {}
        for path in self._folder.iterdir():
            named = _SIGNING.fullmatch(path.name)
            if named is not None:
                found[int(named[1])] = SigningKey(_read(path))
        self._signing = found

    def add_signing(self) -> SigningKey:
        """A new one, which is the newest from now on. Raises Refused."""
        if len(self._signing) >= MAX_KEYS - 1:
            raise Refused("limit", "too many signing keys, drop old ones first")
        number = max(self._signing, default=0) + 1
        with _writable():
            _create(self._folder / f"signing-{number}.key", self._random(SEED_BYTES))
        self.read_signing()
        return self.newest

    def drop_old_signing(self) -> tuple[str, ...]:
        """The ids of the keys that are gone now: all but the newest. Raises Refused."""
        *old, _newest = sorted(self._signing)
        dropped = tuple(self._signing[number].id for number in old)
        with _writable():
            for number in old:
                (self._folder / f"signing-{number}.key").unlink(missing_ok=True)
            _sync_folder(self._folder)
        self.read_signing()
        return dropped


@contextmanager
def _writable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "unusable").lower()
        raise Refused("conflict", f"the key files cannot be changed from here: {reason}") from None


def _create(path: Path, data: bytes) -> None:
    """A file that exists already stays: two consoles that start at once agree on one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return
    finally:
        fresh.unlink(missing_ok=True)
    _sync_folder(path.parent)


def forbidden_mode(owner: int, user: int) -> int:
    """Bits that a key file of `owner` must not have: its group may read what is not `user`'s own, as PostgreSQL has it."""
    return 0o077 if owner == user else 0o037


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    """Raises OSError, KeysUnusable."""
    # Links are followed, for the folder is ours: mounted secrets are links, owned by root and readable by our group.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        data = file.read(KEY_BYTES + 1)
    if not stat.S_ISREG(found.st_mode):
        raise KeysUnusable(f"{path.name}: not a file")
    if found.st_mode & forbidden_mode(found.st_uid, os.geteuid()):
        raise KeysUnusable(f"{path.name}: others may read it, want mode 600")
    if len(data) != KEY_BYTES:
        raise KeysUnusable(f"{path.name}: not {KEY_BYTES} bytes")
    return data
