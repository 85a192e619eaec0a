"""The client's request as scripts see it: facts, held as byte strings, parsed no further than a script asks."""

from functools import lru_cache
from typing import Final


@lru_cache(512)
def field_key(name: str) -> str:
    """The key of `Headers` for a script's spelling of a header name: any case, `_` for `-`."""
    return name.lower().replace("_", "-")


class Headers:
    """
    Header fields of a message: ordered (name, value) pairs, names in lower case.

    Immutable, so requests that share a header block may share one `Headers`, and what was found in it.
    """

    __slots__ = ("_cookies", "_first", "_identified_cookies", "pairs")

    def __init__(self, pairs: tuple[tuple[str, str], ...] = ()) -> None:
        self.pairs = pairs
        self._first: dict[str, str] | None = None
        self._cookies: dict[str, str] | None = None
        self._identified_cookies: dict[str, str] | None = None

    def get(self, name: str) -> str | None:
        """The first value under `name` (lower case), or None."""
        first = self._first
        if first is None:
            first = self._first = dict(reversed(self.pairs))
        return first.get(name)

    def get_all(self, name: str) -> list[str]:
        """Every value under `name` (lower case), in order."""
        return [value for key, value in self.pairs if key == name]

    @property
    def cookies(self) -> dict[str, str]:
        """Cookies by name, the first of each name."""
        if self._cookies is None:
            cookies: dict[str, str] = {}
            for field in self.get_all("cookie"):
                for part in field.split(";"):
                    name, mark, value = part.strip(" \t").partition("=")
                    if mark and name not in cookies:
                        cookies[name] = value
            self._cookies = cookies
        return self._cookies

    @property
    def identified_cookies(self) -> dict[str, str]:
        """`cookies` under names in which `_` stands for `-`, as identifiers must write them (U-10)."""
        if self._identified_cookies is None:
            self._identified_cookies = _identified(self.cookies)
        return self._identified_cookies


class Connection:
    """Where a request came in: shared by the requests of a client's connection."""

    __slots__ = ("client_addr", "client_port", "scheme", "server_addr", "server_port")

    def __init__(
        self,
        client_addr: str = "127.0.0.1",
        client_port: int = 0,
        server_addr: str = "127.0.0.1",
        server_port: int = 80,
        scheme: str = "http",
    ) -> None:
        self.client_addr = client_addr
        self.client_port = client_port
        self.server_addr = server_addr
        self.server_port = server_port
        self.scheme = scheme


_LOOPBACK: Final = Connection()
_NO_HEADERS: Final = Headers()


class Request:
    """
    The client's request as scripts see it. Facts only; never changed by a script.

    Paths, queries and values are as they came on the wire, not percent-decoded (U-12).
    """

    __slots__ = (
        "_arguments",
        "_identified_arguments",
        "connection",
        "headers",
        "host",
        "id",
        "method",
        "path",
        "protocol",
        "query",
        "target",
    )

    def __init__(
        self,
        method: str = "GET",
        target: str = "/",
        protocol: str = "HTTP/1.1",
        host: str = "",
        headers: Headers = _NO_HEADERS,
        connection: Connection = _LOOPBACK,
        id: str = "",  # noqa: A002 - the field's name
    ) -> None:
        self.method = method
        self.target = target
        """Path, and `?` with the query where there is one: `$request_uri`."""
        self.protocol = protocol
        self.host = host
        self.headers = headers
        self.connection = connection
        self.id = id
        path, mark, query = target.partition("?")
        self.path = path
        self.query: str | None = query if mark else None
        self._arguments: dict[str, str] | None = None
        self._identified_arguments: dict[str, str] | None = None

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return self.connection.scheme

    @property
    def client_addr(self) -> str:
        return self.connection.client_addr

    @property
    def client_port(self) -> int:
        return self.connection.client_port

    @property
    def server_addr(self) -> str:
        return self.connection.server_addr

    @property
    def server_port(self) -> int:
        return self.connection.server_port

    @property
    def arguments(self) -> dict[str, str]:
        """Query arguments, the first of each name; `?uid` without `=` counts as absent (reference 7.13)."""
        if self._arguments is None:
            arguments: dict[str, str] = {}
            if self.query:
                for part in self.query.split("&"):
                    name, mark, value = part.partition("=")
                    if mark and name not in arguments:
                        arguments[name] = value
            self._arguments = arguments
        return self._arguments

    @property
    def cookies(self) -> dict[str, str]:
        """Those of `headers`."""
        return self.headers.cookies

    @property
    def identified_arguments(self) -> dict[str, str]:
        """`arguments` under names in which `_` stands for `-`, as identifiers must write them (U-10)."""
        if self._identified_arguments is None:
            self._identified_arguments = _identified(self.arguments)
        return self._identified_arguments

    @property
    def identified_cookies(self) -> dict[str, str]:
        """`cookies`, likewise."""
        return self.headers.identified_cookies


def _identified(fields: dict[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in reversed(fields.items())}
