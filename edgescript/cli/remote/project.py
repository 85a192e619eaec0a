"""
`edgescript.toml`: which console and domain the scripts of a folder belong to.

    domain = "shop"
    console = "https://console.example.com"

The file in the current folder counts, else the nearest above it. It only says where to; tokens are never in it.
"""

from pathlib import Path
from typing import Final, NamedTuple

from edgescript.cli.files import Unreadable, read
from edgescript.diagnostics.spelling import nearest

NAME: Final = "edgescript.toml"
KEYS: Final = ("console", "domain")
MAX_FILE_BYTES: Final = 64 << 10


class Project(NamedTuple):
    """'' for what it does not say; `path` as a person would write it from where they are."""

    console: str = ""
    domain: str = ""
    path: str = ""


def find(start: Path) -> Project:
    """The project that `start` is in. Raises `Unreadable` for a file that cannot be used."""
    for folder in (start, *start.parents):
        path = folder / NAME
        if path.is_file():
            return _read(path, str(path.relative_to(start)) if folder == start else str(path))
    return Project()


def _read(path: Path, shown: str) -> Project:
    import tomllib

    data = read(str(path), MAX_FILE_BYTES)
    if len(data) > MAX_FILE_BYTES:
        raise Unreadable(f"{shown}: larger than {MAX_FILE_BYTES} bytes")
    try:
        table = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{shown}: {error}") from None
    for key, value in table.items():
        if key not in KEYS:
            near = nearest(key, KEYS)
            raise Unreadable(f"{shown}: unknown key {key!r}{f', did you mean {near!r}?' if near else ''}")
        if not isinstance(value, str) or not value:
            raise Unreadable(f"{shown}: {key}: want a text")
    return Project(table.get("console", ""), table.get("domain", ""), shown)
