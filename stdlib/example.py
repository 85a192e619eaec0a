"""
The request that the examples of the declarations speak about, and what else is given there.

`edgescript doc` shows it, and the tests run every example on it: each line `call => result` of a docstring holds for
`example_context()` in a script that begins with `PRELUDE`.
"""

from typing import Any, Final

from edgescript.context import Context
from edgescript.meter import DEFAULT_LIMITS, Limits
from edgescript.request import Connection, Headers, Request
from edgescript.services import GeoRecord, Services

PRELUDE: Final = """\
def visit(key, value, data) {
    set(data, key, value)
}
def descending(x, y) {
    return gt(x, y)
}
"""
"""Custom functions that examples pass to `foreach` and `arr_sort`."""

NOW_S: Final = 1559109761.644
"""2019-05-29 06:02:41 UTC, the moment of the reference's samples (section 7.9)."""

_REQUEST_LINE: Final = {
    "method": "GET",
    "host": "www.example.com",
    "target": "/a/b.tar.gz?x=1&q=a%20b&user-id=u7",
}
_HEADERS: Final = Headers(
    (
        ("host", "www.example.com"),
        ("user-agent", "curl/8.5.0"),
        ("referer", "https://ok.example/page"),
        ("cookie", "g=7; session-id=s1"),
        ("x-forwarded-for", "9.9.9.9, 8.8.8.8"),
        ("x-uid", "z"),
    )
)
_CLIENT_ADDR: Final = "192.0.2.7"
_CONNECTION: Final = Connection(_CLIENT_ADDR, 50000, "198.51.100.1", 443, "https")
_CLIENT_PLACE: Final = GeoRecord(country="CN", region="330000", city="330100", isp="100017")


class _OneAddress:
    def lookup(self, address: str, /) -> GeoRecord | None:
        return _CLIENT_PLACE if address == _CLIENT_ADDR else None


class _NoChance:
    """Gives the lowest numbers and counted bytes: examples are the same every time."""

    def random(self) -> float:
        return 0.0

    def randint(self, a: int, b: int, /) -> int:
        return min(a, b)

    def randbytes(self, n: int, /) -> bytes:
        return bytes(index & 255 for index in range(n))

    def seed(self, a: Any = None, /) -> None:
        """Nothing to seed."""


EXAMPLE_SERVICES: Final = Services(
    random=_NoChance(),
    geo=_OneAddress(),
    origins=frozenset({"backup"}),
    dictionaries={"prices": {"apple": "3.20", "7": "seven"}},
)


def example_request() -> Request:
    """The request of the examples."""
    return Request(
        **_REQUEST_LINE,
        headers=_HEADERS,
        connection=_CONNECTION,
        id="0123456789abcdef0123456789abcdef",
    )


def example_context(limits: Limits = DEFAULT_LIMITS) -> Context:
    """A run of the examples that has just begun; the response's head is made already, and has no field yet."""
    context = Context(example_request(), now_s=NOW_S, services=EXAMPLE_SERVICES, limits=limits)
    context.response_headers = Headers()
    return context
