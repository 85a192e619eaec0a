"""`edgescript rollouts`: what is on its way to nodes and what was; further, or back."""

from typing import Any

import click

from edgescript.cli.remote.options import JSON, MESSAGE, OF_ENVIRONMENT, limit, waits
from edgescript.cli.remote.refusals import RemoteGroup
from edgescript.cli.remote.screen import minute, moment, printable, show_json, show_table
from edgescript.cli.remote.target import Target, asks_domain
from edgescript.cli.remote.values import PercentType
from edgescript.cli.remote.waiting import figures_text, headline, next_text, see_through, state_text

_NUMBER = click.argument("number", type=click.IntRange(1), required=False, metavar="[N]")


@click.group(
    "rollouts",
    cls=RemoteGroup,
    short_help="List rollouts; promote or abort one.",
    epilog="Example: edgescript rollouts promote --to 25%",
)
def command() -> None:
    """
    List the rollouts of a domain, newest first; with a command, look at one, take it further, or end it.

    Where no N is given, it is the one under way.
    """


@command.command("list", short_help="Newest first.", epilog="Example: edgescript rollouts list -n 5")
@OF_ENVIRONMENT
@limit(20)
@JSON
@asks_domain
def _list(target: Target, environment: str | None, limit: int, as_json: bool) -> None:
    """List the rollouts of a domain, newest first."""
    found = list(target.client.items(target.at("rollouts"), limit, environment=environment))
    if as_json:
        show_json(found)
        return
    rows = [
        (
            each["id"],
            minute(each["created"]),
            f"{each['percent']}%" if each["state"] == "running" else each["state"],
            headline(each),
            each["author"],
            each["message"],
        )
        for each in found
    ]
    header = ("n", "began, UTC", "state", "what", "by", "why")
    show_table(header, rows, f"nothing was published yet: edgescript publish -d {target.domain}")


@command.command(
    "show", short_help="One, with its nodes and figures.", epilog="Example: edgescript rollouts show 12"
)
@_NUMBER
@waits
@JSON
@click.pass_context
@asks_domain
def _show(
    target: Target, context: click.Context, number: int | None, wait: bool, timeout: float, as_json: bool
) -> None:
    """Show where a rollout is, on how many nodes, and what was counted of both sides."""
    path = target.at("rollouts", _number(target, number))
    found = target.client.get(path)
    if not as_json:
        click.echo(headline(found))
    if wait:
        context.exit(see_through(target.client, path, found, timeout, as_json=as_json))
    if as_json:
        show_json(found)
        return
    click.echo(state_text(found))
    figures = figures_text(found)
    if figures:
        click.echo(figures)
    click.echo(f"began {moment(found['created'])} by {printable(found['author'])}")
    if found["message"]:
        click.echo(f"why   {printable(found['message'])}")
    if found["state"] == "running":
        click.echo(next_text(found))


@command.command(
    "promote", short_help="A step further.", epilog="Example: edgescript rollouts promote --to 25%"
)
@_NUMBER
@click.option("--to", "percent", type=PercentType(), help="To so many of the clients, not the next step.")
@JSON
@asks_domain
def _promote(target: Target, number: int | None, percent: int | None, as_json: bool) -> None:
    """Take a rollout to its next step, or to the percentage given."""
    path = target.at("rollouts", _number(target, number))
    seen = target.client.get(path)["percent"]
    _changed(target.client.post(f"{path}/promote", {"percent": percent, "from": seen}), as_json=as_json)


@command.command(
    "abort", short_help="Back to what was live.", epilog="Example: edgescript rollouts abort -m 'broken'"
)
@_NUMBER
@MESSAGE
@JSON
@asks_domain
def _abort(target: Target, number: int | None, message: str, as_json: bool) -> None:
    """End a rollout: everybody gets again what was live before it."""
    _changed(
        target.client.post(target.at("rollouts", _number(target, number), "abort"), {"reason": message}),
        as_json=as_json,
    )


def _changed(rollout: Any, *, as_json: bool) -> None:
    if as_json:
        show_json(rollout)
        return
    click.echo(f"{headline(rollout)}: {state_text(rollout)}")
    if rollout["state"] == "running":
        click.echo(next_text(rollout), err=True)


def _number(target: Target, given: int | None) -> int:
    """The rollout meant. Raises ConsoleError, and a usage error where none or two are under way."""
    if given is not None:
        return given
    environments = target.client.get(target.at())["environments"]
    running = [each["rollout"]["id"] for each in environments.values() if each["rollout"]]
    if len(running) != 1:
        raise click.UsageError(
            f"rollouts {' and '.join(map(str, running))} are under way: say which"
            if running
            else f"no rollout is under way in {target.domain}"
        )
    number: int = running[0]
    return number
