"""
Which of a site's two releases a request gets: the one being rolled out goes to a share of the clients.

What of a request tells its client is read here; whether that client is among the share is for the function that is given,
which answers the same for the same client. But for an argument it stands in the connection or the header block, and is
read once for all requests that share them.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from edgescript.request import Request

_Reader: TypeAlias = Callable[[Request], str | None]


def _cookie(name: str) -> _Reader:
    return lambda request: request.cookies.get(name)


def _header(name: str) -> _Reader:
    folded = name.lower()
    return lambda request: request.headers.get(folded)


def _argument(name: str) -> _Reader:
    return lambda request: request.arguments.get(name)


def _nothing(_name: str) -> _Reader:
    return lambda _request: None


_READERS: Final[Mapping[str, Callable[[str], _Reader]]] = {
    "client_ip": _nothing,
    "cookie": _cookie,
    "header": _header,
    "arg": _argument,
}


class Split:
    """`sticky` is `client_ip`, `cookie:NAME`, `header:NAME` or `arg:NAME`; `chooses` takes the client's key."""

    __slots__ = ("_chooses", "_read", "by_request")

    def __init__(self, sticky: str, chooses: Callable[[bytes], bool]) -> None:
        """Raises KeyError for another `sticky`."""
        kind, _, name = sticky.partition(":")
        self._read = _READERS[kind](name)
        self._chooses = chooses
        self.by_request = kind == "arg"
        """Requests that share a header block may differ in it."""

    def gives_candidate(self, request: Request) -> bool:
        """Whether `request` gets the release that is being rolled out. One without the key is told by its address."""
        return self._chooses((self._read(request) or request.client_addr).encode("latin-1"))
