"""
Where a console is and which token goes there, and the domain: as the command line, the environment, or a project's
`edgescript.toml` says, in this order.

A token goes to the console it was given for. One in EDGESCRIPT_TOKEN goes where the command line or the environment
says, never where a project file says: such a file comes with code that others wrote.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from edgescript.cli.remote import credentials, project
from edgescript.cli.remote.credentials import check_token, console_url, goes_in_clear

if TYPE_CHECKING:
    from runtime.console.client import Address

TOKEN: Final = "EDGESCRIPT_TOKEN"  # noqa: S105 - the name of a variable
CONSOLE: Final = "EDGESCRIPT_CONSOLE"
DOMAIN: Final = "EDGESCRIPT_DOMAIN"
COMMAND_LINE: Final = "the command line"
LAST_LOGIN: Final = "the last login"


class Said(NamedTuple):
    """A value and where it was said; both '' for none."""

    value: str
    where: str


def find_console(given: str | None) -> Said:
    """The console's URL. Raises `Unreadable` and usage errors."""
    found = _first(given, CONSOLE, lambda said: said.console)
    if found.value:
        return Said(console_url(found.value), found.where)
    latest = credentials.read(os.environ).latest
    if latest:
        return Said(latest, LAST_LOGIN)
    raise click.UsageError(f"no console: log in with 'edgescript login URL', or give --console or {CONSOLE}")


def find_domain(given: str | None) -> Said:
    """The domain's name, '' for none. Raises `Unreadable`."""
    return _first(given, DOMAIN, lambda said: said.domain)


def _first(given: str | None, variable: str, of_project: Callable[[project.Project], str]) -> Said:
    if given:
        return Said(given, COMMAND_LINE)
    if os.environ.get(variable):
        return Said(os.environ[variable], variable)
    found = project.find(Path.cwd())
    return Said(of_project(found), found.path) if of_project(found) else Said("", "")


def find_address(console: Said) -> "Address":
    """`console` with its token. Raises `Unreadable` and usage errors."""
    from runtime.console.client import Address

    stated = os.environ.get(TOKEN)
    if stated:
        if console.where not in {COMMAND_LINE, CONSOLE}:
            raise click.UsageError(f"{TOKEN} is only sent to a console that --console or {CONSOLE} names")
        if goes_in_clear(console.value):
            raise click.UsageError(
                f"{TOKEN} would go over the network in clear: want https, or 'edgescript login --insecure-http'"
            )
        return Address(console.value, check_token(stated))
    kept = credentials.read(os.environ).consoles.get(console.value)
    if kept is None:
        raise click.UsageError(
            f"not signed in to {console.value} (from {console.where}): edgescript login {console.value}"
        )
    if goes_in_clear(console.value) and not kept.insecure:
        raise click.UsageError(
            f"plain HTTP to {console.value}: log in again with --insecure-http to allow it"
        )
    return Address(console.value, check_token(kept.token))
