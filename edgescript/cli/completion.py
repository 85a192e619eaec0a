"""What a shell is offered after Tab: file names, names of builtins, codes. What is slow to import comes last."""

import click
from click.shell_completion import CompletionItem


def files(
    context: click.Context,  # noqa: ARG001 - click's signature
    parameter: click.Parameter,  # noqa: ARG001 - click's signature
    incomplete: str,
) -> list[CompletionItem[str]]:
    """Let the shell complete file names, as it knows best."""
    return [CompletionItem(incomplete, type="file")]


def builtins(
    context: click.Context,  # noqa: ARG001 - click's signature
    parameter: click.Parameter,  # noqa: ARG001 - click's signature
    incomplete: str,
) -> list[str]:
    """Functions, and variables with or without their sign."""
    import stdlib

    registry = stdlib.registry()
    names = [*registry.names(), *(f"${name}" for name in registry.variables)]
    return [name for name in names if name.startswith(incomplete)]


def codes(
    context: click.Context,  # noqa: ARG001 - click's signature
    parameter: click.Parameter,  # noqa: ARG001 - click's signature
    incomplete: str,
) -> list[str]:
    """Diagnostics and the numbers of run-time errors."""
    from edgescript.diagnostics.catalogue import CATALOGUE
    from edgescript.faults import PAGES

    names = [*CATALOGUE, *(str(int(code)) for code in PAGES)]
    return [name for name in names if name.startswith(incomplete)]
