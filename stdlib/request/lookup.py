"""
Finding an argument, cookie or header by the name a script gives it (U-10).

Identifiers have no hyphen, so `_` may stand for `-` in the name of an argument or cookie, wherever no field has the
very name. Header names are written with `_` for `-` throughout and in any case; a field whose own name has `_` is not
found, as in nginx, where such a field is one that slipped past whoever strips the one with `-`.
"""

from collections.abc import Callable
from typing import TypeAlias

from edgescript.context import Context
from edgescript.request import field_key

Reader: TypeAlias = Callable[[Context], str | None]
"""A value of the request, None when it is absent."""


def argument(ctx: Context, name: str) -> str | None:
    """The first value of a query argument as sent, or None."""
    request = ctx.request
    value = request.arguments.get(name)
    if value is None and "_" in name:
        return request.identified_arguments.get(name.replace("-", "_"))
    return value


def cookie(ctx: Context, name: str) -> str | None:
    """The first value of a cookie as sent, or None."""
    request = ctx.request
    value = request.cookies.get(name)
    if value is None and "_" in name:
        return request.identified_cookies.get(name.replace("-", "_"))
    return value


def header(ctx: Context, name: str) -> str | None:
    """The first line of a request header, or None."""
    return ctx.request.headers.get(field_key(name))


def argument_reader(name: str) -> Reader:
    """`argument` with the name bound."""
    if "_" in name:
        return lambda ctx: argument(ctx, name)
    return lambda ctx: ctx.request.arguments.get(name)


def cookie_reader(name: str) -> Reader:
    """`cookie` with the name bound."""
    if "_" in name:
        return lambda ctx: cookie(ctx, name)
    return lambda ctx: ctx.request.headers.cookies.get(name)


def header_reader(name: str) -> Reader:
    """`header` with the name bound."""
    field = field_key(name)
    return lambda ctx: ctx.request.headers.get(field)
