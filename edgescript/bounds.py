"""
What can be told of a call before any run: bounds on sizes, which declarations of builtins speak about.

A builtin that charges work of its own declares the most it charges, and one that makes strings or dictionaries how
large they get, as functions of a `CallBounds` (`Cost.worst`, `Cost.makes`, `Cost.calls`):

    @patterns.builtin(cost=Cost(12, per="s", worst=lambda call: call.size("s") + 1, makes=...))
"""

from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from edgescript.meter import Limits
from edgescript.types import Value


@dataclass(frozen=True, slots=True)
class InputBounds:
    """The largest inputs of a request, bytes; a host that admits larger ones says so. The defaults are the node's."""

    target_bytes: int = 8_192
    """Path and query together."""
    head_bytes: int = 32_768
    """All request header fields, so any one of them, and any cookie."""
    host_bytes: int = 255
    """RFC 1035 section 2.3.4."""
    method_bytes: int = 32
    word_bytes: int = 64
    """What the node itself writes: addresses, scheme, protocol, the request's id, codes of places."""
    response_bytes: int = 65_536
    """All fields of a response."""


ORDINARY_INPUTS: Final = InputBounds(
    target_bytes=1_024, head_bytes=1_024, host_bytes=64, response_bytes=1_024
)
"""What visitors send on a usual day. A script that may fail on these fails in earnest."""


class Made(NamedTuple):
    """Bounds of a result."""

    bytes: int = 0
    """Of the string."""
    entries: int = 0
    """Of the dictionary."""
    each: int = 0
    """Bytes of the longest string in the dictionary, keys too."""
    nested: bool = False
    """Whether dictionaries may stand in it; the bounds then are those of every one of them."""


class Tree(NamedTuple):
    """A dictionary written out with everything in it."""

    tables: int
    entries: int
    bytes: int


class CallBounds(Protocol):
    """One call at one place of a script. Parameters are named as scripts know them."""

    limits: Limits
    inputs: InputBounds

    @property
    def count(self) -> int:
        """Arguments given."""
        ...

    @property
    def result(self) -> int:
        """Bytes of the string that comes back, by `Cost.makes`."""
        ...

    def size(self, name: str, /) -> int:
        """Bytes of a string or entries of a dictionary, whichever is more; of all arguments of a variadic one."""
        ...

    def text(self, name: str, /) -> int:
        """Bytes of the argument's text, be it a string, a number or a boolean; of all arguments of a variadic one."""
        ...

    def entries(self, name: str, /) -> int:
        """Entries of the dictionary."""
        ...

    def each(self, name: str, /) -> int:
        """Bytes of the longest text among the dictionary's keys and values."""
        ...

    def tree(self, name: str, /) -> Tree:
        """The dictionary and all in it, however often it is in it."""
        ...

    def constant(self, name: str, /) -> Value:
        """The argument where it is the same in every run, else None."""
        ...

    def table(self, entries: int, each: int, *, nested: bool = False) -> Made:
        """A dictionary as result."""
        ...

    def cut(self, name: str, first: str, last: str, /) -> int:
        """Bytes of a piece of the argument, from position `first` to `last`, both included."""
        ...


NUMBER_BYTES: Final = 24
"""The longest text of a number: `%.14g` writes a sign, 15 digits and a point, an exponent."""
