"""Test files: where they are, and what has to be looked at to see that something changed."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from edgescript.testing.cases import SUFFIX

MAX_ENTRIES: Final = 100_000
"""Names looked at under the given folders; beyond it the search is for the wrong folder."""
POLL_S: Final = 0.3
SCRIPT_SUFFIX: Final = ".es"


def find(paths: Sequence[str]) -> list[str]:
    """
    The test files that `paths` mean, each once: files, scripts with a test file beside them, folders with all in them.

    Raises UsageError where there is none.
    """
    try:
        found = dict.fromkeys(each for path in paths for each in _under(path))
    except OSError as error:  # a name no file can have, a folder that may not be read
        raise click.UsageError(
            f"cannot read {error.filename!r}: {(error.strerror or 'unreadable').lower()}"
        ) from None
    if not found:
        raise click.UsageError(f"no test found: no file in {', '.join(paths)} ends in {SUFFIX}")
    return list(found)


def _under(path: str) -> Iterator[str]:
    if Path(path).is_dir():
        yield from _in_folder(path)
    elif path.endswith(SCRIPT_SUFFIX):
        beside = path.removesuffix(SCRIPT_SUFFIX) + SUFFIX
        if not Path(beside).is_file():
            raise click.UsageError(f"{path!r} has no test file beside it, want {Path(beside).name!r}")
        yield os.path.normpath(beside)
    elif Path(path).is_file():
        yield os.path.normpath(path)
    else:
        raise click.UsageError(f"{path!r}: no such file or folder")


def _in_folder(top: str) -> Iterator[str]:
    """In order of their names; hidden folders and links to folders are left out."""
    looked_at = 0
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        looked_at += len(folders) + len(files)
        if looked_at > MAX_ENTRIES:
            raise click.UsageError(f"{top!r}: more than {MAX_ENTRIES} files, name the folder of the tests")
        for name in sorted(files):
            if name.endswith(SUFFIX):
                yield os.path.normpath(Path(folder, name))


Stamp = tuple[int, int]
"""Time of the last change in nanoseconds, and size."""


def stamp(path: str) -> Stamp | None:
    """Of the file at `path`; None when it is not there."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def stamps(paths: Sequence[str]) -> dict[str, Stamp | None]:
    """Of the test files that `paths` mean, by path."""
    try:
        return {path: stamp(path) for path in find(paths)}
    except click.UsageError:
        return {}


def wait_for_change(paths: Sequence[str], before: Mapping[str, Stamp | None]) -> None:
    """Return when a file of `before` is another than it was, or `paths` mean another test file."""
    while {path: stamp(path) for path in before} | stamps(paths) == before:
        time.sleep(POLL_S)
