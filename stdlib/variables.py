"""
Built-in variables (reference section 6): facts of the client's request, which no rewrite changes (U-11).

`$args` is '' without a query, so that it can be joined to a text; the prefixed ones are undef when absent.
"""

from edgescript.builtins import Variables
from edgescript.context import Context
from edgescript.reads import Part
from stdlib.request import lookup

variables = Variables()

variables.attribute("host", "host", "The host the client asked for.")
variables.attribute("uri", "path", "The path of the request, without the query, as it came.")
variables.attribute("request_uri", "target", "Path and query as they came.")
variables.attribute("scheme", "scheme", "http or https.")
variables.attribute("server_protocol", "protocol", "The protocol version, such as HTTP/1.1.")
variables.attribute("request_method", "method", "The method.")
variables.attribute("remote_addr", "client_addr", "The address the client connected from.")


@variables.variable(reads=(Part.TARGET,))
def args(ctx: Context) -> str | None:
    """The query without its `?`, '' if there is none."""
    return ctx.request.query or ""


@variables.prefixed("arg_", reads=(Part.TARGET,), reader=lookup.argument_reader)
def arg_(ctx: Context, name: str) -> str | None:
    """The first value of a query argument as sent, undef if it is absent; `_` may stand for `-`."""
    return lookup.argument(ctx, name)


@variables.prefixed("http_", reads=(Part.HEADER,), reader=lookup.header_reader)
def http_(ctx: Context, name: str) -> str | None:
    """The first line of a request header, undef if it is absent; lower case, `_` for `-`."""
    return lookup.header(ctx, name)


@variables.prefixed("cookie_", reads=(Part.COOKIE,), reader=lookup.cookie_reader)
def cookie_(ctx: Context, name: str) -> str | None:
    """The first value of a cookie, undef if it is absent; `_` may stand for `-`."""
    return lookup.cookie(ctx, name)
