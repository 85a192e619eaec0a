"""What a shell is offered after Tab from a console: domains, scripts, versions. Within a second, or nothing."""

import contextlib
from collections.abc import Iterable
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from edgescript.cli.remote.address import find_address, find_console, find_domain

TIMEOUT_S: Final = 1.0
MOST: Final = 200
"""Offered at once."""


def _offered(context: click.Context, *segments: str) -> list[Any]:
    """The items of a list of the domain (with `segments`), or of the console's domains; none for any trouble."""
    from runtime.console.client import ConsoleClient, ConsoleError, path

    with contextlib.suppress(ConsoleError, click.ClickException, OSError):
        address = find_address(find_console(context.params.get("console")))
        if segments:
            segments = (find_domain(context.params.get("domain")).value, *segments)
        # A shell that waits is worse than one that knows nothing.
        with ConsoleClient(address, _never, timeout_s=TIMEOUT_S, attempts=1) as client:
            return list(client.items(path("domains", *segments), MOST))
    return []


def _never(_: float) -> None:
    """With one attempt there is no pause."""


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def domains(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's signature
    """Names of domains."""
    return _beginning((str(each["name"]) for each in _offered(context)), incomplete)


def scripts(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001 - click's signature
    incomplete: str,
) -> list[str]:
    """Names of the domain's scripts."""
    return _beginning((str(each["name"]) for each in _offered(context, "scripts")), incomplete)


def versions(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Names of scripts, and their versions with what their authors said once a name is followed by `@`."""
    name, at, _ = incomplete.partition("@")
    if not at:
        return [CompletionItem(each) for each in scripts(context, parameter, incomplete)]
    found = _offered(context, "scripts", name, "versions")
    items = [(f"{name}@{each['number']}", str(each["message"])) for each in found]
    return [CompletionItem(value, help=text) for value, text in items if value.startswith(incomplete)]
