"""
Forms that all messages between console and node are made of, and how bytes become them.

Whatever comes from the other side is hostile until it has passed here: its length is looked at before it is read, every
text and list has a bound in its declaration, nesting is bounded by the decoder. What does not fit raises `BundleError`
with a word for machines and a sentence for people.
"""

from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

Trouble: TypeAlias = Literal[
    "too-large",
    "damaged",
    "format",
    "unsigned",
    "environment",
    "older",
    "missing",
    "contradiction",
]
"""What is wrong with a bundle, in a word."""

MAX_DOMAINS: Final = 20_000
"""Twice what the console admits."""
MAX_SCRIPTS: Final = 1_000
MAX_DICTIONARIES: Final = 100
MAX_HOSTS: Final = 1_000
"""Of one domain."""
MAX_VALUE: Final = 8_192
"""Characters of a URL, a prefix or a tag to purge: no target is longer."""

_WORD: Final = r"\A[\w.-]+\Z"

DomainName: TypeAlias = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,62}\Z")]
Environment: TypeAlias = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,62}\Z")]
ScriptName: TypeAlias = Annotated[str, Meta(pattern=_WORD, max_length=64)]
NodeName: TypeAlias = Annotated[str, Meta(pattern=_WORD, max_length=128)]
Place: TypeAlias = Annotated[str, Meta(pattern=r"\A[\w.-]*\Z", max_length=64)]
"""A pool or a region; '' for none."""
Host: TypeAlias = Annotated[str, Meta(min_length=1, max_length=256)]
Digest: TypeAlias = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""SHA-256."""
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]

T = TypeVar("T")


class BundleError(Exception):
    """`trouble` is a word of `Trouble`; the text is a sentence without secrets."""

    def __init__(self, trouble: Trouble, text: str) -> None:
        super().__init__(text)
        self.trouble = trouble


encoder: Final = msgspec.msgpack.Encoder(order="deterministic")
"""The same value always gives the same bytes, so that digests of equal things are equal."""


def decode(data: bytes, decoder: "msgspec.msgpack.Decoder[T]", most_bytes: int, what: str) -> T:
    """The value in `data`, which is called `what` in errors. Raises BundleError."""
    if len(data) > most_bytes:
        raise BundleError("too-large", f"{what} of {len(data)} bytes, more than {most_bytes}")
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError, OverflowError) as error:
        raise BundleError("damaged", f"{what}: {_reason(error)}") from None


def encode(value: Any, most_bytes: int, what: str) -> bytes:
    """The bytes of `value`. Raises BundleError where a reader would refuse them as too long."""
    data = encoder.encode(value)
    if len(data) > most_bytes:
        raise BundleError("too-large", f"{what} of {len(data)} bytes, more than {most_bytes}")
    return data


def _reason(error: Exception) -> str:
    """What the decoder says, on one line and without what it quotes: that may be a secret."""
    return str(error).split("\n", 1)[0][:200] or type(error).__name__
