"""Dictionaries that scripts read with `dict_get`, as files have them: one JSON object of strings."""

from typing import Final

import msgspec

from edgescript.cli.files import Unreadable, read

MAX_DICTIONARY_BYTES: Final = 16 << 20
"""What a console takes; each worker keeps its own."""


def read_dictionary(path: str) -> dict[str, str]:
    """The entries in the file. Raises `Unreadable`."""
    data = read(path, MAX_DICTIONARY_BYTES)
    if len(data) > MAX_DICTIONARY_BYTES:
        raise Unreadable(f"{path}: larger than {MAX_DICTIONARY_BYTES} bytes")
    try:
        return msgspec.json.decode(data, type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        said = str(error).partition(" - at ")[0].replace("`", "")
        raise Unreadable(f"{path}: want a JSON object of strings, but {said[:1].lower()}{said[1:]}") from None
