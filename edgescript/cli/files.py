"""Script files: read once, never more than the limit, with a usage error instead of a traceback."""

from pathlib import Path

import click

from edgescript.source import Source, as_utf8


def read(path: str, limit: int) -> bytes:
    """
    At most `limit + 1` bytes of the file, so that a caller can tell one that is too large.

    Raises a usage error when it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise click.UsageError(f"cannot read {path!r}: {(error.strerror or 'unreadable').lower()}") from None


def read_source(path: str) -> Source:
    """The script in `path`; one past the limit is left to the compiler to refuse."""
    from edgescript.lexical import MAX_SOURCE_BYTES

    return Source.from_bytes(path, read(path, MAX_SOURCE_BYTES))


def readable(text: str) -> str:
    """A script's string as a person reads it, with nothing that could steer a terminal."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for char in as_utf8(text)
    )
