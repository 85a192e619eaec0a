"""Script files: read once, never more than the limit, with one line instead of a traceback."""

from collections.abc import Sequence
from pathlib import Path

import click

from edgescript.source import Source, as_utf8


class Unreadable(click.ClickException):
    """A file that cannot be read: wrong usage, but nothing that help would mend."""


def read(path: str, limit: int) -> bytes:
    """
    At most `limit + 1` bytes of the file, so that a caller can tell one that is too large.

    Raises `Unreadable`.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise Unreadable(f"cannot read {path!r}: {(error.strerror or 'unreadable').lower()}") from None


def read_sources(paths: Sequence[str]) -> list[Source]:
    """
    The scripts in `paths`; one past the limit is left to the compiler to refuse.

    Raises `Unreadable`, which names every file that cannot be read.
    """
    from edgescript.parsing.lexical import MAX_SOURCE_BYTES

    sources: list[Source] = []
    refused: list[str] = []
    for path in paths:
        try:
            sources.append(Source.from_bytes(path, read(path, MAX_SOURCE_BYTES)))
        except Unreadable as error:
            refused.append(error.message)
    if refused:
        raise Unreadable("; ".join(refused))
    return sources


def readable(text: str) -> str:
    """A script's string as a person reads it, with nothing that could steer a terminal."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for char in as_utf8(text)
    )
