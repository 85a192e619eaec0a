"""
Small JSON files of one person: mode 0600, replaced as a whole, changed by one program at a time.

Where they are follows the XDG Base Directory Specification.
"""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from edgescript.cli.files import Unreadable

MAX_FILE_BYTES: Final = 4 << 20
_FOLDERS: Final = {"XDG_CONFIG_HOME": ".config", "XDG_STATE_HOME": ".local/state"}


def folder(environment: Mapping[str, str], variable: str) -> Path:
    """Ours in the folder that `variable`, a key of _FOLDERS, names."""
    stated = environment.get(variable, "")
    # A relative path there is to be ignored, says the specification.
    return (Path(stated) if stated.startswith("/") else Path.home() / _FOLDERS[variable]) / "edgescript"


class PersonalFile:
    """A file that need not exist yet. All methods raise `Unreadable` where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Any:
        """Its JSON value; None where there is no file, or it is not JSON."""
        try:
            with self.path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from None
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return None

    def is_open_to_others(self) -> bool:
        """Whether anybody else may read or write it."""
        try:
            return bool(self.path.stat().st_mode & 0o077)
        except OSError:
            return False

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Nobody else changes the file meanwhile."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def replace(self, value: Any) -> None:
        """`value` and nothing else is in the file, and on the disk, when this returns."""
        new = self.path.with_name(f".{self.path.stem}.{secrets.token_hex(8)}")
        try:
            file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(file, "w", encoding="utf-8") as text:  # noqa: PTH123 - a descriptor
                json.dump(value, text, indent=2)
                text.flush()
                os.fsync(text.fileno())
            new.replace(self.path)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> Unreadable:
        return Unreadable(f"cannot use {str(self.path)!r}: {(error.strerror or 'unusable').lower()}")
