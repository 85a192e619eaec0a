"""The request that a session's builtins read: stated like that of `edgescript run`, and judged as a node judges it."""

import random
import secrets
import time
from dataclasses import dataclass, field

from edgescript.cli.author.stated import refused
from edgescript.cli.geography import StatedPlace, places
from edgescript.cli.values import UrlType
from edgescript.context import Context
from edgescript.request import Headers, Request
from edgescript.services import Services
from runtime.http.framing import accept_request
from runtime.http.refusal import Refuse
from runtime.limits.local import LocalLimits, SiteLimits
from runtime.proxy.header_block import HeaderBlock
from runtime.trial.stated import Url, connection, with_host

DEFAULT_URL = "http://example.com/"


@dataclass
class StatedRequest:
    """What a client asks for, and where and when it does. `now` is None for the time of each entry."""

    url: Url = field(default_factory=lambda: UrlType().convert(DEFAULT_URL, None, None))
    method: str = "GET"
    fields: tuple[tuple[str, str], ...] = ()
    client_ip: str = "127.0.0.1"
    now: float | None = None
    geo: tuple[StatedPlace, ...] = ()
    geo_databases: tuple[str, ...] = ()

    limits: SiteLimits = field(default_factory=lambda: LocalLimits().site())
    """Counts for the whole session, whatever the request is changed to."""
    id: str = field(default_factory=lambda: secrets.token_hex(16))

    def new_context(self) -> Context:
        """
        A context whose response head is made and has no field, so that `get_rsp_header` answers at once.

        No wall clock: the reference tier is slower than what nodes run, so fuel alone bounds an entry. Raises as
        `request` does, and for databases that cannot be read.
        """
        context = Context(self.request(), services=self.services())
        context.response_headers = Headers()
        return context

    def apply(self, context: Context) -> None:
        """Make it the request of `context`, whose effects stay. Raises UsageError for one that a node refuses."""
        context.request = self.request()
        context.services = self.services()
        context.response_headers = Headers()

    def moment(self) -> float:
        """Unix time of an entry made now."""
        return time.time() if self.now is None else self.now  # noqa: TID251 - the command line is where clocks are read

    def services(self) -> Services:
        return Services(
            random=random.SystemRandom(),
            geo=places(self.geo, self.client_ip, self.geo_databases),
            limiter=self.limits.limiter,
        )

    def request(self) -> Request:
        """The facts as scripts see them. Raises UsageError for a request that a node refuses."""
        fields = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in with_host(self.url, self.fields)
        ]
        target = self.url.target.encode("latin-1")
        head = accept_request(self.method.encode("latin-1"), target, b"1.1", fields)
        if isinstance(head, Refuse):
            raise refused(head)
        block = HeaderBlock(fields, head, self.url.scheme, "1.1")
        path = head.target.path_and_query.decode("latin-1")
        where = connection(self.url, self.client_ip)
        return Request(self.method, path, "HTTP/1.1", block.host, block.headers, where, self.id)
