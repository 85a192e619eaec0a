"""Options that several of the commands that ask a console have, each declared once."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from edgescript.cli.remote.values import ENVIRONMENTS, DurationType

F = TypeVar("F", bound=Callable[..., Any])

TIMEOUT_S: Final = 600.0

JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
MESSAGE: Final = click.option("-m", "--message", default="", metavar="TEXT", help="Why.")
OF_ENVIRONMENT: Final = click.option(
    "-e", "--environment", type=click.Choice(ENVIRONMENTS), help="Of this one only."
)
IN_ENVIRONMENT: Final = click.option(
    "-e",
    "--environment",
    type=click.Choice(ENVIRONMENTS),
    default="production",
    help="In this one.  [default: production]",
)
_WAIT: Final = click.option("--wait", is_flag=True, help="Wait until the nodes serve it.")
_TIMEOUT: Final = click.option(
    "--timeout", type=DurationType(), default=TIMEOUT_S, help="Wait at most so long.  [default: 10m]"
)


def waits(function: F) -> F:
    """--wait and --timeout, which `waiting.see_through` does."""
    return _WAIT(_TIMEOUT(function))


def limit(default: int, most: int | None = None, what: str = "") -> Callable[[F], F]:
    """-n, --limit: at most so many of `what`, newest first."""
    return click.option(
        "-n",
        "--limit",
        type=click.IntRange(1, most),
        default=default,
        metavar="N",
        help=f"At most N{what}.  [default: {default}]",
    )
