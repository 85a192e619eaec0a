"""What the scripts of a request ask for: wishes, recorded in order, which the host carries out afterwards."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

HeaderAction = Literal["set", "add", "delete"]
FRAMING_FIELDS: Final = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Fields of the connection or of a message's framing (RFC 9110 section 7.6.1): the host's own, never a script's."""
PLACEHOLDER: Final = re.compile(r"([$@])\{([A-Za-z0-9_-]{1,128})\}")
"""`${x}` and `@{y}` in a header value (reference section 7.6, add_rsp_header)."""


def has_placeholder(value: object) -> bool:
    """Whether `value` is a string with something to fill in."""
    return isinstance(value, str) and "{" in value and PLACEHOLDER.search(value) is not None


class HeaderOp(NamedTuple):
    """One wish about a header field: `set` replaces all lines of the name, `add` appends a line."""

    action: HeaderAction
    name: str
    value: str = ""
    template: bool = False
    """The value has placeholders, and the script's own text says so: data that looks like one is data."""


class Answer(NamedTuple):
    """The script ended the request with `exit`: status, and its body or None for the node's default page."""

    status: int
    body: str | None


class Redirect(NamedTuple):
    """The script ended the request with a redirect: 301, 302, 303, 307 or 308, and the Location value."""

    status: int
    location: str


class Effects:
    """
    What the scripts of a request asked for so far.

    The defaults are class attributes: a request whose scripts ask for little pays for little.
    """

    request_headers: list[HeaderOp] | tuple[()] = ()
    response_headers: list[HeaderOp] | tuple[()] = ()
    path: str | None = None
    """Rewritten path for origin and cache key, or None for the request's own."""
    query: str | None = None
    """Rewritten query; counts only when `query_replaced`."""
    query_replaced: bool = False
    end: Answer | Redirect | None = None
    refused: bool = False
    """A script that raised has ended the request: the answer is neutral, whatever is said."""
    debug: tuple[HeaderOp, ...] = ()
    """What a request with the debug option is shown: carried out after all wishes, and seen by no script."""
    output: list[str] | tuple[()] = ()
    """Texts of say and print, in order; any at all means the node answers itself (U-19)."""
    output_bytes: int = 0
    ttl_s: int | None = None
    """set_cache_ttl('path', n)."""
    ttl_s_by_status: Mapping[int, int] | None = None
    """set_cache_ttl('code', '404=1,302=0')."""
    default_ttl_s: int | None = None
    default_ttl_s_by_status: Mapping[int, int] | None = None
    """A site's lifetimes for answers to which the origin gives none."""
    cache_key: str | None = None
    """set_cache_key: what stands in the cache key in place of path and query."""
    cache_tags: list[str] | tuple[()] = ()
    """add_cache_tag: names a purge may find the response by, beside those the origin gives it."""
    stale_while_revalidate_s: int | None = None
    stale_if_error_s: int | None = None
    """set_cache_grace: in place of what the origin says (RFC 5861)."""
    bypass: bool = False
    """cache_bypass: neither answered from the store nor stored."""
    origin: str | None = None
    """set_origin: the name of one of the site's upstreams, which exists."""
    delay_s: float = 0.0
    """limit_req: how long the request is to wait before it goes on."""
    shadow_refusals: int = 0
    """limit_req: how many limits that are only tried out would have refused the request."""
    waiting: tuple[Any, ...] = ()
    """Runs that go on when the response's head is made, in order; kept by `pipeline`."""
    rate_bytes_per_s: int | None = None
    rate_after_bytes: int | None = None

    def add_header(self, side: Literal["request_headers", "response_headers"], op: HeaderOp) -> int:
        """Record a header wish; the number of wishes on that side so far."""
        ops = getattr(self, side)
        if not ops:
            setattr(self, side, [op])
            return 1
        ops.append(op)
        return len(ops)

    def write(self, text: str) -> None:
        """Append to the output."""
        if self.output == ():
            self.output = []
        self.output.append(text)  # type: ignore[union-attr]  # a list from the first text on
        self.output_bytes += len(text)

    def show_debug(self) -> None:
        """Make `debug` the last wishes about the response. No script may run afterwards."""
        self.response_headers = [*self.response_headers, *self.debug]
        self.debug = ()

    def snapshot(self) -> "Effects":
        """An independent copy: what to go back to when a script raises."""
        copy = Effects()
        for name, value in self.__dict__.items():
            copy.__dict__[name] = list(value) if type(value) is list else value
        return copy
