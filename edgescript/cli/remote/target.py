"""
Whom a command asks: the console, the token for it, and the domain; said on the command line, in the environment, or in a
project's `edgescript.toml`, in this order.

A token goes to the console it was given for. One in EDGESCRIPT_TOKEN goes where the command line or the environment
says, never where a project file says: such a file comes with code that others wrote.
"""

import functools
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, Final, NamedTuple, ParamSpec, Self, TypeVar

import click

from edgescript.cli.remote import credentials, project
from edgescript.cli.remote.completion import domains
from edgescript.cli.remote.credentials import check_token, console_url, goes_in_clear

if TYPE_CHECKING:
    from runtime.console.client import Address, ConsoleClient

P = ParamSpec("P")
R = TypeVar("R")

TOKEN: Final = "EDGESCRIPT_TOKEN"  # noqa: S105 - the name of a variable
CONSOLE: Final = "EDGESCRIPT_CONSOLE"
DOMAIN: Final = "EDGESCRIPT_DOMAIN"
_COMMAND_LINE: Final = "the command line"
_LAST_LOGIN: Final = "the last login"


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
        return Said(latest, _LAST_LOGIN)
    raise click.UsageError(f"no console: log in with 'edgescript login URL', or give --console or {CONSOLE}")


def find_domain(given: str | None) -> Said:
    """The domain's name, '' for none. Raises `Unreadable`."""
    return _first(given, DOMAIN, lambda said: said.domain)


def _first(given: str | None, variable: str, of_project: Callable[[project.Project], str]) -> Said:
    if given:
        return Said(given, _COMMAND_LINE)
    if os.environ.get(variable):
        return Said(os.environ[variable], variable)
    found = project.find(Path.cwd())
    return Said(of_project(found), found.path) if of_project(found) else Said("", "")


def find_address(console: Said) -> "Address":
    """`console` with its token. Raises `Unreadable` and usage errors."""
    from runtime.console.client import Address

    stated = os.environ.get(TOKEN)
    if stated:
        if console.where not in {_COMMAND_LINE, CONSOLE}:
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


class Target:
    """A console, asked when it is first needed; closed at the end of the `with`."""

    def __init__(self, console: Said, domain: Said) -> None:
        self.url = console.value
        self._console = console
        self._domain = domain
        self._client: ConsoleClient | None = None

    @property
    def client(self) -> "ConsoleClient":
        """Raises `Unreadable` and usage errors where there is no token."""
        if self._client is None:
            from runtime.console.client import ConsoleClient

            self._client = ConsoleClient(find_address(self._console), time.sleep)
        return self._client

    @property
    def domain(self) -> str:
        """Its name. Raises a usage error where none was said."""
        if not self._domain.value:
            raise click.UsageError(
                f'no domain: give --domain, set {DOMAIN}, or write domain = "NAME" into {project.NAME}'
            )
        return self._domain.value

    @property
    def maybe_domain(self) -> str | None:
        """Its name; None where none was said."""
        return self._domain.value or None

    def at(self, *segments: str | int) -> str:
        """A path within the domain."""
        from runtime.console.client import path

        return path("domains", self.domain, *segments)

    def __str__(self) -> str:
        """`shop at https://console.example.com`, and which file or variable said so."""
        where = [
            said.where
            for said in dict.fromkeys((self._domain, self._console))
            if said.where not in {"", _COMMAND_LINE, _LAST_LOGIN}
        ]
        places = f" ({', '.join(dict.fromkeys(where))})" if where else ""
        return f"{self._domain.value} at {self.url}{places}" if self._domain.value else f"{self.url}{places}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()


_CONSOLE_OPTION: Final = click.option(
    "--console", metavar="URL", help="The console to ask, if not the one last signed in to."
)
_DOMAIN_OPTION: Final = click.option(
    "-d",
    "--domain",
    metavar="NAME",
    shell_complete=domains,
    help="The domain, if not that of edgescript.toml.",
)


def asks_console(function: Callable[Concatenate[Target, P], R]) -> Callable[..., R]:
    """A command with --console and --domain, which is given the target they mean."""

    @_CONSOLE_OPTION
    @_DOMAIN_OPTION
    @functools.wraps(function)
    def asking(*arguments: Any, console: str | None, domain: str | None, **options: Any) -> R:
        with Target(find_console(console), find_domain(domain)) as target:
            return function(target, *arguments, **options)

    return asking


def asks_domain(function: Callable[Concatenate[Target, P], R]) -> Callable[..., R]:
    """As `asks_console`; without a domain the command does not begin."""

    @asks_console
    @functools.wraps(function)
    def asking(target: Target, /, *arguments: Any, **options: Any) -> R:
        assert target.domain, "or it raises"
        return function(target, *arguments, **options)

    return asking
