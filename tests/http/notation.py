"""
The notation of this folder's tables.

Fields are one line of text, `Host: a | Content-Length: 3`. A table's rows begin with the RFC section they come from, or
a few words; it names the row in pytest's output and is not given to the test.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from runtime.http.fields import Field

NOW = 1_000_000_000  # Sun, 09 Sep 2001 01:46:40 GMT


def fields(text: str) -> list[Field]:
    """The fields in `text`, one code point a byte; white space around each part is not part of it."""
    pairs = (part.partition(":") for part in text.split("|") if part.strip())
    return [(name.strip().encode("latin-1"), value.strip().encode("latin-1")) for name, _, value in pairs]


def text(pairs: list[Field]) -> str:
    """The same the other way round."""
    return " | ".join(f"{name.decode('latin-1')}: {value.decode('latin-1')}" for name, value in pairs)


def table(columns: str, rows: Sequence[tuple[Any, ...]]) -> pytest.MarkDecorator:
    """Run the test once for each row; `columns` are its arguments, without the section."""
    return pytest.mark.parametrize(columns.split(), [pytest.param(*row[1:], id=str(row[0])) for row in rows])
