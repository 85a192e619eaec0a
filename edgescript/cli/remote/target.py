"""Whom a command asks: a console, opened when it is first needed, and a domain; the options that say which."""

import functools
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Self, TypeVar

import click

from edgescript.cli.remote import project
from edgescript.cli.remote.address import (
    COMMAND_LINE,
    DOMAIN,
    LAST_LOGIN,
    Said,
    find_address,
    find_console,
    find_domain,
)
from edgescript.cli.remote.completion import domains
from edgescript.cli.remote.screen import now

if TYPE_CHECKING:
    from runtime.console.client import ConsoleClient

P = ParamSpec("P")
R = TypeVar("R")


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

    def now(self) -> float:
        """
        Unix seconds by the console's clock, as of its last answer: its times are by that clock, and this machine's may be wrong.

        Raises ConsoleError where it has not answered yet and cannot be asked.
        """
        if self.client.date_s is None:
            self.client.get("/session")
        return self.client.date_s or now()  # of a console behind something that takes Date away

    def at(self, *segments: str | int) -> str:
        """A path within the domain."""
        from runtime.console.client import path

        return path("domains", self.domain, *segments)

    def __str__(self) -> str:
        """`shop at https://console.example.com`, and which file or variable said so."""
        where = [
            said.where
            for said in dict.fromkeys((self._domain, self._console))
            if said.where not in {"", COMMAND_LINE, LAST_LOGIN}
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
