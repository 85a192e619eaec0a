"""A console's "no" on the terminal: one line, what is wrong in particular, and how to go on."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from edgescript.cli.groups import NearGroup
from edgescript.cli.remote.screen import printable
from edgescript.cli.status import NO, UNAVAILABLE

if TYPE_CHECKING:
    from runtime.console.client import ConsoleError

HELP: Final = {
    "unauthorized": "the token is revoked, expired or not this console's: edgescript login URL",
    "forbidden": "the token's scopes do not reach that far: edgescript tokens list",
    "not-staged": "publish to staging first, or give --skip-staging and say why with -m",
    "rollout-running": "edgescript rollouts shows it; promote it (rollouts promote) or abort it (rollouts abort)",
    "too-many": "wait a moment and try again",
    "unreachable": "is the console running, and the address right?",
    "untrusted": "SSL_CERT_FILE names the certificates to believe, where an authority of your own signs",
    "not-a-console": "is the address that of a console?",
}
"""By the problem's code."""
MISSING: Final = {
    "domain": "'edgescript domains' lists those that your token reaches",
    "script": "'edgescript versions' lists scripts, by their names without .es",
    "draft": "'edgescript versions' lists scripts, by their names without .es",
    "version": "'edgescript versions SCRIPT' lists them",
    "release": "'edgescript rollouts' lists those that were live",
    "rollout": "'edgescript rollouts' lists them",
    "dictionary": "'edgescript dict' lists them",
    "token": "'edgescript tokens list --all' lists them",
}
"""By what there is none of."""
_NONE_OF: Final = re.compile(r"no such (\w+)")
MOST: Final = 20
"""Particulars shown of one refusal."""


class RemoteCommand(click.Command):
    """A command whose console may say no."""

    def invoke(self, ctx: click.Context) -> Any:
        from runtime.console.client import ConsoleError

        try:
            return super().invoke(ctx)
        except ConsoleError as error:
            show(ctx, error)
            ctx.exit(status_of(error))


class RemoteGroup(NearGroup):
    """Commands of one concept; `usual` is the one meant where none is named."""

    command_class = RemoteCommand

    def __init__(self, *arguments: Any, usual: str = "list", **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.usual = usual
        self.subcommand_metavar = "[COMMAND] [ARGS]..."

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        alone = not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names)
        return super().parse_args(ctx, [self.usual, *args] if alone else args)


def status_of(error: "ConsoleError") -> int:
    """Whether the answer is no, or there was none."""
    return UNAVAILABLE if error.status == 0 or error.status >= 500 else NO


def show(context: click.Context, error: "ConsoleError") -> None:
    """On standard error."""
    click.echo(f"{context.command_path}: {printable(error.detail)}", err=True)
    for line in particulars(error.extra):
        if line not in error.detail:  # a refusal of one thing says it in both places
            click.echo(f"  {line}", err=True)
    help_ = _help(error)
    if help_:
        click.echo(f"help: {help_}", err=True)


def _help(error: "ConsoleError") -> str:
    """How to go on, '' where that is plain."""
    missing = _NONE_OF.match(error.detail)
    return HELP.get(error.code) or (MISSING.get(missing[1], "") if missing else "")


def particulars(extra: Mapping[str, Any]) -> Iterator[str]:
    """What a problem's other members tell of it, a line each, some at most."""
    lines = [
        *(
            f"{each.get('where') or each.get('key')}: {each.get('message')}"
            for each in _objects(extra.get("problems"))
        ),
        *(_finding(each) for each in _objects(extra.get("diagnostics"))),
    ]
    scripts = extra.get("scripts")
    if isinstance(scripts, list):
        lines += [str(name) for name in scripts]
    elif isinstance(scripts, dict):
        lines += [f"{name}: {_finding(each)}" for name, found in scripts.items() for each in _objects(found)]
    for line in lines[:MOST]:
        yield printable(line)
    if len(lines) > MOST:
        yield f"and {len(lines) - MOST} more"


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def _finding(each: Mapping[str, Any]) -> str:
    """As the headline of `edgescript check`."""
    place = f"{each.get('file') or 'script'}:{each.get('line')}:{each.get('column')}"
    return f"{place}: {each.get('severity')}[{each.get('code')}]: {each.get('message')}"
