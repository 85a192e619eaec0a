"""
A request that somebody states, as text: a URL, header lines, a method, an address, each read or refused.

What is typed is Unicode, scripts see bytes: `source.to_bytes_text` is the one crossing. Each reader raises ValueError with a
sentence that has the value and what is wanted.
"""

import ipaddress
import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from edgescript.request import Connection
from edgescript.source import to_bytes_text

CLIENT_PORT: Final = 50_000
"""Of the stated client, which has no real one."""
NODE_ADDRESS: Final = "127.0.0.1"
"""Where the client came to, which is no real node."""
MAX_URL: Final = 8192
MAX_METHOD: Final = 32
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""A field name (RFC 9110 section 5.6.2)."""
_BAD_IN_VALUE: Final = re.compile(r"[\0\r\n]")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_KEPT_IN_TARGET: Final = "/?%!$&'()*+,;=:@-._~[]|^`{}\\\"<>"
"""Left as typed; the rest (spaces, controls, what is not ASCII) is percent-encoded, as browsers do."""


class Url(NamedTuple):
    """An absolute URL as a request carries it: `host` with a port that was written, `target` with the query."""

    scheme: str
    host: str
    port: int
    target: str


def read_url(text: str) -> Url:
    """`http://host[:port]/path?query`; a fragment is dropped, since it never reaches a server. Raises ValueError."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{text!r}: {str(error).lower()}") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError(f"{text!r}: want http://host/path or https://host/path")
    if len(text) > MAX_URL:
        raise ValueError(f"longer than {MAX_URL} characters")
    if not _HOST.fullmatch(parts.netloc):
        raise ValueError(f"{text!r}: bad host {parts.netloc!r}")
    if _BAD_IN_VALUE.search(text):
        raise ValueError(f"{text!r}: holds a control character")
    query = f"?{parts.query}" if "?" in text.partition("#")[0] else ""
    # A byte that is no UTF-8 came from the command line as a surrogate; it is percent-encoded as any other.
    target = quote(((parts.path or "/") + query).encode("utf-8", "surrogateescape"), safe=_KEPT_IN_TARGET)
    return Url(parts.scheme, parts.netloc, port or DEFAULT_PORTS[parts.scheme], target)


def read_field(text: str) -> tuple[str, str]:
    """`Name: value`, a header field, its value as scripts hold it. Raises ValueError."""
    name, colon, content = text.partition(":")
    if not colon or not _TOKEN.fullmatch(name):
        raise ValueError(f"{text!r}: want 'Name: value'")
    if _BAD_IN_VALUE.search(content):
        raise ValueError(f"{name}: a value is one line")
    return name, to_bytes_text(content.strip(" \t"))


def read_method(text: str) -> str:
    """A request's method. Raises ValueError."""
    if not _TOKEN.fullmatch(text) or len(text) > MAX_METHOD:
        raise ValueError(f"{text!r}: want a method such as GET")
    return text


def read_client(text: str) -> str:
    """An IP address. Raises ValueError."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{text!r}: want an IP address") from None
    if "%" in text:
        raise ValueError(f"{text!r}: want an IP address without a zone")
    return str(address)


def with_host(url: Url, fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The fields of a request for `url`: those stated, after a Host unless they have one."""
    has_host = any(name.lower() == "host" for name, _ in fields)
    return [*([] if has_host else [("Host", url.host)]), *fields]


def connection(url: Url, client_ip: str) -> Connection:
    """The connection on which the stated client asks for `url`."""
    return Connection(client_ip, CLIENT_PORT, NODE_ADDRESS, url.port, url.scheme)
