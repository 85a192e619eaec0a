"""A request that somebody states: the options that say it, and what is taken for granted."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from edgescript.cli.completion import files
from edgescript.cli.geography import PlaceType
from edgescript.cli.values import AddressType, FieldType, TimeType, TokenType

if TYPE_CHECKING:
    from runtime.http.refusal import Refuse

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option(
        "-X", "--method", type=TokenType(), default="GET", show_default=True, help="The request's method."
    ),
    click.option(
        "-H", "--header", "fields", type=FieldType(), multiple=True, help="A request header; repeatable."
    ),
    click.option(
        "--client-ip",
        type=AddressType(),
        default="127.0.0.1",
        show_default=True,
        help="The client's address.",
    ),
    click.option(
        "--now", type=TimeType(), help="The time, as Unix seconds or ISO 8601.  [default: the clock]"
    ),
    click.option(
        "--geo",
        type=PlaceType(),
        multiple=True,
        help="The client's place, as country=CN,region=440000,city=440100,isp=100017, or that of another address, as "
        "192.0.2.7:country=CN; repeatable.",
    ),
    click.option(
        "--geo-database",
        "geo_databases",
        multiple=True,
        metavar="FILE",
        shell_complete=files,
        help="A database of addresses (MMDB), for what --geo does not say; repeatable, the first one first.",
    ),
)


def request_options(command: _Command) -> _Command:
    """`command` with the options that state a request, its URL aside: `method` to `geo_databases`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def refused(answer: "Refuse") -> click.UsageError:
    """What to raise for a request that no script would see on a node."""
    return click.UsageError(f"a node refuses this request with {answer.status}: {answer.reason}")
